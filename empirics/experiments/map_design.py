"""What an experiment says of its own map of regimes; :mod:`empirics.regimes` knows it by nothing else.

A map needs an observable (an error, 0 to 1), the axis along which it falls, and
presets. Claims, laws of the error and predictors of single items are optional.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.presentation import Part

if TYPE_CHECKING:
    from empirics.experiments.protocol import Experiment, Point

__all__ = ["Charted", "Items", "Law", "Laws", "MapDesign", "MapPreset", "Quantity", "Regressor", "Split", "Variation"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Variation:
    """A settings key (or the name of several, :attr:`MapDesign.together`) and its values beside the main settings'."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class MapPreset:
    """Settings of a map, as a TOML file, and what it varies."""

    file: Path
    variations: tuple[Variation, ...] = ()


class Charted(Part):
    """A claim whose number the map shows: its name in tables, and in legends."""

    id: str
    short: str
    legend: str


@dataclass(frozen=True)
class Quantity:
    """A number that follows from sizes and axes but the map's: its column, how it is written, and in words."""

    column: str
    label: str
    title: str
    value: Callable[[Point], float]


@dataclass(frozen=True)
class Regressor:
    """A quantity, by its logarithm at a point, whose exponent in a law may be free; ``stated`` is that of the bound."""

    name: str
    log: Callable[[Point], float]
    stated: float | None = None


@dataclass(frozen=True)
class Law:
    """What eta = log(-log error) is at a point, up to free coefficients.

    ``known`` is the part of eta without any (n points to shape [n]), ``exponents`` hold quantities whose exponents are
    free. ``free_factor``: a constant factor on -log(error) is free. ``power_of_known``: eta = log c + gamma * known.
    """

    name: str
    title: str
    known: Callable[[Sequence[Point]], FloatArray] | None = None
    exponents: tuple[Regressor, ...] = ()
    free_factor: bool = False
    power_of_known: bool = False

    @property
    def column(self) -> str:
        """Its key among the exponents, where it is a rival."""
        return self.name.replace("-", "_")

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of the free coefficients, in order."""
        return (
            *(("log c",) if self.free_factor else ()),
            *(("gamma",) if self.power_of_known else ()),
            *(quantity.name for quantity in self.exponents),
        )

    def design(self, points: Sequence[Point]) -> tuple[FloatArray, FloatArray]:
        """eta = X beta + offset: X of shape [n, p], the offset of shape [n]."""
        known = np.zeros(len(points)) if self.known is None else self.known(points)
        columns = [np.ones(len(points))] if self.free_factor else []
        columns += [known] if self.power_of_known else []
        columns += [np.array([quantity.log(p) for p in points]) for quantity in self.exponents]
        design = np.column_stack(columns) if columns else np.zeros((len(points), 0))
        return design, np.zeros(len(points)) if self.power_of_known else known


@dataclass(frozen=True)
class Split:
    """Points with the same values of some symbols, held out together; ``sizes``: only other sizes, each by itself."""

    name: str
    symbols: tuple[str, ...]
    sizes: bool = False


@dataclass(frozen=True, kw_only=True)
class Laws:
    """The laws that are compared, from those without a free coefficient to the freest.

    Attributes:
        speak: the points that they speak of.
        fitted, fitted_over_sizes: those whose coefficients are reported, on the main grid and on points of all sizes.
        rivals: laws on whose exact errors the same fits are made, each with its heading in tables.
        collinear: two quantities that are nearly one, whose correlation is reported.
        drawn: at most four laws against which the error is drawn.
        splits: what is held out together.
    """

    laws: tuple[Law, ...]
    speak: Callable[[Point], bool] = lambda point: True
    fitted: tuple[str, ...] = ()
    fitted_over_sizes: tuple[str, ...] = ()
    rivals: Mapping[str, str] = field(default_factory=dict)
    collinear: tuple[Regressor, Regressor] | None = None
    drawn: tuple[str, ...] = ()
    splits: tuple[Split, ...] = ()

    def __getitem__(self, name: str) -> Law:
        return next(law for law in self.laws if law.name == name)

    def named(self, names: Sequence[str]) -> list[Law]:
        """The laws of these names, in their order."""
        return [self[name] for name in names]


@dataclass(frozen=True, kw_only=True)
class Items:
    """Predictions of single items of a run (:attr:`empirics.experiments.protocol.UnitRun.details`).

    Attributes:
        outcome: the detail that is positive where the item succeeded.
        predictors: names of the predictors, from the crudest to the finest; each is a detail too, its score:
            positive means success. The value is the observable that is its predicted error of a cell.
        folds: items of cells that agree in these symbols share what was drawn; constants are fitted on the others.
        item: one of them in a word, as in "fact".
        basis: what a prediction rests on, in words.
    """

    outcome: str
    predictors: Mapping[str, str]
    folds: tuple[str, ...]
    item: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class MapDesign:
    """A map of regimes of one experiment.

    Attributes:
        observable: the error that is mapped, 0 to 1.
        axis: the symbol along which it falls to the levels of contours.
        subject: what succeeds or fails, in a word or two.
        sizes: further symbols of a point beside the axes, each with its settings key. Arms that vary one of
            these are worlds of another size: laws speak of them too.
        together: names under which several settings keys vary.
        adapted: by key that varies, what else changes with it: called with the settings as a nested mapping,
            changed in place, the main settings and the value.
        readings: ids of the claims whose verdicts are shown.
        proved_from: the least value of the axis from which a reading is proved to dominate an exact law at a point,
            or None there; the attribute is None if nothing is proved.
        charted: the claims whose numbers and contours are shown.
        quantity: a quantity against which contours are drawn, or None.
        most: the greatest possible value of the axis at a point, or None.
    """

    experiment: Experiment
    presets: Mapping[str, MapPreset]
    observable: str
    axis: str
    subject: str
    sizes: Mapping[str, str] = field(default_factory=dict)
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    adapted: Mapping[str, Callable[[dict[str, Any], Any, Any], None]] = field(default_factory=dict)
    readings: tuple[str, ...] = ()
    proved_from: Callable[[str, Point], int | None] | None = None
    charted: tuple[Charted, ...] = ()
    quantity: Quantity | None = None
    most: Callable[[Point], float] | None = None
    laws: Laws | None = None
    items: Items | None = None

    def __post_init__(self) -> None:
        if self.axis not in self.experiment.axes or not set(self.readings) <= {c.id for c in self.charted}:
            allowed = "allowed are the experiment's axes and charted claims"
            raise ValueError(f"axis={self.axis}, readings={self.readings}: {allowed}")

    @property
    def columns(self) -> dict[str, str]:
        """The symbols of a point, sizes before axes, each with its name in tables."""
        sizes = {symbol: key.rpartition(".")[2] for symbol, key in self.sizes.items()}
        return sizes | {symbol: self.experiment.column(symbol) for symbol in self.experiment.axes}

    @property
    def others(self) -> tuple[str, ...]:
        """The axes of the grid but :attr:`axis`; the first is drawn along the x-axis."""
        return tuple(symbol for symbol in self.experiment.axes if symbol != self.axis)
