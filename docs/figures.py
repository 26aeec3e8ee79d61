"""Every figure of these pages, drawn when they are built from the tables and results stored beside them.

``conf.py`` calls :func:`generate`. The results are a verification of the default
preset, of which only what the figures show is kept:

    factbound verify --output results
    python docs/figures.py results/results.json

writes ``stored/default.json`` and the picture that README.md shows, which is
committed because README.md is read without a build
(without an argument, as after a new version, the picture alone). ``stored/smollm2.json`` is the whole
``results.json`` of ``factbound lm run --preset smollm2``; what it shows was written again by later sources.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from empirics.experiments import single
from empirics.experiments.defaults import quiet
from empirics.experiments.load import load_settings
from empirics.experiments.presentation import FigureData
from empirics.experiments.registry import experiment
from empirics.judging.confidence import interval
from empirics.report.figures.collapse_figure import collapse_figure
from empirics.report.figures.figure import Figure
from empirics.report.figures.observable_figure import observable_figure
from empirics.report.figures.plots import all_figures, draw
from empirics.report.figures.proof_figures import frontier_figure, rate_figure
from empirics.report.tables import pooled_share
from empirics.verification.results import Results, read_results

sys.path.insert(0, str(Path(__file__).parent))

from findings_figures import CAPTIONS, findings_figures
from sentences import sentences_table

__all__ = ["STORED", "figures", "generate", "reduced"]

DOCS = Path(__file__).parent
STORED = DOCS / "stored" / "default.json"
REAL_WEIGHTS = DOCS / "stored" / "smollm2.json"
README_FIGURE = DOCS / "main-figure.svg"
_REAL_COMMAND = "factbound lm run --preset smollm2"
_CLAIMS = ("ood-error-literal", "ood-error-normalised", "covering-some-unseen", "failure-regime")
_FIGURES = ("ood-error", "pretraining-gap", "claim-failure-regime")
_OBSERVABLES = ("ood_error", "covering_some_unseen", "pretraining_gap")


_RUN = "factbound run --preset quick --templates 10 --multiplicity 3 --finetuned 5 --seed 0 --plot figures"


class Entry(NamedTuple):
    """A picture of the gallery: its path without ending, the command that makes it, title and caption.

    Title and caption are those of the figure where the picture is drawn by :func:`figures`.
    """

    picture: str
    command: str
    title: str = ""
    caption: str = ""


_FINDINGS = tuple(Entry(f"generated/findings-{number}", "make findings") for number in CAPTIONS)
GALLERY: tuple[Entry, ...] = (
    Entry("generated/ood-error", "factbound plot results --only ood-error"),
    Entry("generated/pretraining-gap", "factbound plot results --only pretraining-gap"),
    Entry("generated/claim-failure-regime", "factbound plot results --only claim-failure-regime"),
    Entry(
        "generated/ood_error-N_f-K-R",
        "factbound plot results --y ood_error --x N_f --by K --panel R --claims ood-error-literal --log y "
        "--width 6.9in",
    ),
    Entry(
        "generated/pretraining_gap-step-K-R",
        "factbound plot results --y pretraining_gap --x step --by K --panel R --claims pretraining-rate "
        "--log xy --width 6.9in",
    ),
    *(Entry(f"generated/run-{part}", _RUN) for part in ("training", "mechanism", "attention", "features", "spectrum")),
    Entry(
        "claims/generated/ood-error-literal",
        "factbound plot ood-error-literal",
        "A bound by itself",
        "The headline bound, read literally, before any measurement.",
    ),
    Entry(
        "map/map",
        "factbound map --config tests/studies/map.toml",
        "Where extraction succeeds and fails",
        "$N_f$ at which the error falls to a level: lines are predictions, points are measurements.",
    ),
    Entry(
        "map/readings",
        "factbound map --config tests/studies/map.toml",
        "Verdicts on the readings of the bound",
        "One mark for each cell of the main grid.",
    ),
    Entry(
        "map/moves",
        "factbound map --config tests/studies/map.toml",
        "How the transition moves",
        "$N_f$ at which the error falls to 0.5, with one setting varied at a time.",
    ),
    Entry(
        "map/law",
        "factbound map --config tests/studies/map.toml",
        "The law of the error",
        "Observed against predicted error of the transition cells, on the scale of the law.",
    ),
    Entry(
        "map/prediction",
        "factbound map --config tests/studies/map.toml",
        "Predicted against observed error",
        "Predictions from pre-trained weights and the fine-tuning set alone.",
    ),
    Entry(
        "map/reliability",
        "factbound map --config tests/studies/map.toml",
        "Reliability of the probabilities",
        "Single facts, binned by the predicted probability of their extraction.",
    ),
    Entry("generated/heat", "factbound plot results/map --only heat"),
    Entry("generated/law", "make law"),
    Entry("generated/capacity", "make capacity"),
    Entry("generated/language-models", "factbound lm run --preset smollm2"),
    Entry("generated/frontier", "make docs"),
    Entry("generated/linear-memory-rate", "make docs"),
    *_FINDINGS,
)
"""Every figure of these pages, in the order of the gallery: a further one is one entry more."""


def capacity_figure() -> Figure:
    """What is not stored, and what is not extracted, against the width of the MLP; a panel for each number of facts."""
    found: dict[tuple[int, int], list[tuple[float, float]]] = {}
    with (DOCS / "papers" / "capacity.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            shares = (1 - float(row["stored"]), float(row["ood_error"]))
            found.setdefault((int(row["facts"]), int(row["width"])), []).append(shares)
    rows: list[dict[str, Any]] = []
    for place, variant in enumerate(("not stored", "not extracted")):
        for (facts, width), shares in found.items():
            limits = interval([share[place] for share in shares], 0.05, 0.0, 1.0)
            at = {"variant": variant, "facts": facts, "width": width, "seeds": len(shares)}
            rows.append({**at, "error": limits.mean, "lower": limits.lower, "upper": limits.upper, "comparison": None})
    return draw(
        FigureData.of(
            "capacity",
            "Storage and extraction against the width of the MLP",
            "Share of statements not stored, and of held-out facts not extracted, against the width m; means over "
            "worlds with time-uniform intervals.",
            "arms",
            rows,
            x="width",
            y="error",
            xlabel="width $m$",
            ylabel="share",
            panels=["facts"],
            names={"facts": "S"},
            comparison_label="",
        )
    )


def law_figure() -> Figure:
    """Every cell on which the law of extraction was fitted or tested, against the law, exact coverage and the bound."""
    numbers = ("error", "standard_error", "law", "some_unseen", "literal")
    with (DOCS / "law.csv").open(encoding="utf-8", newline="") as stream:
        rows: list[dict[str, Any]] = [
            {**row, **{name: float(row[name]) for name in numbers}, "part": _part(row)}
            for row in csv.DictReader(stream)
            if row["part"] != "outside"
        ]
    return collapse_figure(
        rows,
        {"law": "the law", "some_unseen": "exact: some template unseen", "literal": "bound, literal"},
        ["fitted", "held out", "held out, S = 120"],
        "Every cell: mean error with two standard errors against what the law, the exact covering law and the literal "
        "bound say, as a margin in standard deviations. The curve is the normal distribution.",
    )


def heat_figure() -> Figure:
    """The map of docs/findings.md as colours, from the data of its contours, with those of the law of extraction."""
    with (DOCS / "map" / "map.csv").open(encoding="utf-8", newline="") as stream:
        rows: list[dict[str, Any]] = [
            {k: v if k in ("series", "note") else None if v == "" else float(v) for k, v in row.items()}
            for row in csv.DictReader(stream)
        ]
    one_layer = experiment("one-layer")
    for templates, multiplicity in sorted({(r["templates"], r["multiplicity"]) for r in rows}):
        found = one_layer.expect_least("ood_error", "N_f", 0.5, {"S": 60, "R": templates, "K": multiplicity})
        # At the least N_f that the law looks at, the contour may lie lower; outside its data it is not drawn.
        if found is not None and not found.outside and found.cell["N_f"] > 2:
            place = {"templates": templates, "multiplicity": multiplicity, "finetuned": found.cell["N_f"]}
            rows.append({**dict.fromkeys(rows[0]), "series": "law", **place, "level": 0.5})
    lines = {charted.id: charted.legend for charted in one_layer.map_design().charted}
    last = lines.popitem()
    return draw(
        FigureData.of(
            "heat",
            "The OOD error over N_f and K",
            "Mean OOD error of every cell as colour, darker where it is larger. The line with points is the measured "
            "N_f at which it falls to 0.5, the other lines what bounds and laws say of that.",
            "heat",
            rows,
            x="multiplicity",
            y="finetuned",
            xlabel="$K$",
            ylabel="$N_f$",
            label="OOD error",
            level=0.5,
            lines={**lines, "law": "law of extraction", last[0]: last[1]},
            panels=["templates"],
            names={"templates": "|R|"},
        )
    )


def own_figures() -> list[Figure]:
    """Figures of a reader's own choice: an observable along an axis, and one along training."""
    stored, place = read_results(STORED), {"by": "K", "panel": "R", "width": 6.9}
    return [
        observable_figure(stored, "ood_error", x="N_f", claims=["ood-error-literal"], log="y", **place),
        observable_figure(stored, "pretraining_gap", x="step", claims=["pretraining-rate"], log="xy", **place),
    ]


