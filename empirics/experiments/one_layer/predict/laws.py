"""Laws of the OOD error over K, R, N_f and S: what each says, and how it is fitted.

Every law gives eta = log(-log error). Those of the source and of covering have
no free coefficient; the others have some, fitted as in :mod:`empirics.regimes.fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from empirics.observables.covering import covering_observables
from empirics.regimes.fit import Fit, fit_rates, mean_of

__all__ = ["LAWS", "REGRESSORS", "Law", "Point", "law"]

FloatArray = NDArray[np.float64]
_LEAST = 1e-12  # probabilities are kept this far from 0 and 1 before log(-log .)


@dataclass(frozen=True)
class Point:
    """Where an error is observed: S, the number of templates, K and N_f."""

    subjects: int
    templates: int
    multiplicity: int
    finetuned: int


REGRESSORS: Final[dict[str, Callable[[Point], float]]] = {
    "N_f": lambda p: float(np.log(p.finetuned)),
    "K": lambda p: float(np.log(p.multiplicity)),
    "R": lambda p: float(np.log(p.templates)),
    "log R": lambda p: float(np.log(np.log(p.templates))),
    "S": lambda p: float(np.log(p.subjects)),
}
"""What a coefficient multiplies: the logarithm of the quantity that it is the exponent of."""


def _bound(with_logarithm: bool) -> Callable[[Point], float]:
    """log(N_f K^2 / (2 R^2)), with log log R added in the literal reading."""

    def eta(p: Point) -> float:
        rate = p.finetuned * p.multiplicity**2 / (2.0 * p.templates**2)
        return float(np.log(rate) + (np.log(np.log(p.templates)) if with_logarithm else 0.0))

    return eta


def _covering(name: str) -> Callable[[Point], float]:
    def eta(p: Point) -> float:
        probability = covering_observables(p.finetuned, p.multiplicity, p.templates)[name]
        assert probability is not None
        return float(np.log(-np.log(np.clip(probability, _LEAST, 1.0 - _LEAST))))

    return eta


@dataclass(frozen=True)
class Law:
    """One law.

    Attributes:
        name: its key.
        title: in words.
        known: the part of eta that has no free coefficient, or None.
        exponents: the quantities (of :data:`REGRESSORS`) whose exponents are free.
        free_factor: whether a constant factor on -log(error) is free.
        power_of_known: whether the known part is raised to a free power: eta = log c + gamma * known.
    """

    name: str
    title: str
    known: Callable[[Point], float] | None = None
    exponents: tuple[str, ...] = ()
    free_factor: bool = False
    power_of_known: bool = False

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of the free coefficients, in order."""
        return (
            *(("log c",) if self.free_factor else ()),
            *(("gamma",) if self.power_of_known else ()),
            *self.exponents,
        )

    def design(self, points: Sequence[Point]) -> tuple[FloatArray, FloatArray]:
        """X, shape [n, p], and the offset, shape [n]."""
        known = np.array([self.known(p) if self.known else 0.0 for p in points])
        columns = [np.ones(len(points))] if self.free_factor else []
        columns += [known] if self.power_of_known else []
        columns += [np.array([REGRESSORS[name](p) for p in points]) for name in self.exponents]
        design = np.column_stack(columns) if columns else np.zeros((len(points), 0))
        return design, np.zeros(len(points)) if self.power_of_known else known

    def fitted(self, points: Sequence[Point], errors: FloatArray) -> Fit:
        """The law's coefficients on observed errors.

        Raises:
            empirics.regimes.fit.NoFit: they do not determine them.
        """
        design, offset = self.design(points)
        return Fit(np.zeros(0)) if design.shape[1] == 0 else fit_rates(design, errors, None, offset)

    def predicted(self, fit: Fit, points: Sequence[Point]) -> FloatArray:
        """Errors at points; shape [n]."""
        design, offset = self.design(points)
        return mean_of(design @ fit.coefficients + offset)


_NORMALISED, _LITERAL = _bound(False), _bound(True)
_POWERS = ("N_f", "K", "R")

LAWS: Final = (
    Law("bound-normalised", "bound, normalised: exp(-N_f K^2 / (2 R^2))", _NORMALISED),
    Law("bound-literal", "bound, literal: exp(-N_f K^2 log R / (2 R^2))", _LITERAL),
    Law("some-unseen", "P[some own template unseen]", _covering("covering_some_unseen")),
    Law("none-seen", "P[no own template seen]", _covering("covering_none_seen")),
    Law("half-mean", "P[some own template at or below half its mean count]", _covering("coverage_union")),
    Law("bound-normalised-factor", "exp(-c N_f K^2 / R^2)", _NORMALISED, free_factor=True),
    Law("bound-literal-factor", "exp(-c N_f K^2 log R / R^2)", _LITERAL, free_factor=True),
    Law(
        "some-unseen-power",
        "-log error = c (-log P[some own template unseen])^gamma",
        _covering("covering_some_unseen"),
        free_factor=True,
        power_of_known=True,
    ),
    Law(
        "none-seen-power",
        "-log error = c (-log P[no own template seen])^gamma",
        _covering("covering_none_seen"),
        free_factor=True,
        power_of_known=True,
    ),
    Law("power", "-log error = c N_f^a K^b R^d", exponents=_POWERS, free_factor=True),
    Law(
        "power-one-log",
        "-log error = c N_f^a K^b R^d log R",
        REGRESSORS["log R"],
        exponents=_POWERS,
        free_factor=True,
    ),
    Law("power-log", "-log error = c N_f^a K^b R^d (log R)^e", exponents=(*_POWERS, "log R"), free_factor=True),
    Law("power-size", "-log error = c N_f^a K^b R^d S^f", exponents=(*_POWERS, "S"), free_factor=True),
)
"""All laws that are compared, from those without a free coefficient to the freest."""


def law(name: str) -> Law:
    """The law of that name."""
    return next(item for item in LAWS if item.name == name)
