"""The command that every other is attached to."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from empirics.cli.order import COMMANDS
from empirics.errors import UsageError
from theory.spelling import meant

_WITH = typer.Option(
    "--with",
    metavar="FILE.py",
    help="A file with claims, observables or experiments of yours, loaded first: it is code that runs. Repeatable.",
)


class Commands(TyperGroup):
    """Hands Ctrl-C on, of which typer alone would make an exit status; for a mistyped command it names the nearest.

    Every command takes ``--with``.
    """

    def get_command(self, ctx: Any, name: str) -> Any:
        """The command of that name, with ``--with``, whose values were read before (:mod:`empirics.cli.plugins`)."""
        command = super().get_command(ctx, name)
        if command is not None and not any("--with" in p.opts for p in command.params):
            command.params.append(_with_option())
        return command

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in their order, whichever was loaded first."""
        order = [name for names in COMMANDS.values() for name in names]
        found: list[str] = super().list_commands(ctx)
        return sorted(found, key=lambda name: order.index(name) if name in order and ctx.parent is None else len(order))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of that name."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise UsageError(f"{ctx.command_path} has no command {args[0]}; {meant(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise typer.Abort from stop


def without_command(context: typer.Context) -> None:
    """A group's callback: alone, the group shows its help."""
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(2)


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
        "\b\nBegin with:\n"
        "  factbound bound ood-error-literal N_f=40 K=3 R=60   evaluate one bound\n"
        "  factbound verify --preset quick                     train, measure, judge; write results/report.html\n"
        "  factbound judge runs.csv --claim ood-error-literal  judge your own measurements"
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
