"""An option for each column of any experiment's grid."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from empirics.experiments.registry import experiments


def with_axes(command: Callable[..., Any]) -> None:
    """Give a command that takes ``**axes`` an option for each column, before its others."""
    signature = inspect.signature(command, eval_str=True)
    columns: dict[str, inspect.Parameter] = {}
    for item in experiments().values():
        for symbol in item.axes:
            known, name = item.notation[symbol], item.column(symbol)
            if name in signature.parameters or name in columns:  # the command's own, or an earlier experiment's
                continue
            # Text: the experiment that is chosen says what it may be.
            hint = Annotated[str | None, typer.Option(metavar=known.name, help=f"{known.meaning}.")]
            columns[name] = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
    others = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values() if p.name != "axes"]
    command.__signature__ = signature.replace(parameters=[*columns.values(), *others])  # type: ignore[attr-defined] # as functools.wraps does
    command.__annotations__ |= {name: column.annotation for name, column in columns.items()}
