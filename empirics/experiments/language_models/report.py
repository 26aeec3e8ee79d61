"""What is shown of language models: the errors per cell, and the one-layer theory's bound for comparison only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from empirics.report.figures.figure import Figure, Row
from empirics.report.figures.style import OBSERVED, PAGE, SHADES, SOFT, new_figure
from empirics.report.sections import Section, SectionTable
from empirics.verification.results import CellResult, Results, Summary
from theory import DomainError, claim

__all__ = ["is_language_models", "lm_figure", "lm_rows", "lm_sections", "lm_summary", "print_lm_errors"]

NOT_CLAIMED = (
    "The bound is not claimed for language models (their answers and questions are several tokens, their attention "
    "has depth): the literal reading of the headline bound, at the N_f that fall to one relation, is shown for "
    "comparison only."
)


def is_language_models(results: Results) -> bool:
    """Whether the results are those of the language-model experiment."""
    return "facts" in results.config


def lm_summary(results: Results) -> str:
    """What was run: models, facts, steps, where and how long."""
    config = results.config
    runs = {(c.variant, c.templates, c.multiplicity, seed) for c in results.cells for seed in c.seeds}
    model = config["model"]
    name = model["name"] or f"{model['architecture']} from scratch ({model['layers']} layers, width {model['width']})"
    world = config["world"]
    return (
        f"{len(runs)} language models, {name}, on facts of {config['facts']['source']} "
        f"({', '.join(config['facts']['relations'])}); {config['pretraining']['steps']} steps on statements, "
        f"{config['finetuning']['steps']} on questions; |R| in {world['templates']} for each relation, "
        f"K in {world['multiplicity']}, N_f in {world['finetuned']}; {results.environment.cpu}, "
        f"{results.wall_seconds:.0f} s."
    )


def lm_rows(results: Results) -> list[dict[str, Any]]:
    """Per cell of every arm: observed errors, what is stored, and the bound for comparison."""
    return [
        {
            "variant": cell.variant,
            "templates": cell.templates,
            "multiplicity": cell.multiplicity,
            "finetuned": cell.finetuned,
            "seeds": len(cell.seeds),
            "failed": len(cell.failed),
            **{name: cell.observables.get(name) for name in _SHOWN},
            "comparison": _comparison(results, cell),
        }
        for cell in results.cells
    ]


_SHOWN = ("ood_error", "finetuning_error", "statement_accuracy", "answer_reciprocal_rank", "some_template_unseen")


def lm_sections(results: Results) -> list[tuple[Section, list[str]]]:
    """The section of the report on language models; none for other results."""
    if not is_language_models(results):
        return []
    columns = (
        "arm", "|R|", "K", "N_f", "seeds", "held-out error", "lower", "upper", "error on trained questions",
        "statements stored", "mean reciprocal rank", "some own template unseen", "literal bound (comparison only)",
    )  # fmt: skip
    rows = tuple(
        (
            row["variant"],
            row["templates"],
            row["multiplicity"],
            row["finetuned"],
            row["seeds"],
            *_three(row["ood_error"]),
            *(_rounded(_mean(row[name])) for name in _SHOWN[1:]),
            _rounded(row["comparison"]),
        )
        for row in lm_rows(results)
    )
    table = SectionTable(caption="Errors by exact match, with time-uniform intervals", columns=columns, rows=rows)
    section = Section(
        id="language-models", title="Language models", order=10, paragraphs=(NOT_CLAIMED,), tables=(table,)
    )
    return [(section, [])]


def lm_figure(results: Results) -> Figure | None:
    """Held-out error over K, one panel per ``|R|`` and N_f; None for other results."""
    if not is_language_models(results):
        return None
    rows: list[Row] = []
    for row in lm_rows(results):
        error = row["ood_error"]
        if error is None or error.mean is None:
            continue
        keys = {name: row[name] for name in ("variant", "templates", "multiplicity", "finetuned", "seeds")}
        rows.append(
            {**keys, "error": error.mean, "lower": error.lower, "upper": error.upper, "comparison": row["comparison"]}
        )
    if not rows:
        return None
    return Figure(
        "language-models",
        "Held-out error of language models over multiplicity",
        "Share of the held-out questions that greedy decoding answers wrongly, over the multiplicity K; mean over "
        f"seeds with its time-uniform interval, each cell by itself. {NOT_CLAIMED} It is the grey line.",
        rows,
        _draw,
    )


def print_lm_errors(results: Results, out: Console) -> None:
    """The table of errors, in the terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold", title="Language models", title_justify="left")
    table.add_column("arm")
    for heading in ("|R|", "K", "N_f", "seeds", "held-out error [interval]", "trained questions"):
        table.add_column(heading, justify="right")
    for heading in ("statements stored", "1/rank", "bound (comparison)"):
        table.add_column(heading, justify="right")
    previous: tuple[Any, ...] | None = None
    for row in lm_rows(results):
        group = (row["variant"], row["templates"])
        if previous is not None and group != previous:
            table.add_section()
        previous = group
        mean, lower, upper = _three(row["ood_error"])
        shown = "-" if mean is None else f"{mean:.3f} [{lower:.2f}, {upper:.2f}]"
        seeds = f"{row['seeds']}" + (f" ({row['failed']} failed)" if row["failed"] else "")
        table.add_row(
            row["variant"],
            *(str(row[name]) for name in ("templates", "multiplicity", "finetuned")),
            seeds,
            shown,
            *(_text(_mean(row[name])) for name in ("finetuning_error", "statement_accuracy", "answer_reciprocal_rank")),
            _text(row["comparison"]),
        )
    out.print(table)
    alpha = results.config["verdict"]["alpha"]
    out.print(
        f"held-out error: mean over seeds, time-uniform interval at level {1 - alpha:g} (betting; each cell by "
        f"itself). {NOT_CLAIMED}",
        style="dim",
        markup=False,
    )


