"""The figures of docs/findings.md, drawn from the tables on that page: no number is in a figure that is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import theory
from empirics.report.figures import style
from empirics.report.figures.figure import Figure, Row, number, panel_title, rows_at

__all__ = ["CAPTIONS", "findings_figures"]

PAGE = Path(__file__).parent / "findings.md"
CAPTIONS: Mapping[int, tuple[str, str]] = {
    1: (
        "Pre-training gap",
        "Gap to the loss floor after pre-training, mean and worst of the seeds; grey: the premise.",
    ),
    2: ("Features against facts per template", "The fewer facts share a template, the more its feature is its own."),
    3: (
        "Features of shown and other templates",
        "Cosine between the change of the prompt and the features of templates that fine-tuning at $N_f = 20$ shows, "
        "and of those that it does not.",
    ),
    4: (
        "Error and both readings of the bound",
        "Mean OOD error at $N_f = 20$ (section 3), and both readings of the bound, whose premise is $K \\ge 2$.",
    ),
    5: ("Error by unseen templates", "OOD error over all $N_f$ by how many of a fact's templates are still unseen."),
    6: (
        "Where the error falls, stays and rises",
        "Worlds in which the error falls, stays and rises between the two ends of an axis, one bar for each series.",
    ),
    7: ("The failure regime", "$K = 1$: OOD error, and the lower bound that is claimed for it."),
    8: (
        "Low-rank against full fine-tuning",
        "OOD error at $|R| = 60$; the arm `low-rank` has rank one and the learning rate of full fine-tuning.",
    ),
    9: ("Ablations", "OOD error of each arm at $|R| = 60$; a hollow mark is at $N_f = 5$, the darkest at $N_f = 40$."),
    10: ("Language models", "Error on held-out questions; filled: full fine-tuning, hollow: low rank."),
}
"""For each sentence, title and caption of its figure."""

_R, _K, _N = "|R|", "K", "N_f"


def tables(page: str) -> dict[int, list[list[dict[str, str]]]]:
    """The tables of each numbered section, as rows by column; mathematics, code and links as plain text."""
    found: dict[int, list[list[dict[str, str]]]] = {}
    for part in re.split(r"^## (?=\d+\. )", page, flags=re.M)[1:]:
        section = part.partition("\n## ")[0]
        blocks = re.findall(r"(?:^\|.*\n)+", section, flags=re.M)
        found[int(part.partition(".")[0])] = [_rows(block) for block in blocks]
    return found


def _rows(block: str) -> list[dict[str, str]]:
    lines = [[_plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def _plain(cell: str) -> str:
    text = re.sub(r"\[`([^`]*)`\]\([^)]*\)", r"\1", cell.strip())
    return text.replace("\\|", "|").replace("$", "").replace("`", "")


def findings_figures(page: str | None = None) -> list[Figure]:
    """One for each sentence."""
    found = tables(PAGE.read_text(encoding="utf-8") if page is None else page)
    hidden, cosine = r"P(\text{template unseen}) - 1/A", r"$\cos(\Delta_p, h_r)$"
    trigger, error = found[3][0], {"ylabel": "OOD error"}
    made: tuple[tuple[list[Row], Callable[[Sequence[Row]], Any]], ...] = (
        (
            _series(found[1][0], _K, {"mean": "gap, mean", "worst": "gap, worst"}),
            partial(_lines, ylabel="gap, nats", limit=0.1),
        ),
        (
            _series(found[2][0], "facts per template", dict.fromkeys(("subject's weight", "feature similarity"))),
            partial(_lines, ylabel="weight, or mean cosine"),
        ),
        (_series(trigger, _K, {"shown": "covered", "not shown": "uncovered"}), partial(_lines, ylabel=cosine)),
        ([*_series(trigger, _K, {"observed": "OOD error"}), *_readings(trigger)], partial(_lines, **error)),
        (_unseen(found[5][0]), partial(_lines, **error)),
        (_ends(found[6][0]), _bars),
        (_series(found[7][0], _N, {"observed": "OOD error", "lower bound": hidden}), partial(_lines, **error)),
        (_by_arm(found[8][0], _N, _K, "OOD error", {"full": "full"}), partial(_lines, **error)),
        (_ablations(found[9][0]), _dots),
        (_by_arm(found[10][0], _K, _N, "error, held out"), partial(_lines, ylabel="error, held out")),
    )
    return [Figure(f"findings-{n}", *CAPTIONS[n], *made[n - 1]) for n in CAPTIONS]


def _point(panel: str, at: str, series: str, x: str, x_name: str, y: str) -> Row:
    value = None if y in ("–", "none") else float(y)
    return {"panel": panel, "at": float(at), "series": series, "x": float(x), "x_name": x_name, "y": value}


def _series(table: Sequence[Mapping[str, str]], x: str, columns: Mapping[str, str | None]) -> list[Row]:
    """Columns against another one, a panel for each |R|."""
    return [_point(_R, row[_R], name, row[x], x, row[c or name]) for name, c in columns.items() for row in table]


def _by_arm(
    table: Sequence[Mapping[str, str]], x: str, panel: str, y: str, beside: Mapping[str, str] | None = None
) -> list[Row]:
    """One column, a line for each arm; ``beside`` names lines that each arm repeats."""
    rows = [_point(panel, row[panel], name, row[x], x, row[c]) for name, c in (beside or {}).items() for row in table]
    rows += [_point(panel, row[panel], row["arm"], row[x], x, row[y]) for row in table]
    return [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]


def _readings(table: Sequence[Mapping[str, str]]) -> list[Row]:
    """Both readings of the bound where it is in scope, at the N_f of that table."""
    asked = [row for row in table if int(row[_K]) >= 2]
    return [
        _point(_R, row[_R], name, row[_K], _K, str(theory.claim(claim).bound(N_f=20, K=int(row[_K]), R=int(row[_R]))))
        for name, claim in (("bound, literal", "ood-error-literal"), ("bound, normalised", "ood-error-normalised"))
        for row in asked
    ]


def _unseen(table: Sequence[Mapping[str, str]]) -> list[Row]:
    """The error against the number of unseen templates, a line for each K."""
    columns = {"0 unseen": "0", "1": "1", "2": "2", "3 or more": "3"}
    name = "unseen templates (3: or more)"
    return [_point(_R, row[_R], f"K = {row[_K]}", x, name, row[c]) for row in table for c, x in columns.items()]


def _ends(table: Sequence[Mapping[str, str]]) -> list[Row]:
    """Of each series the comparison of its ends, which comes first."""
    first: dict[tuple[str, str], Mapping[str, str]] = {}
    for row in table:
        first.setdefault((row["claim"], row["series"]), row)
    return [
        {"claim": claim, "series": series, **{name: int(row[name]) for name in ("falls", "stays", "rises")}}
        for (claim, series), row in first.items()
    ]


def _ablations(table: Sequence[Mapping[str, str]]) -> list[Row]:
    """The error of each arm, by K and N_f."""
    columns = {c: c.partition("=")[2].strip() for c in table[0] if c.startswith("error, ")}
    rows = sorted(table, key=lambda row: int(row[_K]))
    return [_point(_K, row[_K], row["arm"], n, _N, row[c]) for row in rows for c, n in columns.items()]


def _lines(rows: Sequence[Row], *, ylabel: str, limit: float | None = None) -> Any:
    """Series against x, a panel for each place; predicted ones as lines alone, the others with marks."""
    places = sorted({number(row, "at") for row in rows})
    names = list(dict.fromkeys(str(row["series"]) for row in rows))
    down = -(-len(names) // 5)
    figure, axes = style.subplots(1, len(places), style.PAGE, 2.3 + 0.2 * down, sharey=True)
    for axis, place in zip(axes[0], places, strict=True):
        here = rows_at(rows, {"at": place})
        for position, name in enumerate(names):
            points = [(number(r, "x"), r["y"]) for r in here if r["series"] == name and r["y"] is not None]
            axis.plot(*zip(*sorted(points), strict=True) if points else ((), ()), label=name, **_look(name, position))
        if limit is not None:
            axis.axhline(limit, color=style.SOFT, linewidth=0.7)
        axis.set(xlabel=f"${rows[0]['x_name']}$" if rows[0]["x_name"] in (_K, _N) else str(rows[0]["x_name"]))
        axis.set_title(panel_title({str(rows[0]["panel"]): place}, {}))
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel(ylabel)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=min(len(names), 5))
    return figure


def _look(name: str, position: int) -> dict[str, Any]:
    if "bound" in name:
        return dict(style.PREDICTED["normalised" in name])
    face = style.SEEN if position == 0 else "white"
    return {
        "color": style.SEEN if position == 0 else style.SHADES[(position - 1) % len(style.SHADES)],
        "marker": style.MARKERS[position % len(style.MARKERS)],
        "markerfacecolor": face,
        "markersize": 4,
        "linewidth": 0.9,
    }


def _bars(rows: Sequence[Row]) -> Any:
    """One bar for each series, cut into worlds in which the error falls, stays and rises."""
    figure = style.new_figure(style.PAGE, 4.6, left=1.25, right=0.1, top=0.3, bottom=0.6, wspace=0.75, hspace=0.35)
    grid = figure.add_gridspec(2, 2)
    claims = list(dict.fromkeys(str(row["claim"]) for row in rows))
    looks = {"falls": style.INK, "stays": "#c4c4c4", "rises": style.LAW}
    for claim, place in zip(claims, (grid[0, 0], grid[1, 0], grid[:, 1]), strict=True):
        axis, here = figure.add_subplot(place), rows_at(rows, {"claim": claim})
        start = [0.0] * len(here)
        for name, colour in looks.items():
            lengths = [number(row, name) for row in here]
            axis.barh(range(len(here)), lengths, left=start, color=colour, height=0.75, label=name)
            start = [a + b for a, b in zip(start, lengths, strict=True)]
        ticks = [_where(str(row["series"])) for row in here]
        axis.set_yticks(range(len(here)), ticks, fontsize=6)
        axis.set(ylim=(len(here) - 0.4, -0.6), title=claim, xlim=(0, max(start)))
        axis.grid(visible=False)
        axis.tick_params(axis="y", length=0)
    figure.supxlabel("worlds", y=0.065, fontsize=8)
    figure.legend(*axis.get_legend_handles_labels(), loc="lower center", ncols=3)
    return figure


def _where(series: str) -> str:
    """The series without the axis along which it runs, as mathematics."""
    parts = [part.replace(" ", "").partition("=") for part in series.split(", ")]
    return ", ".join(f"${name}={value}$" for name, _, value in parts if "," not in value)


def _dots(rows: Sequence[Row]) -> Any:
    """A line for each arm with a mark for each N_f, a panel for each K."""
    places = sorted({number(row, "at") for row in rows})
    arms = list(dict.fromkeys(str(row["series"]) for row in rows))
    sizes = sorted({number(row, "x") for row in rows})
    figure, axes = style.subplots(1, len(places), style.PAGE, 0.2 * len(arms) + 0.9, sharey=True)
    for axis, place in zip(axes[0], places, strict=True):
        for position, size in enumerate(sizes):
            here = [r for r in rows_at(rows, {"at": place, "x": size}) if r["y"] is not None]
            face = ("white", "#e3a79c", style.SEEN)[min(position, 2)]
            look = {"color": style.SEEN, "markerfacecolor": face, "markersize": 4.5, "label": f"$N_f={size:g}$"}
            marker = style.MARKERS[position]
            axis.plot([number(r, "y") for r in here], [arms.index(str(r["series"])) for r in here], marker, **look)
        axis.set_title(panel_title({_K: place}, {}))
        axis.set(xlim=(-0.04, 1.04), xlabel="OOD error")
    axes[0, 0].set_yticks(range(len(arms)), arms)
    axes[0, 0].set_ylim(len(arms) - 0.4, -0.6)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(sizes))
    return figure
