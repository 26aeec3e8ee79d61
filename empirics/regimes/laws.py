"""The law of the error: exponents, which law predicts held-out cells, and cells against laws."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from empirics.experiments.map_design import Law, Split
from empirics.experiments.protocol import Point
from empirics.regimes.comparison import collinearity, exponents, held_out
from empirics.regimes.document import CollapseRow, LawPart, MapCell
from empirics.regimes.fit import NoFit, fitted, predicted
from empirics.regimes.sample import in_transition
from empirics.regimes.survey import Survey

__all__ = ["law_part"]


def law_part(survey: Survey, cells: list[MapCell], resamples: int) -> LawPart:
    """Everything about the laws; nothing if the experiment has none."""
    laws = survey.design.laws
    if laws is None:
        return LawPart(cells=0, collinearity=None, exponents=[], held_out=[], collapse=[])
    everything = survey.sample().transition()
    main = everything.where(survey.usual)
    rivals = laws.named(list(laws.rivals))
    return LawPart(
        cells=len(main.points),
        collinearity=None if laws.collinear is None else collinearity(*laws.collinear, main.points),
        exponents=[
            *exponents(main, laws.named(laws.fitted), rivals, resamples),
            *exponents(everything, laws.named(laws.fitted_over_sizes), rivals, resamples),
        ],
        held_out=[
            row
            for split in laws.splits
            for row in held_out(
                everything if split.sizes else main, split.name, _fold(survey, split), laws.laws, resamples
            )
        ],
        collapse=_collapse(survey, cells, laws.named(laws.drawn)),
    )


def _fold(survey: Survey, split: Split) -> Callable[[Point], Hashable]:
    return lambda point: None if split.sizes and survey.usual(point) else point.on(split.symbols)


def _collapse(survey: Survey, cells: list[MapCell], laws: list[Law]) -> list[CollapseRow]:
    """The transition cells against laws, each fitted to the main grid."""
    chosen = [
        (cell, place.point)
        for cell, place in zip(cells, survey.places, strict=True)
        if cell.in_law and in_transition(cell.error) and cell.in_scope_seeds
    ]
    points = [point for _, point in chosen]
    errors = np.array([cell.error for cell, _ in chosen], dtype=np.float64)
    main = [i for i, point in enumerate(points) if survey.usual(point)]
    found = []
    for law in laws if chosen else ():
        try:
            coefficients = fitted(law, [points[i] for i in main], errors[main])
        except NoFit:
            continue
        rates = -np.log(np.maximum(predicted(law, coefficients, points), 1e-300))
        for (cell, _), rate in zip(chosen, rates, strict=True):
            row = {"law": law.name, "predicted_rate": float(rate), "observed_rate": _rate(cell.error)}
            limits = {"lower": _rate(cell.upper), "upper": _rate(cell.lower)}
            columns = cell.__pydantic_extra__ or {}
            found.append(CollapseRow.model_validate({"variant": cell.variant, **columns, **row, **limits}))
    return found


def _rate(error: float | None) -> float | None:
    """-log of an error; None if undefined."""
    return float(-np.log(error)) if error else None
