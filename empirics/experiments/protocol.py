"""The protocol that every experiment obeys: settings and seeds in, observables out.

What is drawn once per seed is a *unit*: one expensive run that may serve several cells of the grid, as one pre-trained
model serves every number of fine-tuned facts. Pool, store, judge and report know an experiment by what is defined here
and by nothing else. An experiment subclasses :class:`Experiment`, overrides what it needs, and is found by the
entry-point group ``factbound.experiments``.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from empirics.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from empirics.experiments.document import Measured
    from empirics.experiments.expectation import Expected
    from empirics.experiments.presentation import FigureData, Shown
    from empirics.experiments.settings import ExperimentSettings
    from empirics.observables.definition import Observable
    from theory.notation import Notation

__all__ = ["Curve", "Experiment", "Inspected", "Plan", "Point", "UnitRun", "logarithmic_steps"]


@dataclass(frozen=True, order=True)
class Point:
    """Values of symbols: a cell of a grid, or the unit that serves it."""

    values: tuple[tuple[str, int | float], ...]

    @classmethod
    def of(cls, **values: int | float) -> Point:
        """The point with these values, in this order."""
        return cls(tuple(values.items()))

    def __getitem__(self, symbol: str) -> Any:
        return dict(self.values)[symbol]

    def on(self, symbols: Sequence[str]) -> Point:
        """The part of the point at some symbols."""
        return Point(tuple((name, value) for name, value in self.values if name in symbols))

    def __str__(self) -> str:
        return ", ".join(f"{name}={value:g}" for name, value in self.values)


@dataclass(frozen=True)
class Curve:
    """An observable along training: values (shape [n]) at steps (shape [n])."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


def logarithmic_steps(total: int, per_decade: int = 8) -> tuple[int, ...]:
    """Steps 0, 1, .., ``total``, evenly spaced in the logarithm; both ends included.

    Example:
        >>> logarithmic_steps(100, per_decade=3)
        (0, 1, 3, 6, 16, 40, 100)
    """
    count = max(2, math.ceil(math.log10(max(total, 2)) * per_decade))
    return tuple(sorted({0, total, *np.rint(np.geomspace(1, max(total, 1), count)).astype(int).tolist()}))


