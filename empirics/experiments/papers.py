"""Papers by name, and the experiments that test them."""

from __future__ import annotations

from collections.abc import Iterable

from empirics.errors import UsageError
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiments
from theory import papers
from theory.registry import claims_of

ALL = "all"
"""In the place of names: every paper that an experiment tests."""


def experiments_of(
    names: Iterable[str], among: Iterable[Experiment] | None = None
) -> list[tuple[Experiment, list[str]]]:
    """The experiments that test papers, each with the ids of their claims that it measures.

    A paper is tested by the first experiment that measures what its claims speak of; ``among`` are the experiments that
    may be taken, all if None. Raises UnknownPaperError: no paper has that name; UsageError: no experiment tests it.
    """
    able = tuple(experiments().values() if among is None else among)
    found: dict[str, tuple[Experiment, list[str]]] = {}
    every = list(names) == [ALL]
    for name in [paper.name for paper in papers()] if every else dict.fromkeys(names):
        mine = {item.id for item in claims_of(name)}
        for experiment in able:
            ids = [one for one in experiment.claims((experiment.leading, *experiment.overlays)) if one in mine]
            if ids:
                found.setdefault(experiment.name, (experiment, []))[1].extend(ids)
                break
        else:
            if not every:
                where = "no experiment measures" if among is None else f"{able[0].name} does not measure"
                raise UsageError(f"paper={name} is refused: {where} what its claims speak of")
    return list(found.values())
