"""What the report shows of the one-layer transformer: predicted against observed error, and the pre-training gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from empirics.experiments.document import CellResult, Measured
from empirics.experiments.panels import observed_mean, observed_rows, panels, predicted_rows
from empirics.experiments.presentation import Column, FigureData, Scalar, Shown, Table, Value
from empirics.experiments.sampling import chosen, told
from theory import claim
from theory.plural import counted

_ERROR: Final = "ood_error"
_READINGS: Final[Mapping[str, str]] = {"ood-error-literal": "literal", "ood-error-normalised": "normalised"}
_COVERING: Final = "covering-some-unseen"
_UNSEEN: Final = "P(template unseen)"
_MAIN: Final = "main"
_AXES: Final[Mapping[str, str]] = {"templates": "R", "multiplicity": "K", "finetuned": "N_f"}
_NAMES: Final[Mapping[str, str]] = {"templates": "|R|", "multiplicity": "K"}


def show(subject: Measured) -> Shown:
    """Table and figure of the headline bound, the gap, and one sentence on each; of claims that were judged alone."""
    main = [index for index, cell in enumerate(subject.cells) if cell.variant == _MAIN]
    indices = main if _judged(subject, _READINGS) else []
    figures = (_error_figure(subject), _gap_figure(subject))
    readings = [text for identifier in _READINGS if (text := _reading(subject, identifier))]
    outside = {v.reason for v in subject.verdicts if v.claim in _READINGS and v.verdict == "OUT OF SCOPE"}
    return Shown(
        summary=_summary(subject),
        headline=f"Headline bound on the OOD error: {'; '.join(readings)}." if readings else "",
        tables=(_table(subject, indices),) if indices else (),
        figures=tuple(figure for figure in figures if figure is not None),
        columns=_columns(subject),
        notes=tuple(f"Out of scope: {reason}." for reason in sorted(outside)),
    )


def _judged(subject: Measured, names: Mapping[str, str]) -> dict[str, str]:
    """Of some claims, each with its name here, those that were judged."""
    judged = {verdict.claim for verdict in subject.verdicts}
    return {identifier: name for identifier, name in names.items() if identifier in judged}


def _table(subject: Measured, indices: Sequence[int]) -> Table:
    readings, law = _judged(subject, _READINGS), _judged(subject, {_COVERING: _UNSEEN})
    which = "in its two readings" if len(readings) > 1 else "in this reading"
    return Table(
        id=_ERROR.replace("_", "-"),
        title="Predicted against observed out-of-distribution error",
        columns=(
            *(Column(name=name, kind="count") for name in ("|R|", "K", "N_f", "seeds")),
            Column(name="observed [limits]", kind="interval"),
            *(Column(name=name, kind="number") for name in (*readings.values(), *law.values())),
            *(Column(name=f"verdict, {reading}", kind="verdict") for reading in readings.values()),
        ),
        rows=tuple(_row(subject, index, readings, law) for index in indices),
        group=("|R|", "K"),
        note=(
            "Observed: mean over seeds with the limits that decide (time-uniform, betting), if the verdict rests on "
            f"limits. {', '.join(readings.values()).capitalize()}: the bound {which}. "
            + f"{_UNSEEN}: the exact probability that at least one of the fact's K templates is unseen. "
            * bool(law)
            + "Each verdict here is on one cell. The table of claims has the verdicts on all cells together. "
            "Slack ×12: the bound would be refuted if the exponent were 12 times larger."
        ),
    )


def _row(subject: Measured, index: int, readings: Iterable[str], law: Iterable[str]) -> tuple[Value, ...]:
    cell = subject.cells[index]
    seeds = f"{len(cell.seeds)} ({len(cell.failed)} failed)" if cell.failed else len(cell.seeds)
    return (
        *(cell.symbols[symbol] for symbol in _AXES.values()),
        seeds,
        observed_mean(subject, list(_READINGS), _ERROR, index),
        *(_bound(cell, identifier) for identifier in (*readings, *law)),
        *(_verdict(subject, reading, index) for reading in readings),
    )


def _verdict(subject: Measured, identifier: str, index: int) -> Value:
    found = subject.verdict_of(identifier, index)
    if found is None:
        return ("NOT TESTED", "")
    return (found.verdict, "" if found.sharpness is None else f"slack ×{float(f'{found.sharpness:.2g}'):g}")


def _bound(cell: CellResult, identifier: str) -> float | None:
    found = cell.bounds.get(identifier)
    return None if found is None else found.bound


def _columns(subject: Measured) -> dict[str, tuple[Scalar, ...]]:
    readings = _judged(subject, _READINGS)
    bounds = {identifier: f"bound_{reading}" for identifier, reading in readings.items()}
    columns: dict[str, tuple[Scalar, ...]] = {
        name: tuple(_bound(cell, identifier) for cell in subject.cells)
        for identifier, name in (bounds | _judged(subject, {_COVERING: "covering_law"})).items()
    }
    for identifier, reading in readings.items():
        found = [subject.verdict_of(identifier, index) for index in range(len(subject.cells))]
        columns[f"verdict_{reading}"] = tuple(None if v is None else v.verdict for v in found)
    return columns


def _reading(subject: Measured, identifier: str) -> str:
    """``literal reading holds in 6 of 8 cells in scope, 2 undecided``; empty where it was not judged."""
    counts = Counter(v.verdict for v in subject.verdicts if v.claim == identifier)
    name = f"{_READINGS[identifier]} reading"
    scope = sum(counts[v] for v in ("HOLDS", "UNDECIDED", "VIOLATED"))
    if not counts:
        return ""
    if not scope:
        return f"{name} has no cell in scope"
    text = f"{name} holds in {counts['HOLDS']} of {counted(scope, 'cell')} in scope"
    rest = [f"{counts[v]} {v.lower()}" for v in ("UNDECIDED", "VIOLATED") if counts[v]]
    return text + (f", {' and '.join(rest)}" if rest else "")


def _summary(subject: Measured) -> str:
    cells, world = subject.cells, subject.config["world"]
    models = {(c.variant, c.symbols["R"], c.symbols["K"], seed) for c in cells for seed in c.seeds}
    arms = len({c.variant for c in cells})
    seeds = sorted({len(c.seeds) for c in cells})
    span = ("" if seeds[0] == seeds[-1] else f"{seeds[0]} to ") + counted(seeds[-1], "seed")
    steps = counted(subject.config["pretraining"]["steps"], "step")
    return (
        f"{counted(len(models), 'one-layer transformer')} pre-trained for {steps}, each for all its N_f, "
        f"{counted(len(cells), 'cell')} in {counted(arms, 'arm')}, {span} a cell; S = {world['subjects']}, |R| "
        f"in {world['templates']}, K in {world['multiplicity']}, N_f in {world['finetuned']}"
    )


def _error_figure(subject: Measured) -> FigureData | None:
    cells = [c for c in subject.cells if c.variant == _MAIN and _ERROR in c.observables]
    readings, law = _judged(subject, _READINGS), _judged(subject, {_COVERING: _UNSEEN})
    outside = _outside(subject)
    rows: list[dict[str, Scalar]] = []
    shown, left_out = panels(cells, ("R", "K"))
    for place, panel in shown.items():
        predicted = (predicted_rows(subject, claim(name), "N_f", panel) for name in (*readings, *law))
        found = [row for line in (*predicted, observed_rows(subject, list(_READINGS), _ERROR, panel)) for row in line]
        rows += [row | {"note": "out of scope" if place in outside else None} for row in found]
    if not readings or not any(row["series"] == "observed" for row in rows):
        return None
    return FigureData.of(
        "ood-error",
        "Out-of-distribution error, predicted and observed",
        "Out-of-distribution error against the number of fine-tuned facts. Points are measurements: the mean over "
        "seeds and the limits that decide, if the verdict rests on limits. Lines are predictions: "
        f"{'the two readings' if len(readings) > 1 else 'the reading that was judged'} of the headline bound"
        + ", and the exact probability that at least one of a held-out fact's K templates is unseen" * bool(law)
        + ". Below the axis break: 0 and values too small for the axis. A point at 0 had no error in any run: its "
        + f"upper limit comes from the number of seeds alone.{left_out}",
        "panels",
        rows,
        x="finetuned",
        xlabel="$N_f$, facts fine-tuned",
        ylabel="OOD error",
        across=["multiplicity"],
        down=["templates"],
        names=dict(_NAMES),
        lines={i: f"bound, {reading}" for i, reading in readings.items()} | law,
        log=True,
    )


def _outside(subject: Measured) -> set[tuple[float, float]]:
    """|R| and K of the pre-trained models all of whose cells are out of scope of the first reading that was judged."""
    first = next(iter(_judged(subject, _READINGS)), "")
    found = [v for v in subject.verdicts if v.claim == first and v.cells]
    judged = [(v.verdict, subject.cells[v.cells[0]].symbols) for v in found]
    inside = {(at["R"], at["K"]) for verdict, at in judged if verdict != "OUT OF SCOPE"}
    return {(at["R"], at["K"]) for _, at in judged} - inside


def _gap_figure(subject: Measured) -> FigureData | None:
    curves = [c for c in subject.curves if c.observable == "pretraining_gap" and c.variant == _MAIN]
    drawn = chosen([(c.symbols["R"], c.symbols["K"]) for c in curves])
    shown = [c for c in curves if (c.symbols["R"], c.symbols["K"]) in drawn]
    rows: list[dict[str, Scalar]] = [
        {
            "templates": curve.symbols["R"],
            "multiplicity": curve.symbols["K"],
            "step": step,
            "gap_mean_nats": mean,
            "gap_lower_nats": low,
            "gap_upper_nats": high,
        }
        for curve in shown
        for step, mean, low, high in zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True)
    ]
    if not rows:
        return None
    limit = float(subject.config["verdict"]["premise_gap"])
    return FigureData.of(
        "pretraining-gap",
        "Pre-training gap during training",
        "How far the pre-training loss is above its floor log K during gradient descent, mean over seeds. One panel "
        "for each |R|. The thin line is the premise of the headline bound."
        + told(len(shown), len(curves), "curves", "results.json"),
        "curves",
        rows,
        x="step",
        y="gap_mean_nats",
        xlabel="gradient steps",
        ylabel="pre-training gap, nats",
        panels=["templates"],
        lines=["multiplicity"],
        names=dict(_NAMES),
        limit=limit,
        limit_label=f"premise: gap $\\leq$ {limit:g}",
    )
