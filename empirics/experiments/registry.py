"""The registry of experiments: ours and third parties', as plug-ins of ``factbound.experiments``."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from keyword import iskeyword
from pathlib import Path
from types import MappingProxyType
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.document import CellResult
from empirics.experiments.protocol import Experiment, FactTable
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.settings import Settings as Judging
from empirics.observables.catalogue import SHARED, broken_observables
from empirics.observables.definition import Observable
from theory import Notation
from theory.plugins import BrokenPluginError, Plugin, UserFile, files, plugins
from theory.registry import broken_claims
from theory.spelling import meant

ENTRY_POINT_GROUP = "factbound.experiments"
_KINDS = (
    "theory.claim.Claim",
    "empirics.observables.definition.Observable",
    "empirics.experiments.protocol.Experiment",
)
_NEEDED = {"name": str, "title": str, "notation": Notation, "axes": Mapping, "settings": type, "observables": Sequence}


@lru_cache(maxsize=4)
def _loaded(given: tuple[UserFile, ...]) -> tuple[Mapping[str, Experiment], Mapping[str, BrokenPluginError]]:
    """Experiments by name, and what is wrong with the others; it is raised where one of them is asked for."""
    found: dict[str, Experiment] = {}
    broken: dict[str, BrokenPluginError] = {}
    observed = {one.name: one for one in SHARED}
    ours: set[str] = set()
    default = ""
    for plugin in plugins(ENTRY_POINT_GROUP, _KINDS[-1], given):  # ours first: their names are theirs
        item: Any = None
        try:
            for item in plugin.items():
                if plugin.from_file and item in found.values():  # what it imports from elsewhere is not its own
                    continue
                _add(item, plugin, found, observed)
                if plugin.ours:
                    ours.add(item.name)
                    default = item.name if item.default else default
        except (Exception, SystemExit) as error:  # a third party's defect must not end commands that do not need it
            names = {plugin.name, str(getattr(item, "name", plugin.name))} - ours
            broken |= dict.fromkeys(names, BrokenPluginError(plugin, error))
    order = sorted(found, key=lambda name: (name != default, name not in ours, name))
    return MappingProxyType({name: found[name] for name in order}), MappingProxyType(broken)


def _add(item: Any, plugin: Plugin, found: dict[str, Experiment], observed: dict[str, Observable]) -> None:
    _check(item)
    if item.name in found:
        raise ValueError(f"experiment {item.name} is registered twice, the second time by {plugin}")
    for one in item.observables:
        if observed.get(one.name, one) is not one:
            raise ValueError(f"observable {one.name} is registered twice, the second time by {plugin}")
    found[item.name] = item
    observed |= {one.name: one for one in item.observables}


def broken_plugins() -> tuple[BrokenPluginError, ...]:
    """Every plug-in that is broken, each once; a file too that holds nothing of what it could."""
    found = {str(e): e for e in (*broken_claims(), *broken_observables(), *_loaded(files())[1].values())}
    told = {defect.plugin.source for defect in found.values()}
    for file in files():
        if file not in told and not any(file.of(kind) for kind in _KINDS):
            nothing = ValueError("it defines no Claim, Observable or Experiment at its top level")
            found[file.module_name] = BrokenPluginError(Plugin(file, _KINDS[0]), nothing)
    return tuple(found.values())


def _check(item: Any) -> None:
    """Raise a TypeError where it is no experiment, or not wholly one, and a ValueError for what cannot be."""
    if isinstance(item, type) or Experiment not in type(item).__mro__:
        what = f"the class {item.__name__}" if isinstance(item, type) else type(item).__name__
        raise TypeError(f"it gives {what}, not an instance of an Experiment")
    where = getattr(sys.modules.get(type(item).__module__), "__file__", None)
    own = f"experiment {getattr(item, 'name', '?')} ({where}): "
    for name, kind in _NEEDED.items():
        if not isinstance(getattr(item, name, None), kind):
            raise TypeError(f"{own}its attribute {name} is {'of the wrong type' if hasattr(item, name) else 'missing'}")
    if not issubclass(item.settings, ExperimentSettings):
        raise TypeError(f"{own}its settings are {item.settings.__name__}, not a kind of ExperimentSettings")
    if type(item).run is Experiment.run and type(item).run_arms is Experiment.run_arms:
        raise TypeError(f"{own}its method run is missing")
    for one in item.observables:
        if not isinstance(one, Observable):
            raise TypeError(f"{own}its observables hold {type(one).__name__}, not an Observable")
    for why in (*_axes_refused(item), *_premises_refused(item)):
        raise ValueError(own + why)


def _axes_refused(item: Experiment) -> Iterator[str]:
    """Why its axes cannot be: symbols, columns of the results, and keys of its settings."""
    columns: dict[str, str] = {}
    for symbol, key in item.axes.items():
        if symbol not in item.notation:
            yield f"axis {symbol} is not in its notation, which has {', '.join(item.notation)}"
        column = str(key).rpartition(".")[2]
        if not column.isidentifier() or iskeyword(column) or column in CellResult.model_fields:
            yield f"axis {symbol}={key!r}: {column!r} cannot name a column of the results"
        if column in columns:
            yield f"axes {columns[column]} and {symbol} have the same column name {column}"
        columns[column] = symbol
    defaults = item.settings()
    known = {f"{section}.{name}": value for section, part in defaults for name, value in part}
    for symbol, key in item.axes.items():
        if key not in known:
            yield f"axis {symbol}={key!r}: its settings have no such key; {meant(str(key), known)}"
        elif not isinstance(known[key], tuple | list):
            yield f"axis {symbol}={key!r}: its settings hold {known[key]!r} there, not a list of values"


def _premises_refused(item: Experiment) -> Iterator[str]:
    """Why its premises cannot be: what it measures, and settings of the verdict."""
    measured, limits = [one.name for one in item.observables], Judging.model_fields
    for name, key in item.premises.items():
        if name not in measured:
            yield f"premise {name}={key!r}: it does not measure {name}; {meant(name, measured)}"
        if key not in limits:
            yield f"premise {name}={key!r}: [verdict] has no such setting; {meant(str(key), limits)}"


def experiments() -> Mapping[str, Experiment]:
    """All registered experiments by name, the default one first; broken ones are left out."""
    return _loaded(files())[0]


def experiment(name: str | None = None) -> Experiment:
    """The experiment of that name; the default one if None.

    Raises:
        UsageError: there is none; the line lists those there are.
        BrokenPluginError: it is broken, or its name is taken; the line says why.

    Example:
        >>> experiment("singletons").name, experiment().name
        ('singletons', 'one-layer')
    """
    known, broken = _loaded(files())
    chosen = next(iter(known)) if name is None else name
    if chosen in broken:
        raise broken[chosen]
    if chosen not in known:
        raise UsageError(f"experiment={chosen} is unknown; {meant(chosen, known)}")
    return known[chosen]


def experiment_of(name: str | None, settings: Any) -> Experiment:
    """The experiment of that name; if None, the one whose kind of settings these are, or the default one.

    Raises UsageError: there is none, or these are no settings.
    """
    if settings is not None and not isinstance(settings, ExperimentSettings):
        raise UsageError(f"config={reprlib.repr(settings)} is refused: allowed is what empirics.load_config gives")
    if name is None and settings is not None:
        return next((e for e in experiments().values() if type(settings) is e.settings), experiment())
    return experiment(name)


def on_facts(item: Experiment, settings: Any, source: str, relations: Sequence[str]) -> tuple[Any, tuple[str, ...]]:
    """The experiment's settings on facts that whichever experiment reads them gives, and in words how they were chosen.

    Raises UsageError: nothing reads them, the experiment takes none, or too few are left.
    """

    def read(*, relations: Sequence[str], number: int, answers_shared: bool) -> FactTable:
        for other in experiments().values():
            found = other.read_facts(source, relations=relations, number=number, answers_shared=answers_shared)
            if found is not None:
                return found
        raise UsageError(f"--facts={source} is refused: no experiment here reads facts")

    return item.on_facts(settings, read, relations)


def convert_facts(source: Path, output: Path, name: str | None) -> tuple[str, ...]:
    """Write the facts of a data set as a table for ``--facts``, by whichever experiment can; what was done, in words.

    Raises UsageError: none can, or the one that can refuses.
    """
    for item in experiments().values():
        lines = item.convert_facts(source, output, name)
        if lines is not None:
            return lines
    raise UsageError(f"facts {source}: no experiment here converts facts")
