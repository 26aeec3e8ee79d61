"""Verdicts on the user's own numbers."""

import csv
import json
import math

import numpy as np
import pytest

import empirics
from empirics.cli.app import run
from empirics.judging.confidence import lower_limit

CLAIM = "ood-error-literal"
HEADER = ["N_f", "K", "R", "seed", "ood_error", "pretraining_gap"]


def rows(error=0.1, seeds=40, gap=0.01, K=3, finetuned=(10,)):
    return [[n, K, 20, s, error, gap] for n in finetuned for s in range(seeds)]


def table(path, lines, header=HEADER):
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(lines)
    return str(path)


def judged(capsys, path, *more, status=0):
    assert run(["judge", path, "--claim", CLAIM, "--json", *more]) == status
    return json.loads(capsys.readouterr().out)


def test_holds_violated_undecided_out_of_scope(capsys, tmp_path):
    path = tmp_path / "m.csv"
    found = judged(capsys, table(path, rows()))
    assert found["verdict"] == "HOLDS"
    (verdict,) = found["verdicts"]
    assert verdict["bound"] == pytest.approx(math.exp(-10 * 9 * math.log(20) / 800))
    assert verdict["lower"] <= 0.1 <= verdict["upper"]
    assert judged(capsys, table(path, rows(error=1.0)), status=1)["verdict"] == "VIOLATED"
    assert judged(capsys, table(path, rows(error=0.6, seeds=3)))["verdict"] == "UNDECIDED"
    assert judged(capsys, table(path, rows(error=0.6, seeds=3)), "--strict", status=3)["verdict"] == "UNDECIDED"
    out = judged(capsys, table(path, rows(gap=1.39)), status=3)
    assert out["verdict"] == "OUT OF SCOPE"
    assert "pretraining_gap <= 0.1 fails" in out["verdicts"][0]["reason"]
    assert judged(capsys, table(path, rows(K=1)), status=3)["verdict"] == "OUT OF SCOPE"


def test_a_premise_that_was_not_measured_fails_unless_it_is_assumed(capsys, tmp_path):
    path = table(tmp_path / "m.csv", [r[:5] for r in rows()], HEADER[:5])
    assert judged(capsys, path, status=3)["verdict"] == "OUT OF SCOPE"
    found = judged(capsys, path, "--assume", "pretraining_gap")
    assert found["verdict"] == "HOLDS"
    assert found["assumed"] == ["pretraining_gap"]


def test_the_same_statistics_as_a_verification(tmp_path, capsys):
    """A verification's own numbers, taken out and judged, give the verification's verdicts."""
    settings = ["world.subjects=12", "world.answers=12", "world.templates=[6]", "world.multiplicity=[2,3]"]
    settings += ["world.finetuned=[2,8]", "model.width=32", "pretraining.steps=800", "seeds.minimum=6"]
    results = empirics.verify(empirics.load_config("default", None, settings), claims=[CLAIM], workers=1)
    columns = {name: [] for name in HEADER}
    for cell in results.cells:
        for i, seed in enumerate(cell.seeds):
            values = [cell.finetuned, cell.multiplicity, cell.templates, seed]
            values += [cell.observables[n].values[i] for n in ("ood_error", "pretraining_gap")]
            for name, value in zip(HEADER, values, strict=True):
                columns[name].append(value)
    again = empirics.judge(columns, CLAIM)
    assert again.verdict == results.claim(CLAIM).verdict
    for ours, theirs in zip(again.outcome.outcomes, results.verdicts, strict=True):
        assert (ours.verdict, ours.lower, ours.upper, ours.bound, ours.alpha) == (
            theirs.verdict, theirs.lower, theirs.upper, theirs.bound, theirs.alpha,
        )  # fmt: skip


def test_python_takes_rows_columns_arrays_and_paths(tmp_path):
    lines = rows()
    path = table(tmp_path / "m.csv", lines)
    columns = {name: np.array([r[i] for r in lines]) for i, name in enumerate(HEADER)}
    as_rows = [dict(zip(HEADER, line, strict=True)) for line in lines]
    verdicts = {empirics.judge(frame, CLAIM).verdict for frame in (path, columns, as_rows)}
    assert verdicts == {"HOLDS"}


