"""What an experiment's law expects before anything runs: at one cell, and how much it takes to reach a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.expectation import Expected
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiment_of, experiments
from empirics.experiments.single import at_cell
from theory import Claim, DomainError, all_claims
from theory.describe import premises_at, status_of


def predict(config: Any = None, *, worlds: int = 0, experiment: str | None = None, **axes: int | float) -> Expected:
    """What is expected at the cell at these values of the axes, with the other settings as they are.

    Args:
        config: settings, by whose kind the experiment is told; the default preset if None.
        worlds: models pre-trained for it; 0 uses what is stored, and trains nothing.
        experiment: its name, if not told by the settings.
        axes: a value for each column of the grid, as in ``templates=40, multiplicity=4, finetuned=5``.

    Raises:
        UsageError: an argument that is no axis, an impossible cell, an experiment without a law, or other settings
            than it speaks of.

    >>> import empirics
    >>> found = empirics.predict(templates=40, multiplicity=4, finetuned=10)
    >>> found.value < 0.05
    True

    Example:
        >>> expected = predict(templates=40, multiplicity=4, finetuned=5)
        >>> print(f"{expected.value:.2f}, from {expected.lower:.2f} to {expected.upper:.2f}")
        0.03, from 0.01 to 0.05
    """
    chosen = experiment_of(experiment, config)
    return expected(chosen, config if config is not None else load_settings(chosen), axes, worlds)


def expected(experiment: Experiment, settings: Any, axes: Mapping[str, int | float], worlds: int = 0) -> Expected:
    """What an experiment expects at values of its grid's columns; see :func:`predict`."""
    if type(experiment).expect is Experiment.expect:
        experiment.expect(None, (), 0)  # says that it has no law
    if worlds < 0:
        raise UsageError(f"worlds={worlds} is refused: allowed is an integer >= 0")
    found, cell = at_cell(experiment, settings, axes)
    return experiment.expect(found, [cell], worlds)[0]


@dataclass(frozen=True)
class Beside:
    """The bound of a claim on the same observable at the same cell: of which arm, and whether it is proved."""

    claim: str
    kind: str
    bound: float
    arm: str
    status: str


def bounds_beside(experiment: Experiment, settings: Any, found: Expected) -> list[Beside]:
    """What claims in the experiment's notation state of the observable there.

    Left out are those without a number, and those of which an assumption on the symbols fails there.
    """
    symbols = experiment.symbols(settings, found.cell)
    beside = []
    for item in all_claims():
        if item.notation != experiment.notation or item.observable != found.observable or item.log_expression is None:
            continue
        try:
            bound = item.bound(**{name: value for name, value in symbols.items() if name in item.symbols})
        except DomainError:
            continue
        states = [premise["holds"] for premise in premises_at(item, symbols)]
        if False in states:
            continue
        status = status_of(item) + ("; premises to be measured" if None in states else "")
        beside.append(Beside(item.id, item.kind.value, float(bound), item.arm, status))
    return beside


def least(claim: Claim, unknown: str, target: float, given: Mapping[str, int | float]) -> Expected | None:
    """The least value of a symbol from which a claim's observable is expected to be at most ``target``.

    By the law of an experiment in the claim's notation, in its default settings but for the values given; None if no
    law says, or the claim speaks of another arm than the experiment's leading one.
    """
    asked = (i for i in experiments().values() if i.notation == claim.notation and i.leading == claim.arm)
    found = (item.expect_least(claim.observable, unknown, target, given) for item in asked)
    return next((one for one in found if one is not None), None)