def _comparison(results: Results, cell: CellResult) -> float | None:
    """The literal bound at the share of N_f that falls to one relation, rounded down."""
    relations = max(1, len(results.config["facts"]["relations"]))
    try:
        bound = claim("ood-error-literal").bound(N_f=cell.finetuned // relations, K=cell.multiplicity, R=cell.templates)
    except DomainError:
        return None
    return float(bound)


def _draw(rows: Sequence[Row]) -> Any:
    panels = sorted({(int(r["templates"] or 0), int(r["finetuned"] or 0)) for r in rows})
    arms = list(dict.fromkeys(str(r["variant"]) for r in rows))
    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    figure = new_figure(PAGE, 1.9 * lines + 0.55, left=0.55, right=0.15, top=0.25, bottom=0.75, hspace=0.6)
    grid: Any = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axis in grid.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, (templates, finetuned) in zip(grid.flat, panels, strict=False):
        axis.set_title(f"$N_f={finetuned}$, $|R|={templates}$", pad=3)
        axis.set_xscale("log", base=2)
        axis.set_ylim(-0.04, 1.06)
        axis.set_xlabel("multiplicity $K$")
        here = [r for r in rows if (r["templates"], r["finetuned"]) == (templates, finetuned)]
        for number, arm in enumerate(arms):
            mine = sorted((r for r in here if r["variant"] == arm), key=lambda r: int(r["multiplicity"] or 0))
            if not mine:
                continue
            x = [int(r["multiplicity"] or 0) * 1.06**number for r in mine]
            y = [_number(r["error"]) for r in mine]
            below = [max(0.0, m - _number(r["lower"])) for m, r in zip(y, mine, strict=True)]
            above = [max(0.0, _number(r["upper"]) - m) for m, r in zip(y, mine, strict=True)]
            look = OBSERVED | {"markerfacecolor": "white" if number else OBSERVED["color"], "fmt": "osD^v"[number % 5]}
            axis.errorbar(x, y, yerr=[below, above], label=arm, **look)
        known = sorted({(int(r["multiplicity"] or 0), _number(r["comparison"])) for r in here if r["comparison"]})
        if known:
            axis.plot(*zip(*known, strict=True), color=SHADES[-1], linewidth=1.0, label="literal bound, not claimed")
        ticks = sorted({int(r["multiplicity"] or 0) for r in rows})
        axis.set_xticks(ticks, [str(k) for k in ticks])
        axis.minorticks_off()
    for axis in grid[:, 0]:
        axis.set_ylabel("held-out error", color=SOFT)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels))
    return figure


def _number(value: float | int | str | None) -> float:
    assert isinstance(value, (int, float))
    return float(value)


def _mean(summary: Summary | None) -> float | None:
    return None if summary is None else summary.mean


def _three(summary: Summary | None) -> tuple[float | None, float | None, float | None]:
    if summary is None:
        return None, None, None
    return _rounded(summary.mean), _rounded(summary.lower), _rounded(summary.upper)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