def run_figures() -> list[Figure]:
    """The pictures of one model: it is trained here, in a second or two."""
    one_layer, place = experiment("one-layer"), {"templates": 10, "multiplicity": 3, "finetuned": 5}
    settings = load_settings(one_layer, "quick", None, single.settings_at(one_layer, place), say=quiet)
    finished = single.inspect(one_layer, settings, place, 0)
    return [draw(data) for data in single.pictures(one_layer, settings, place, finished)]


def _part(row: dict[str, str]) -> str:
    return "held out, S = 120" if row["part"] == "held out" and row["S"] == "120" else row["part"]


def figures() -> list[Figure]:
    """All of them, that of README.md first."""
    proofs = DOCS / "proofs"
    return [
        *all_figures(read_results(STORED), ",".join(_FIGURES)),
        frontier_figure(proofs / "frontier.csv"),
        rate_figure(proofs / "linear-memory-rate.csv"),
        *all_figures(read_results(REAL_WEIGHTS), "language-models"),
        capacity_figure(),
        law_figure(),
        heat_figure(),
        *own_figures(),
        *run_figures(),
        *findings_figures(),
    ]


def generate(destination: Path) -> None:
    """Write each as SVG with its data beside it."""
    destination.mkdir(parents=True, exist_ok=True)
    drawn = figures()
    for figure in drawn:
        (destination / f"{figure.name}.svg").write_bytes(figure.render("svg"))
        (destination / f"{figure.name}.csv").write_text(figure.csv, encoding="utf-8")
    stored = [("factbound verify", read_results(STORED)), (_REAL_COMMAND, read_results(REAL_WEIGHTS))]
    (destination / "real-weights.md").write_text(real_weights(stored[1][1]), encoding="utf-8")
    (destination / "sentences.md").write_text(sentences_table(stored), encoding="utf-8")
    (destination / "gallery.md").write_text(gallery(drawn), encoding="utf-8")