@dataclass(frozen=True)
class UnitRun:
    """What one seed of one unit gave: for each cell that the run serves its observables by name (None: undefined).

    ``failure`` says why there is no usable result (it diverged, or its process died). A run that is ``lost`` failed
    for reasons of the machine: it is not stored, and tried again next time. ``details`` holds for each cell the
    values, by name, of each item measured there (as facts held out); shapes [n].
    """

    unit: Point
    seed: int
    observables: Mapping[Point, Mapping[str, float | None]]
    curves: Mapping[str, Curve] = field(default_factory=dict)
    failure: str | None = None
    lost: bool = False
    details: Mapping[Point, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a configuration asks for: processes, and what is told before the first run, as lines and as strict JSON."""

    workers: int
    lines: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


class Inspected(Protocol):
    """One run in full, for people who want to look inside."""

    @property
    def observables(self) -> Mapping[str, float | None]:
        """Observables of the cell, by name."""

    @property
    def curves(self) -> Mapping[str, Curve]:
        """Observables along training."""

    def arrays(self) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Arrays to be saved, by file and name, as weights before and after fine-tuning."""

    def drawn(self) -> Mapping[str, Any]:
        """The world that was drawn, as strict JSON."""


@dataclass(frozen=True)
class FactTable:
    """The facts that take part: their source, for each the number of its answer, how they were chosen, in words."""

    source: str
    answer_of: tuple[int, ...]
    lines: tuple[str, ...]

    @property
    def answers(self) -> int:
        """Number of different answers."""
        return len(set(self.answer_of))


class FactReader(Protocol):
    """Reads facts: at most ``number`` of them, of some relations (all if none is named)."""

    def __call__(self, *, relations: Sequence[str], number: int, answers_shared: bool) -> FactTable:
        """The table (UsageError: the source cannot be read, or nothing is left)."""


class Experiment(Protocol):
    """Trains and measures; the rest of the program only sees observables.

    Attributes:
        name: kebab-case and lasting; what ``--experiment`` takes.
        title: what is trained, in a few words, as in "one-layer transformers".
        notation: the symbols in which cells are handed to claims.
        axes: the symbols whose values make the grid, in the order of the results, each with its settings key
            (``{"K": "world.multiplicity"}``); the key's last part names the column in results and cells.csv.
        settings: the settings' model, with defaults.
        observables: what it measures, shared observables included.
        premises: observables that every run is to keep at or below a limit, each with the verdict setting that says it;
            told for each cell, judged by the claims that presuppose it.
        leading: the name of the arm of the settings themselves.
        overlays: further arms, by the settings keys in which they differ.
        stacks: seeds that one task may hold on an accelerator.
        sources: files and folders that decide a result besides the experiment's own folder.
        aside: paths in the experiment's own folder that decide no result: a change there keeps what is stored; every
            other file there, of whatever kind, decides.
        libraries: distributions whose version decides a result.
        command: a short command of its own (``factbound COMMAND run|plan|report``); empty for none.
        default: whether ``factbound verify`` without ``--experiment`` means this one; heard of factbound's own only.
    """

    name: str
    title: str
    notation: Notation
    axes: Mapping[str, str]
    settings: type[ExperimentSettings]
    observables: tuple[Observable, ...]
    premises: Mapping[str, str] = {}
    leading: str = "main"
    overlays: Mapping[str, Mapping[str, Any]] = {}
    stacks: int = 1
    sources: tuple[Path, ...] = ()
    aside: tuple[str, ...] = ("presets",)
    libraries: tuple[str, ...] = ("numpy",)
    command: str = ""
    default: bool = False

    # What a run is.

    def run(self, settings: Any, unit: Point, seeds: Sequence[int], device: str) -> list[UnitRun]:
        """Run the unit (values of :attr:`run_axes`) at each seed, in order, on the device ``"cpu"`` or ``"cuda"``.

        What is random derives from the seed alone: no result depends on the other seeds or on earlier calls.
        """
        ...

    def run_arms(
        self, settings: Sequence[Any], unit: Point, seeds: Sequence[int], device: str
    ) -> Iterator[list[UnitRun]]:
        """The runs of several arms of equal :meth:`start`, one list each; arms may share what is expensive."""
        return (self.run(arm, unit, seeds, device) for arm in settings)

    def symbols(self, settings: Any, cell: Point) -> Mapping[str, float]:
        """All symbols of the notation that have a value at a cell; the cell's own if not overridden."""
        return dict(cell.values)

    def deciding(self, settings: Any) -> dict[str, Any]:
        """What of the settings decides the result of a run besides unit, seed, device and code; strict JSON.

        All but arms, seeds, verdicts, the device and the axes of the grid that the unit fixes, if not overridden.
        """
        data: dict[str, Any] = settings.model_dump(mode="json", exclude={"arms", "seeds", "verdict"})
        data["compute"].pop("device")
        for symbol in self.run_axes:
            section, _, key = self.axes[symbol].partition(".")
            data[section].pop(key)
        return data

    def start(self, settings: Any) -> str:
        """What decides the part of a run that runs of several arms share, as a pre-trained model; all if nothing is."""
        return json.dumps(self.deciding(settings), sort_keys=True)

    def cost(self, settings: Any, unit: Point) -> float:
        """Arithmetic of one run up to a factor, to start the longest first."""
        return 1.0

    def memory(self, settings: Any, unit: Point) -> tuple[int, str]:
        """Bytes that one run of the unit takes at least, and the key of the settings that they grow with.

        What a machine cannot hold is refused before anything is built. (0, "") if not overridden: not known.
        """
        return 0, ""

    # What is asked of it before and after.

    def settle(self, settings: Any, device: str) -> Any:
        """The settings with their open choices made (UsageError: something that is needed is missing)."""
        return settings

    def plan(self, settings: Any, device: str, workers: int | None, cores: int) -> Plan:
        """What settled settings ask for, and how long it will take, if the experiment can tell.

        ``workers`` are the processes that the user asks for, if he does; ``cores`` those available.
        """
        return Plan(workers or cores)

    def claims(self, arms: Sequence[str]) -> tuple[str, ...]:
        """Ids of the claims that a verification with these arms judges: those on its observables and arms."""
        from theory import all_claims

        mine = {o.name for o in self.observables}
        return tuple(
            c.id
            for c in all_claims()
            if c.notation.name == self.notation.name
            and c.observable in mine
            and {c.arm, c.reference or c.arm} <= set(arms)
        )

    def show(self, subject: Measured) -> Shown:
        """What the report shows of it beyond the common part, as data; nothing if not overridden."""
        from empirics.experiments.presentation import Shown

        return Shown()

    def inspect(self, settings: Any, cell: Point, seed: int) -> Inspected:
        """One run of one cell, in full (UsageError: an impossible cell, or the experiment has no such run)."""
        raise UsageError(f"the experiment {self.name} does not support factbound run")

    def pictures(self, settings: Any, cell: Point, run: Any) -> tuple[FigureData, ...]:
        """Pictures of a run that :meth:`inspect` gave, as data (UsageError: the experiment has none)."""
        raise UsageError(f"--plot is refused: the experiment {self.name} has no pictures of a run")

    def expect(self, settings: Any, cells: Sequence[Point], worlds: int) -> list[Expected]:
        """What its law expects at cells that one run serves, before any of them runs.

        With ``worlds`` > 0 from that many units started for it, as pre-trained models; with 0 nothing is trained.
        Raises UsageError: it has no law, or none for these settings.
        """
        raise UsageError(f"the experiment {self.name} has no law that predicts an error")

    def expect_least(
        self, observable: str, unknown: str, target: float, given: Mapping[str, int | float]
    ) -> Expected | None:
        """Where its law first expects an observable to be at most a target, and so at all larger values looked at.

        Over values of the symbol ``unknown``, in default settings but for the symbols given; None if no law says.
        Nothing is trained.
        """
        return None

    def map_design(self) -> Any:
        """The :class:`empirics.experiments.map_design.MapDesign` of its map of regimes (UsageError: it has none)."""
        raise UsageError(f"the experiment {self.name} has no map of regimes")

    def read_facts(
        self, source: str, *, relations: Sequence[str], number: int, answers_shared: bool
    ) -> FactTable | None:
        """At most ``number`` facts of some relations (all if none is named), for this experiment or another.

        None if it reads none. ``source`` is a file, or the name of a table that ships with the experiment;
        ``answers_shared`` keeps facts with the same answer.
        Raises UsageError: the source cannot be read, or nothing is left.
        """
        return None

    def convert_facts(self, source: Path, output: Path, name: str | None) -> tuple[str, ...] | None:
        """Write the facts of a published data set as a table that :meth:`read_facts` reads; what was done, in words.

        None if it converts none. ``name`` is the data set's format; without it the format is recognised.
        Raises UsageError: the source cannot be read, or nothing is left.
        """
        return None

    def on_facts(self, settings: Any, read: FactReader, relations: Sequence[str]) -> tuple[Any, tuple[str, ...]]:
        """The settings on a table of real facts, and how its facts were chosen, in words.

        Raises UsageError: the experiment takes none, or too few are left.
        """
        raise UsageError(f"--facts is refused: the experiment {self.name} takes no table of facts")

    # What follows from the above.

    @property
    def folder(self) -> Path:
        """The folder that defines it; a module of its own outside any package stands for itself."""
        module = sys.modules[type(self).__module__]
        file = Path(str(module.__file__))
        return file.parent if module.__package__ or (file.parent / "__init__.py").exists() else file

    @property
    def run_axes(self) -> tuple[str, ...]:
        """The axes that decide a run; cells that differ in the others alone are served by one."""
        return tuple(symbol for symbol in self.axes if not self.notation[symbol].shares_run)

    def column(self, symbol: str) -> str:
        """The name of an axis in results and cells.csv."""
        return self.axes[symbol].rpartition(".")[2]

    def values(self, settings: Any, symbol: str) -> tuple[int | float, ...]:
        """The values of an axis in the settings."""
        section, _, key = self.axes[symbol].partition(".")
        try:
            return tuple(getattr(getattr(settings, section), key))
        except AttributeError:
            path = self.axes[symbol]
            raise UsageError(f"experiment {self.name}: the axis {symbol}={path!r} is no key of its settings") from None

    def units(self, settings: Any) -> tuple[Point, ...]:
        """The units of the configured grid, in the order of the configuration."""
        return tuple(dict.fromkeys(cell.on(self.run_axes) for cell in self.cells(settings)))

    def cells(self, settings: Any) -> tuple[Point, ...]:
        """The cells of the configured grid, in the order of the configuration."""
        values = [self.values(settings, symbol) for symbol in self.axes]
        return tuple(Point(tuple(zip(self.axes, point, strict=True))) for point in itertools.product(*values))

    def cells_of(self, settings: Any, unit: Point) -> tuple[Point, ...]:
        """The cells that a unit serves."""
        return tuple(cell for cell in self.cells(settings) if cell.on(self.run_axes) == unit)

    def exact(self, settings: Any, cell: Point) -> dict[str, float | None]:
        """The observables of a cell that are computed, not measured."""
        symbols = self.symbols(settings, cell)
        return {o.name: o.exact(symbols) for o in self.observables if o.exact is not None}
