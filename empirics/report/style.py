"""One look for every figure: predicted in lines, observed in points, told apart without colour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["LINES", "OBSERVED", "figure_style"]

OBSERVED: Final[dict[str, Any]] = {
    "fmt": "o",
    "color": "#b3341f",
    "markersize": 4.5,
    "capsize": 2.5,
    "elinewidth": 1.0,
    "zorder": 3,
}

LINES: Final[dict[str, dict[str, Any]]] = {
    "ood-error-literal": {"color": "black", "linestyle": "-", "label": "bound, literal $N_f$"},
    "ood-error-normalised": {"color": "black", "linestyle": "--", "label": "bound, normalised $N_f$"},
    "covering-some-unseen": {"color": "#4a6fa5", "linestyle": ":", "label": "P[some own template unseen]"},
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib settings for figures: vector text, no frame on top and right, reproducible SVG."""
    import matplotlib as mpl

    mpl.use("Agg", force=False)
    with mpl.rc_context(
        {
            "font.size": 9,
            "axes.titlesize": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.5,
            "legend.frameon": False,
            "svg.fonttype": "none",
            "svg.hashsalt": "factbound",
            "figure.constrained_layout.use": True,
        }
    ):
        yield
