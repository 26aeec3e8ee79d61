"""The command that every other is attached to."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

_WITH = typer.Option(
    "--with",
    metavar="FILE.py",
    help="A file with claims, observables or experiments of yours, loaded first: it is code that runs. Repeatable.",
)


class Commands(TyperGroup):
    """Hands Ctrl-C on (typer alone would make it an exit status without a word); every command takes ``--with``."""

    def get_command(self, ctx: Any, name: str) -> Any:
        """The command of that name, with ``--with``, whose values were read before (:mod:`empirics.cli.plugins`)."""
        command = super().get_command(ctx, name)
        if command is not None and not any("--with" in p.opts for p in command.params):
            command.params.append(_with_option())
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise typer.Abort from stop


@cache
def _with_option() -> Any:
    """The option alone: typer makes options of a function's arguments."""
    alone = typer.Typer(add_completion=False)

    @alone.command()
    def _(files: Annotated[list[str] | None, _WITH] = None) -> None: ...

    (option,) = (p for p in typer.main.get_command(alone).params if "--with" in p.opts)
    option.expose_value = False
    return option


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"factbound {version('factbound')}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    name="factbound",
    help=(
        "Verify the theory of knowledge acquisition and extraction in one-layer transformers.\n\n"
        "\b\nExamples:\n"
        "  factbound verify --preset quick              train, measure, judge; results/report.html\n"
        "  factbound bound ood-error-literal N_f=40 K=3 R=60\n"
        "  factbound plan ood-error-literal --target 0.05 K=4 R=40\n"
        "  factbound plot ood-error-literal K=2,4 R=40 N_f=1:200"
    ),
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    with_files: Annotated[list[str] | None, _WITH] = None,
) -> None:
    pass
