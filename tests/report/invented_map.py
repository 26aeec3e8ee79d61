"""A map of regimes that nobody made: two other axes, each kind of cell, of contour and of variation, all different."""

import itertools

from empirics.regimes.document import RegimeMap

DIMENSIONS, COLOURS, SAMPLES = (4, 8), (1, 2), (1, 3, 30)
REGIMES = itertools.cycle(("fails", "transition", "succeeds", "undecided", "transition"))
VERDICTS = itertools.cycle(("HOLDS", "VIOLATED", "UNDECIDED", "VACUOUS", "OUT OF SCOPE", "HOLDS", "HOLDS"))


def _symbol(name, latex):
    return {"name": name, "label": name, "latex": latex, "meaning": f"meaning of {name}", "unit": "", "integer": True}


def _cell(variant, d, c, n, regime, decided, **more):
    error = round(1 / (1 + n / d + 0.1 * c), 4)
    return {
        "variant": variant, "size": 60, "dimension": d, "colour": c, "samples": n, "mass": d * c / 4,
        "symbols": {"s": 60, "d": d, "c": c, "n": n}, "seeds": [0, 1, 2], "failed": [1], "in_scope_seeds": [0],
        "gap": 0.3 if (d, c) == (8, 1) else round(0.001 * d + 0.01 * c, 4), "error": error,
        "lower": round(0.5 * error, 4),
        "upper": round(1.25 * error, 4), "regime": regime, "in_law": c > 1,
        "laws": {"first": round(0.9 * error, 4), "exact": round(0.95 * error, 4)},
        "verdicts": {"first": decided, "second": "HOLDS"},
        "predicted": {"crude": round(0.8 * error, 4), "fine": None if n == 30 else round(0.99 * error, 4)},
    } | more  # fmt: skip


def _contour(variant, d, c, level, measured, beyond=None, **more):
    low, high = (1.0, 2.0) if beyond == "below" else (20.0, 30.0) if beyond else (0.75 * measured, 2 * measured)
    return {
        "variant": variant, "size": 60, "dimension": d, "colour": c, "mass": d * c / 4,
        "symbols": {"s": 60, "d": d, "c": c}, "level": level, "measured": measured, "beyond": beyond, "lower": low,
        "upper": high, "in_law": True,
        "predicted": {"first": 2 * d, "second": None if d == 4 else 3 * d, "exact": d + c, "near": d + 2 * c},
    } | more  # fmt: skip


def _score(predictor, part, value, **more):
    return {
        "predictor": predictor, "part": part, "facts": 100, "cells": 9, "auc": value, "auc_lower": value - 0.05,
        "auc_upper": value + 0.025, "auc_within": value - 0.01, "agreement": value - 0.1, "deviation": 1 - value,
        "bias": value - 0.75, "worst": 0.5, "deviation_probability": 0.125, "brier": 0.0625, "brier_share": 0.25,
        "bins": [{"facts": 40 + i, "predicted": 0.2 * i + 0.1, "observed": round(value * i / 4, 3)} for i in (0, 2, 4)],
    } | more  # fmt: skip


