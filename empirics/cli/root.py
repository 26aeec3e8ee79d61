"""The command that every other is attached to."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from empirics.errors import UsageError
from theory.spelling import meant


class Commands(TyperGroup):
    """Hands Ctrl-C on, of which typer alone would make an exit status; for a mistyped command it names the nearest."""

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
) -> None:
    pass
