"""The map of regimes as colour: mean errors over the axis and the first other one, with contours."""

from __future__ import annotations

from empirics.experiments.presentation import FigureData
from empirics.experiments.wording import words
from empirics.regimes.document import RegimeMap
from empirics.report.figures.figure import Figure
from empirics.report.figures.plots import draw
from empirics.report.figures.regime_figures import column_latex, contour_figure


def heat_figure(found: RegimeMap) -> Figure | None:
    """Mean errors as colour, with the measured contour of the first level and what bounds and laws require for it."""
    contours = contour_figure(found)
    if contours is None:
        return None
    design, latex = found.design, column_latex(found)
    x, *apart = found.other_columns
    level, named = design.levels[0], words(design.observable)
    return draw(
        FigureData.of(
            "heat",
            f"The {named} over {design.axis} and {design.others[0]}",
            f"Mean {named} of every cell of the main grid as colour, darker where it is larger. The line with points "
            f"is the measured {design.axis} at which it falls to {level:g}, the other lines what bounds and laws "
            "require for that. Grey: not run.",
            "heat",
            contours.rows,
            x=x,
            y=found.axis_column,
            xlabel=f"${latex[x]}$",
            ylabel=f"${latex[found.axis_column]}$",
            label=named,
            level=level,
            lines={claim.id: claim.legend for claim in design.claims},
            panels=apart,
            names=latex,
        )
    )