def invented_map(**changes):
    """The document; ``changes`` replace parts of it, and those under ``design`` parts of its design."""
    global REGIMES, VERDICTS
    regimes, verdicts = (itertools.cycle(list(itertools.islice(c, n))) for c, n in ((REGIMES, 5), (VERDICTS, 7)))
    cells = [_cell("main", *place, next(regimes), next(verdicts)) for place in
             itertools.product(DIMENSIONS, COLOURS, SAMPLES)]  # fmt: skip
    cells += [_cell("width=16", 8, 2, n, "transition", "HOLDS", in_law=False, gap=0.5 + n / 100) for n in SAMPLES]
    cells += [_cell("size=20", 4, 2, 3, "fails", "HOLDS", size=20, gap=None)]
    contours = [
        _contour("main", d, c, level, *place, in_law=(d, c) != (4, 1))
        for (d, c, level), place in zip(
            itertools.product(DIMENSIONS, COLOURS, (0.5, 0.25)),
            [(2.0,), (4.0,), (None, "below"), (5.0,), (8.0,), (None, "above"), (12.0,), (16.0,)],
            strict=True,
        )
    ]
    contours += [_contour("width=16", 8, 2, 0.5, 6.0, in_law=False), _contour("width=16", 8, 2, 0.25, None, "above")]
    contours += [_contour("width=64", 8, 2, 0.5, None, "above", in_law=False)]
    contours += [
        _contour("warm=0.0", 8, 2, 0.5, 7.0, in_law=False),
        _contour("size=20", 8, 2, 0.5, 9.0, size=20, mass=5),
    ]
    contours += [_contour("order=free", 4, 1, 0.5, 3.0, in_law=False)]
    rates = [(1, 0.5, 0.55, 0.4, 0.7), (3, 1.5, 1.25, 1.0, None), (30, 2.5, 2.75, None, 3.5)]
    collapse = [
        {"variant": v, "size": 60, "dimension": d, "colour": c, "samples": n, "law": law, "predicted_rate": p * d,
         "observed_rate": o, "lower": low, "upper": up}
        for law in ("tail", "power") for v, d, c in (("main", 4, 2), ("main", 8, 1), ("size=20", 4, 2))
        for n, p, o, low, up in rates
    ]  # fmt: skip
    exponent = {"law": "power", "lower": 0.9, "upper": 1.2, "source": 1.0, "tail": 0.97}
    held = {"cells": 5, "worst": 0.3, "divergence": 0.02}
    parts = ("every cell", "transition cells", "n = 1", "n = 3", "arm main", "arm size=20")
    prediction = [_score(who, part, v + 0.01 * i) for who, v in (("fine", 0.9), ("crude", 0.6))
                  for i, part in enumerate(parts)]  # fmt: skip
    undefined = ("auc", "auc_lower", "auc_upper", "auc_within", "deviation_probability", "brier")
    prediction += [_score("crude", "n = 30", 0.5, **dict.fromkeys(undefined)), _score("poor", "n = 1", 0.55)]
    design = {
        "observable": "toy_error", "subject": "the toy", "axis": "n", "others": ["d", "c"],
        "columns": {"s": "size", "d": "dimension", "c": "colour", "n": "samples"}, "levels": [0.5, 0.25],
        "transition": (0.02, 0.98), "most": 59.0,
        "premise": {"observable": "toy_loss", "unit": "nats", "limit": 0.1},
        "quantity": {"column": "mass", "label": "d c / 4", "title": "mass"}, "readings": ["first", "second"],
        "claims": [{"id": name, "short": f"{name} short", "legend": f"{name} in words"}
                   for name in ("first", "second", "exact", "near")],
        "laws": [{"name": "tail", "title": "normal tail", "coefficients": 0},
                 {"name": "power", "title": "power law", "coefficients": 3}],
        "rivals": {"tail": "on the tail"}, "collinear": ("d", "c"),
        "items": {"item": "toy", "basis": "its wheels", "predictors": ["fine", "crude"], "folds": ["d", "c"]},
    } | changes.pop("design", {})  # fmt: skip
    end = {"variant": "main", "dimension": 8, "colour": 1, "error": 0.4, "exponent": 0.5, "size": 60}
    bracket = {"variant": None, "start": 1, "confirmable": False, "cells": 9,
               "confirmed": end | {"samples": 1, "factor": 0.75, "limit": 0.62}}  # fmt: skip
    factor = {
        "alpha": 0.05,
        "brackets": [
            bracket | {"reading": "first", "refuted": end | {"samples": 30, "factor": 2.5, "limit": 0.11}},
            bracket | {"reading": "second", "variant": "main", "confirmable": True, "refuted": None},
        ],
        "holds_from": [{"variant": "main", "dimension": 8, "colour": 1, "reading": "first", "every": None,
                        "confirmable": 3, "last_confirmable": 30, "proved": 2}],
    }  # fmt: skip
    arms = [("main", None, None, False), ("width=16", "model.width", 16, False), ("width=64", "model.width", 64, False)]
    arms += [("warm=0.0", "training.warm_up", 0.0, False), ("order=free", "training.order", "free", False)]
    arms += [("size=20", "world.size", 20, True)]
    return RegimeMap.model_validate(
        {
            "schema_version": 2, "wall_seconds": 3.0, "complete": True,
            "environment": {
                "factbound": "0", "git_commit": None, "git_dirty": None, "code_hash": "x", "python": "3", "torch": "2",
                "numpy": "2", "blas": "none", "cpu": "a machine", "threads": 1, "device": "cpu", "dtype": "float64",
            },
            "experiment": {"name": "toy", "title": "toys", "leading": "main",
                           "axes": {"d": "dimension", "c": "colour", "n": "samples"}, "run_axes": ["d", "c"]},
            "notation": [_symbol("s", "S"), _symbol("d", "|D|"), _symbol("n", "n")],
            "config": {"world": {}, "seeds": {"looks": [12]}}, "design": design,
            "variations": [
                {"key": "model.width", "values": [16, 64], "main": 32.0},
                {"key": "training.warm_up", "values": [0.0], "main": 5.0},
                {"key": "training.order", "values": ["free"], "main": None},
                {"key": "world.size", "values": [20], "main": 60.0},
            ],
            "arms": [dict(zip(("name", "key", "value", "size"), arm, strict=True)) for arm in arms],
            "success": 0.3, "failure": 0.7, "resamples": 20, "cells": cells, "contours": contours,
            "law": {
                "cells": 7, "collinearity": 0.98765,
                "exponents": [exponent | {"name": "n", "estimate": 1.05},
                              exponent | {"name": "d", "estimate": -2.0, "lower": None, "upper": None, "source": None,
                                          "tail": None}],
                "held_out": [
                    {"law": "tail", "split": "d", "deviation": 0.0123, "lower": 0.01, "upper": 0.02, **held},
                    {"law": "power", "split": "d", "deviation": 0.0456, "lower": None, "upper": None, **held},
                    {"law": "power", "split": "sizes", "deviation": 0.0789, "lower": 0.07, "upper": 0.09, **held},
                ],
                "collapse": collapse,
            },
            "factor": factor,
            "prediction": prediction,
        } | changes
    )  # fmt: skip