def test_one_measurement_alone_is_judged_and_decides_nothing():
    (row,) = rows(seeds=1)
    found = empirics.judge([dict(zip(HEADER, row, strict=True))], CLAIM)
    assert (found.verdict, found.outcome.outcomes[0].estimate) == ("UNDECIDED", 0.1)


def test_an_empty_field_is_a_failed_run_that_stays_counted(tmp_path):
    lines = rows(seeds=10)
    for line in lines[:3]:
        line[4] = ""
    found = empirics.judge(table(tmp_path / "m.csv", lines), CLAIM)
    assert found.verdict == "OUT OF SCOPE"
    assert "7 of 10 seeds" in found.outcome.outcomes[0].reason


def falling(seeds):
    """A table in which the error falls with N_f in every world."""
    errors = ((2, 0.6), (10, 0.2))
    return [[n, 3, 20, s, round(mean + 0.001 * s, 3), 0.01] for n, mean in errors for s in range(seeds)]


def test_a_trend_on_own_measurements_is_judged_on_the_share_of_worlds(capsys, tmp_path):
    path = table(tmp_path / "m.csv", falling(14))
    assert run(["judge", path, "--claim", "trend-finetuned", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["limits"] == "betting"
    (verdict,) = found["verdicts"]
    assert verdict["counts"] == {"yes": 14, "tie": 0, "no": 0, "undefined": 0, "ran": 14}
    assert (verdict["estimate"], verdict["bound"], verdict["effect"]["mean"]) == (1.0, 0.8, pytest.approx(0.4))
    assert verdict["lower"] == lower_limit([1.0] * 14, 0.05)
    assert verdict["upper"] == 1.0
    assert (found["pooled"]["lower"], found["pooled"]["worlds"]) == (verdict["lower"], 14)
    assert verdict["verdict"] == found["verdict"] == ("HOLDS" if verdict["lower"] >= 0.8 else "UNDECIDED")
    assert empirics.judge(table(tmp_path / "n.csv", falling(40)), "trend-finetuned").verdict == "HOLDS"
    rising = [[12 - n, *rest] for n, *rest in falling(40)]
    assert run(["judge", table(tmp_path / "r.csv", rising), "--claim", "trend-finetuned"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "judged on the share of worlds, limits are time-uniform (betting)" in told
    assert "0/0/40/0 of 40" in told
    assert "alpha of the limit that confirms / that refutes: 0.05 / 0.025" in told
    assert told.endswith("trend-finetuned: VIOLATED (80 rows read, 80 used)")


def test_an_equivalence_of_arms_on_own_measurements_is_judged_on_worlds(tmp_path):
    lines = [[n, 3, 20, s, 0.3 + (0.2 if arm and s < 4 else 0.0), 0.01, "low-rank" if arm else "main"]
             for arm in (0, 1) for n in (5, 10) for s in range(40)]  # fmt: skip
    found = empirics.judge(table(tmp_path / "m.csv", lines, [*HEADER, "variant"]), "low-rank")
    assert [(o.counts.yes, o.counts.no) for o in found.outcome.outcomes] == [(36, 4), (36, 4)]
    assert found.outcome.outcomes[0].effect[0] == pytest.approx(0.02)
    assert "in 36 of 40 worlds" in found.outcome.outcomes[0].reason


def test_a_bound_that_all_cells_together_support(capsys, tmp_path):
    """At N_f = 10 the mean is too near the bound to be decided; every run meets it."""
    path = table(tmp_path / "m.csv", rows(error=0.7, finetuned=(5, 10)))
    found = judged(capsys, path, "--strict")
    assert found["verdict"] == "SUPPORTED"
    assert [v["verdict"] for v in found["verdicts"]] == ["HOLDS", "UNDECIDED"]
    assert found["pooled"]["statement"] == "fraction of runs that meet the bound"
    assert run(["judge", path, "--claim", CLAIM, "--strict"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "judged on the mean over seeds" in told
    assert "all cells together: fraction of runs that meet the bound, averaged over 40 worlds: 1 [0.921, 1]" in told


def test_a_figure_of_bound_and_measurements(tmp_path):
    path = table(tmp_path / "m.csv", rows(finetuned=(2, 5, 10)))
    for ending in ("svg", "png", "pdf"):
        figure = tmp_path / f"figure.{ending}"
        assert run(["judge", path, "--claim", CLAIM, "--plot", str(figure)]) == 0
        assert figure.stat().st_size > 5000
    data = list(csv.DictReader((tmp_path / "figure.csv").open()))
    assert [(r["N_f"], r["mean"], r["seeds"]) for r in data] == [
        ("2", "0.1", "40"),
        ("5", "0.1", "40"),
        ("10", "0.1", "40"),
    ]
    assert float(data[2]["bound"]) == pytest.approx(math.exp(-10 * 9 * math.log(20) / 800))
    before = (tmp_path / "m.csv").read_text()
    assert run(["judge", path, "--claim", CLAIM, "--plot", str(tmp_path / "m.svg")]) == 2
    assert (tmp_path / "m.csv").read_text() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t[0].__setitem__(4, "high"), ["line 2", "ood_error", "high", "number"]),
        (lambda t: t[3].__setitem__(4, "1.5"), ["line 5", "ood_error", "1.5", "[0, 1]"]),
        (lambda t: t[3].__setitem__(4, "-inf"), ["line 5", "ood_error", "-inf", "not finite"]),
        (lambda t: t[1].__setitem__(3, "first"), ["line 3", "seed", "first"]),
        (lambda t: t[1].__setitem__(0, "2.5"), ["line 3", "N_f", "2.5"]),
        (lambda t: t[1].__setitem__(1, "-3"), ["line 3", "K", "-3"]),
        (lambda t: t[1].__setitem__(3, 0), ["line 3", "duplicate seed 0"]),
        (lambda t: t[1].append("more"), ["line 3", "7 fields", "6 columns"]),
        (lambda t: t.clear(), ["no rows"]),
    ],
)
def test_errors_name_line_and_column(change, words, capsys, tmp_path):
    lines = rows(seeds=5)
    change(lines)
    assert run(["judge", table(tmp_path / "m.csv", lines), "--claim", CLAIM]) == 2
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--claim", "nothing"], ["nothing", CLAIM]),
        (["--claim", CLAIM, "--assume", "luck"], ["luck", "pretraining_gap"]),
        (["--claim", "low-rank"], ["column arm is missing"]),
        (["--claim", "mechanism"], ["own_template_error_excess", "coverage_auc_excess", "missing"]),
        (["--claim", CLAIM, "--plot", "figure.gif"], ["figure.gif", ".svg"]),
        (["--claim", CLAIM, "--range", "1"], ["--range=1"]),
    ],
)
def test_bad_requests(arguments, words, capsys, tmp_path):
    assert run(["judge", table(tmp_path / "m.csv", rows()), *arguments]) == 2
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    assert any(word in err for word in words)


@pytest.mark.parametrize("sign", ["tab", "\t", r"\t"])
def test_options_say_how_a_file_is_written(sign, capsys, tmp_path):
    path = tmp_path / "m.csv"
    lines = [[n, k, r, s, "0,125", "0,012", "x"] for n, k, r, s, *_ in rows(seeds=20)]
    header = ["n", *HEADER[1:], "note"]
    path.write_text("\n".join("\t".join(map(str, line)) for line in (header, *lines)))
    words = ["--delimiter", sign, "--decimal", ",", "--rename", "n=N_f"]
    found = judged(capsys, str(path), *words)
    assert found["cells"][0]["symbols"] == {"N_f": 10, "K": 3, "R": 20}
    assert found["verdicts"][0]["estimate"] == 0.125
    assert found["rows"] == {
        "unit": "line", "read": 20, "without_value": [], "of_other_arms": 0, "other_arms": [], "unpaired": 0,
        "empty": 0, "notes": ["columns are separated by tabs"],
    }  # fmt: skip


def test_missing_column_and_file(capsys, tmp_path):
    path = table(tmp_path / "m.csv", [r[1:] for r in rows()], HEADER[1:])
    assert run(["judge", path, "--claim", CLAIM]) == 2
    assert "column N_f is missing" in capsys.readouterr().err
    assert run(["judge", str(tmp_path / "none.csv"), "--claim", CLAIM]) == 2
    assert "cannot read" in capsys.readouterr().err
