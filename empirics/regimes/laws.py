"""The law of the error: exponents, which law predicts held-out cells, and cells against laws."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict

import numpy as np

from empirics.experiments.map_design import Split
from empirics.experiments.protocol import Point
from empirics.regimes.comparison import collinearity, exponents, held_out
from empirics.regimes.document import CollapseRow, ExponentRow, HeldOutRow, LawPart, MapCell
from empirics.regimes.fit import NoFit, fitted, predicted
from empirics.regimes.sample import TRANSITION
from empirics.regimes.survey import Survey

__all__ = ["law_part", "rival_column"]


def law_part(survey: Survey, cells: list[MapCell], resamples: int) -> LawPart:
    """Everything about the laws; nothing if the experiment has none."""
    laws = survey.design.laws
    if laws is None:
        return LawPart(cells=0, collinearity=None, exponents=[], held_out=[], collapse=[])
    everything = survey.sample().transition()
    main = everything.where(survey.usual)
    rivals = laws.named(list(laws.rivals))
    scores = [
        row
        for split in laws.splits
        for row in held_out(everything if split.sizes else main, split.name, _fold(survey, split), laws.laws, resamples)
    ]
    fits = [
        *exponents(main, laws.named(laws.fitted), rivals, resamples),
        *exponents(everything, laws.named(laws.fitted_over_sizes), rivals, resamples),
    ]
    return LawPart(
        cells=len(main),
        collinearity=None if laws.collinear is None else collinearity(*laws.collinear, main.points),
        exponents=[
            ExponentRow(**{k: v for k, v in asdict(row).items() if k != "rivals"}, **_columns(row.rivals))
            for row in fits
        ],
        held_out=[HeldOutRow(**asdict(row)) for row in scores],
        collapse=_collapse(survey, cells),
    )


def rival_column(law: str) -> str:
    """The key of a law among the exponents."""
    return law.replace("-", "_")


def _columns(rivals: Mapping[str, float | None]) -> dict[str, float | None]:
    return {rival_column(law): value for law, value in rivals.items()}


def _fold(survey: Survey, split: Split) -> Callable[[Point], Hashable]:
    def fold(point: Point) -> Hashable:
        return None if split.sizes and survey.usual(point) else point.on(split.symbols)

    return fold


def _collapse(survey: Survey, cells: list[MapCell]) -> list[CollapseRow]:
    """The transition cells against the laws that are drawn, each fitted to the main grid."""
    laws = survey.design.laws
    assert laws is not None
    chosen = [
        (cell, place.point)
        for cell, place in zip(cells, survey.places, strict=True)
        if cell.in_law and cell.error is not None and TRANSITION[0] < cell.error < TRANSITION[1] and cell.in_scope_seeds
    ]
    points = [point for _, point in chosen]
    errors = np.array([cell.error for cell, _ in chosen], dtype=np.float64)
    main = [i for i, point in enumerate(points) if survey.usual(point)]
    found = []
    for law in laws.named(laws.drawn) if chosen else ():
        try:
            fit = fitted(law, [points[i] for i in main], errors[main])
        except NoFit:
            continue
        for (cell, _), rate in zip(chosen, -np.log(np.maximum(predicted(law, fit, points), 1e-300)), strict=True):
            found.append(
                CollapseRow.model_validate(
                    {
                        "variant": cell.variant,
                        **(cell.__pydantic_extra__ or {}),
                        "law": law.name,
                        "predicted_rate": float(rate),
                        "observed_rate": _rate(cell.error),
                        "lower": _rate(cell.upper),
                        "upper": _rate(cell.lower),
                    }
                )
            )
    return found


def _rate(error: float | None) -> float | None:
    """-log of an error; None if undefined."""
    return float(-np.log(error)) if error else None
