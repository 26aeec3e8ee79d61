"""Results of an experiment that nobody has: three axes, two arms, all numbers different."""

import itertools

from empirics.experiments.presentation import Column, FigureData, Shown, Table
from empirics.verification.results import Results

AXES = {"d": "dimension", "c": "colour", "n": "samples"}
LABELS = {"d": "|D|", "c": "c", "n": "n"}

_numbers = itertools.count(1)


def number():
    """A share that no other call gives."""
    return round(next(_numbers) * 0.00137, 5)


def spread():
    """Lower limit, mean and upper limit."""
    low = number()
    return {"lower": low, "mean": round(low + 0.00031, 5), "upper": round(low + 0.00083, 5)}


def cell(variant, d, c, n):
    return {
        "variant": variant,
        "overlay": {},
        "symbols": {"d": d, "c": c, "n": n},
        "dimension": d,
        "colour": c,
        "samples": n,
        "seeds": [0, 1, 2],
        "failed": [2],
        "failures": {"2": "it diverged"},
        "in_scope_seeds": [0],
        "observables": {
            name: {**spread(), "interval": "betting", "values": [0.1, 0.2, None]} for name in ("toy_error", "toy_loss")
        },
        "bounds": {"toy-bound": {"bound": number(), "log_bound": -1.0}},
    }


def verdict(claim, cells, decision, **more):
    limits = spread()
    return {
        "claim": claim,
        "scope": "cell",
        "cells": cells,
        "verdict": decision,
        "reason": f"reason {number()}",
        "estimate": limits["mean"],
        "lower": limits["lower"],
        "upper": limits["upper"],
        "bound": number(),
        "log_bound": None,
        "tightness": None,
        "alpha": 0.05,
        "refuting": 0.0125,
        "family_size": 4,
        "by_sampling": True,
        "limits": "exact",
        "premises": [],
        "counts": None,
        "effect": None,
        "steps": [],
        "flat": False,
        "exceedance": None,
        "sharpness": None,
        "observations_needed": None,
        "decidable_at": None,
    } | more


def worlds():
    """What the verdict on a property has besides, all numbers different."""
    yes, effect = next(_numbers), spread()
    return {
        "counts": {"yes": yes, "tie": yes + 1, "no": yes + 2, "undefined": yes + 3, "ran": 5 * yes},
        "effect": effect,
    }


def pooled(**more):
    """The statement on all cells, confirmed."""
    return {
        "statement": "fraction of worlds in which it holds",
        "estimate": 0.9625,
        "lower": 0.8725,
        "upper": 0.9975,
        "asked": 0.8,
        "alpha": 0.05,
        "refuting": 0.0125,
        "worlds": 31,
        "without": 2,
        "confirmed": True,
        "refuted": False,
        "p_value": 0.0017,
        "holm": 0.0051,
        "benjamini_yekutieli": 0.0935,
    } | more


def claim(identifier, kind, decision, **more):
    return {
        "id": identifier,
        "title": f"Title of {identifier}",
        "number": "",
        "fingerprint": "0" * 16,
        "paper": "toy",
        "kind": kind,
        "provenance": "DERIVED",
        "source": "",
        "statement": "A statement.",
        "formula": "toy_error <= exp(-n)",
        "latex": r"\mathrm{toy\_error} \le e^{-n}",
        "symbols": ["n"],
        "observable": "toy_error",
        "judged_on": "toy_error",
        "by_share": kind in ("comparison", "trend"),
        "variant": "plain",
        "reference": None,
        "axis": None,
        "domain": ["n \\geq 1"],
        "premises": [{"name": "n", "latex": "n \\geq 2", "text": "enough samples"}],
        "falsifier": f"something about {identifier}",
        "required": True,
        "verdict": decision,
        "pooled": None,
        "certificate": None,
        "mutants": [],
    } | more


def symbol(name):
    return {
        "name": name,
        "label": LABELS[name],
        "latex": {"d": r"|\mathcal{D}|"}.get(name, name),
        "meaning": f"meaning of {name}",
        "unit": "",
        "integer": True,
    }


def steps():
    """Moves between two pairs of neighbours."""
    first = next(_numbers)
    return [
        {"between": f"n from {n} to {n + 1}", "falls": first + n, "ties": first + n + 10, "rises": first + n + 20}
        for n in (5, 6)
    ]