def gallery(drawn: Sequence[Figure]) -> str:
    """The gallery, a part for each entry."""
    known = {f"generated/{figure.name}": (figure.title, figure.caption) for figure in drawn}
    parts = []
    for entry in GALLERY:
        title, caption = known.get(entry.picture, (entry.title, entry.caption))
        picture = f"![{title}]({entry.picture}.svg)\n\n{caption} {{download}}`Data <{entry.picture}.csv>`"
        parts.append(f"## {title}\n\n{picture}\n\n```console\n$ {entry.command}\n```\n")
    return "\n".join(parts)


def real_weights(results: Results) -> str:
    """Verdicts and cells of the language model with real weights, as tables."""
    environment = results.environment
    when = f"{environment.cpu}, {results.wall_seconds / 60:.0f} minutes, sources {environment.code_hash}"
    if environment.device != "cpu":
        when = f"{environment.device}, {when}"
    seeds = results.cells[0].seeds
    plan = f"seeds {seeds[0]} to {seeds[-1]}, plan {results.plan.hash[:12]}: {results.plan.reason}"
    lines = [f"`{_REAL_COMMAND}`: {when}; {plan}."]
    lines += ["", "| claim | verdict | all cells together |", "| --- | --- | --- |"]
    for claim in results.claims:
        if claim.verdict != "NOT TESTED":
            lines.append(f"| `{claim.id}` | {claim.verdict} | {pooled_share(claim)} |")
    lines += ["", "| arm | K | $N_f$ | stored | trained | held out [limits] | loss | forgotten |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for cell in results.cells:
        known = cell.observables
        error = known["ood_error"]
        names = ("statement_accuracy", "finetuning_error", "ood_loss", "passage_loss_rise")
        means = [known[name].mean if name in known else None for name in names]
        stored, trained, loss, forgotten = ("-" if mean is None else f"{mean:.2f}" for mean in means)
        held_out = f"{error.mean:.2f} [{error.lower:.2f}, {error.upper:.2f}]"
        place = f"`{cell.variant}` | {cell.symbols['K']} | {cell.symbols['N_f']}"
        lines.append(f"| {place} | {stored} | {trained} | {held_out} | {loss} | {forgotten} |")
    return "\n".join([*lines, ""])


def reduced(document: dict[str, Any]) -> dict[str, Any]:
    """A results document with only the leading arm and what the figures, README.md and the report's tests show."""
    leading, shown = document["experiment"]["leading"], document["shown"]
    kept = [index for index, cell in enumerate(document["cells"]) if cell["variant"] == leading]
    cells = [document["cells"][index] for index in kept]
    for cell in cells:
        cell["observables"] = {k: v for k, v in cell["observables"].items() if k in _OBSERVABLES}
        cell["bounds"] = {k: v for k, v in cell["bounds"].items() if k in _CLAIMS}
    verdicts = [v for v in document["verdicts"] if v["claim"] in _CLAIMS and set(v["cells"]) <= set(kept)]
    for verdict in verdicts:
        verdict["cells"] = [kept.index(i) for i in verdict["cells"]]
    for part in (document, shown):
        part["figures"] = [f for f in part["figures"] if f["name"] in _FIGURES]
    shown["columns"] = {name: [values[i] for i in kept] for name, values in shown["columns"].items()}
    curves = [c for c in document["curves"] if c["variant"] == leading and c["observable"] == "pretraining_gap"]
    claims = [claim | {"mutants": []} for claim in document["claims"]]
    measured = {*_OBSERVABLES, *(claim["observable"] for claim in claims)}
    observables = {k: v for k, v in document["observables"].items() if k in measured}
    return document | {
        "cells": cells,
        "verdicts": verdicts,
        "curves": curves,
        "claims": claims,
        "observables": observables,
    }


def main(path: str | None = None) -> None:
    """Store what the figures need of a results document, if one is given, and draw the picture of README.md."""
    if path is not None:
        document = Results.model_validate(reduced(json.loads(Path(path).read_text(encoding="utf-8"))))
        STORED.parent.mkdir(exist_ok=True)
        STORED.write_text(document.model_dump_json() + "\n", encoding="utf-8")
    README_FIGURE.write_bytes(figures()[0].render("svg"))


if __name__ == "__main__":
    main(*sys.argv[1:])