def figures():
    """One figure of each kind but the forest, as an experiment gives them."""
    names = {"dimension": "|D|", "colour": "c"}
    grid = list(itertools.product((10, 20), (1, 2, 3), (5, 7)))
    place = [dict(zip(AXES.values(), point, strict=True)) for point in grid]
    panels = [{"series": "observed", **p, "value": number(), "lower": 0.0, "upper": 1.0, "note": None} for p in place]
    panels += [row | {"series": "line", "value": number(), "lower": None, "upper": None} for row in panels]
    curves = [{"dimension": d, "colour": c, "step": t, "gap": number()} for d, c, _ in grid[::2] for t in (1, 10)]
    arms = [{"variant": arm, **p, **spread()} for arm in ("plain", "noisy") for p in place]
    return (
        FigureData.of(
            "toy-panels", "Toy panels", "Panels.", "panels", panels, x="samples", xlabel="$n$", ylabel="toy error",
            across=["colour"], down=["dimension"], names=names, lines={"line": "a bound"},
        ),
        FigureData.of(
            "toy-curves", "Toy curves", "Curves.", "curves", curves, x="step", y="gap", xlabel="steps", ylabel="gap",
            panels=["dimension"], lines=["colour"], names=names, limit=0.01, limit_label="limit",
        ),
        FigureData.of(
            "toy-arms", "Toy arms", "Arms.", "arms", [row | {"comparison": 0.5} for row in arms], x="samples",
            y="mean", xlabel="n", ylabel="error", panels=["dimension", "colour"], names=names,
        ),
    )  # fmt: skip


def toy_results():
    """The document; the same numbers at every call."""
    global _numbers
    _numbers = itertools.count(1)
    cells = [cell("plain", d, c, n) for d, c, n in itertools.product((10, 20), (1, 2, 3), (5, 7))]
    cells += [cell("noisy", 20, 2, n) for n in (5, 7)]
    decisions = itertools.cycle(["HOLDS", "UNDECIDED", "VIOLATED", "OUT OF SCOPE"])
    verdicts = [verdict("toy-bound", [i], next(decisions)) for i in range(12)]
    verdicts += [verdict("toy-arms", [i, i - 4], d, **worlds()) for i, d in ((12, "HOLDS"), (13, "UNDECIDED"))]
    verdicts += [verdict("toy-trend", [0, 1], "HOLDS", scope="series", steps=steps(), **worlds())]
    verdicts += [verdict("toy-trend", [2, 3], "UNDECIDED", scope="series", flat=True, steps=steps(), **worlds())]
    table = Table(
        id="toy-table",
        title="Toy table",
        columns=(
            Column(name="|D|", kind="count"),
            Column(name="error [interval]", kind="interval"),
            Column(name="first", kind="number"),
            Column(name="second", kind="number"),
            Column(name="verdict one", kind="verdict"),
            Column(name="verdict two", kind="verdict"),
            Column(name="remark"),
        ),
        rows=(
            (10, (0.25, 0.125, 0.5), 0.75, 0.625, ("HOLDS", "slack ×12"), ("VIOLATED", ""), "[a] remark"),
            (20, (None, None, None), None, 1e-7, ("NOT TESTED", ""), ("HOLDS", ""), None),
        ),
        note="A note below the table.",
        group=("|D|",),
    )
    observable = {
        "definition": "What is measured.",
        "unit": "fraction",
        "lower": 0.0,
        "upper": 1.0,
        "trivial": 1.0,
        "better": "lower",
        "sampling": "seed",
    }
    return Results.model_validate(
        {
            "schema_version": 2,
            "wall_seconds": 12.0,
            "complete": True,
            "plan": {"hash": "c0ffee" * 10, "declared": False, "reason": "3 of its 9 runs existed before it"},
            "experiment": {
                "name": "toy",
                "title": "toy machines",
                "leading": "plain",
                "axes": AXES,
                "run_axes": ["d", "c"],
            },
            "notation": [symbol(name) for name in AXES],
            "config": {"world": {"samples": [5, 7]}, "verdict": {"alpha": 0.05}, "seeds": {"looks": [3, 6]}},
            "environment": {
                "factbound": "0", "git_commit": None, "git_dirty": None, "code_hash": "x", "python": "3", "torch": "2",
                "numpy": "2", "blas": "none", "cpu": "a machine", "threads": 1, "device": "cpu", "dtype": "float64",
            },
            "observables": {"toy_error": observable, "toy_loss": observable},
            "cells": cells,
            "verdicts": verdicts,
            "claims": [
                claim("toy-bound", "upper", "VIOLATED"),
                claim(
                    "toy-arms", "comparison", "SUPPORTED", variant="noisy", reference="plain", required=False,
                    pooled=pooled(),
                ),
                claim("toy-trend", "trend", "HOLDS", axis="n"),
            ],
            "curves": [],
            "shown": Shown(
                headline="The headline.",
                tables=(table,),
                figures=figures(),
                columns={"first": tuple(number() for _ in cells), "second": tuple(number() for _ in cells)},
                notes=("A paragraph.",),
            ),
            "figures": [],
        }
    )  # fmt: skip
