"""What the judge refuses, and what it says where nothing can be judged."""

import gzip
import json
import random
import sys
from dataclasses import replace

import pytest
import sympy as sp
from judging_builders import OBSERVABLES, make_cell, make_claim, settings

import empirics
from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.judging.judge import judge_claim
from empirics.judging.mutants import judge_mutants
from empirics.judging.rules import rule_of
from empirics.observables.catalogue import observables
from theory import Kind, Mutant, claim

HEADER = "R,K,N_f,seed,ood_error\n"
CLAIM = ["--claim", "ood-error-literal", "--assume", "pretraining_gap"]


def refused(capsys, path, *more):
    assert run(["judge", str(path), *(more or CLAIM)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line.removeprefix("factbound: ")


def test_a_bound_that_is_not_defined_is_out_of_scope(tmp_path, capsys):
    (tmp_path / "m.csv").write_text(HEADER + "9,30,5,0,0.5\n")
    assert run(["judge", str(tmp_path / "m.csv"), *CLAIM, "--json"]) == 3
    (verdict,) = json.loads(capsys.readouterr().out)["verdicts"]
    assert verdict["verdict"] == "OUT OF SCOPE"
    assert verdict["reason"].startswith("the bound is undefined here: ood-error-literal at K=30, R=9: needs K <= R")


def test_a_bound_in_a_symbol_that_the_cell_has_not_is_out_of_scope():
    cell = replace(make_cell([0.5] * 4, observable="ood_error"), symbols={"R": 20, "K": 2}, axes={"R": "|R|"})
    (outcome,) = judge_claim(claim(CLAIM[1]).without(["pretraining_gap"]), [cell], settings()).outcomes
    needs = "ood-error-literal needs N_f (it uses R, K, N_f)"
    assert (outcome.verdict, outcome.reason) == ("OUT OF SCOPE", f"the bound is undefined here: {needs}")


def test_cells_without_a_common_seed_have_no_statement_on_all(tmp_path, capsys):
    rows = [f"9,3,{5 + seed % 2},{seed},0.5" for seed in range(8)]
    (tmp_path / "m.csv").write_text(HEADER + "\n".join(rows))
    assert run(["judge", str(tmp_path / "m.csv"), *CLAIM, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [len(cell["seeds"]) for cell in found["cells"]] == [4, 4]
    assert found["pooled"] is None


def test_what_no_run_could_measure_needs_a_range():
    item = replace(claim(CLAIM[1]), id="mine", observable="luck", mutants=())
    with pytest.raises(UsageError, match=r"^the range of luck is unknown; pass it \(--range LOW,HIGH\) or register"):
        empirics.judge([{"R": 9, "K": 3, "N_f": 5, "seed": 0, "luck": 1}], item)


def test_a_mean_without_a_range_and_a_bound_without_a_number_are_defects_of_the_claim():
    rule = rule_of(Kind.UPPER, OBSERVABLES["gap"], 0.05, 0.05)
    with pytest.raises(ValueError, match="gap has no finite range, so its mean has no distribution-free limits"):
        rule.limits([0.1])
    with pytest.raises(ValueError, match="test: a claim of kind upper needs a bound"):
        judge_claim(make_claim("upper"), [make_cell([0.1] * 4)], settings(), OBSERVABLES)


def test_one_world_has_no_interval_of_its_effect():
    outcome = judge_claim(
        make_claim("comparison", observable="slope"), [make_cell([1.0], observable="slope")], settings(), OBSERVABLES
    )
    assert outcome.outcomes[0].effect is None


def test_what_is_undefined_at_one_place_of_a_series_moves_nowhere():
    item = make_claim("trend", axis="N_f", direction=-1)
    values = [[0.5] * 15 + [None], [0.25] * 16, [0.125] * 16]
    cells = [make_cell(row, index=i, N_f=i + 2) for i, row in enumerate(values)]
    cells[2] = replace(cells[2], seeds=tuple(range(1, 17)))
    (outcome,) = judge_claim(item, cells, settings(), OBSERVABLES).outcomes
    assert [step.falls for step in outcome.steps] == [14, 15, 15]


def test_an_arm_without_a_value_is_not_compared_there():
    item = make_claim("comparison", arm="other", reference="main")
    cells = [make_cell([0.5] * 16), make_cell([None] + [0.75] * 15, index=1, variant="other")]
    (outcome,) = judge_claim(item, cells, settings(), OBSERVABLES, (16,)).outcomes
    assert (outcome.counts.yes, outcome.counts.undefined) == (15, 1)


def test_a_mutant_that_is_the_claim_is_not_refuted(monkeypatch):
    exact = claim("covering-none-seen")
    few = replace(observables()[exact.observable], small=({"N_f": 2, "K": 1, "R": 3}, {"N_f": 1, "K": 2, "R": 3}))
    monkeypatch.setattr("empirics.judging.mutants.observables", lambda: {exact.observable: few})
    same = replace(exact, mutants=(Mutant("same", exact.log_expression, "no change"),))
    (outcome,) = judge_mutants([same], [], settings())
    assert (outcome.refuted, outcome.evidence) == (False, "no counterexample with N_f up to 2, K up to 2, R up to 3")


def test_a_mutant_that_no_certificate_speaks_of_is_not_tested():
    item = replace(claim("pretraining-rate-linear"), mutants=(Mutant("nobody's", sp.Integer(0), "unknown"),))
    (outcome,) = judge_mutants([item], [], settings())
    assert (outcome.refuted, outcome.evidence) == (None, "no certificate covers it")


def test_a_compressed_table_that_ends_early(tmp_path, capsys):
    random.seed(1)
    rows = "".join(f"9,3,5,{seed},{random.random()}\n" for seed in range(5000))
    path = tmp_path / "m.csv.gz"
    path.write_bytes(gzip.compress((HEADER + rows).encode())[:-5000])
    assert refused(capsys, path).startswith(f"cannot read {path}: Compressed file ended before the end")


def test_a_field_that_never_ends(tmp_path, capsys):
    path = tmp_path / "m.csv"
    path.write_text(HEADER + "9,3,5,0,0.5\n9,3,5,1," + "1" * 140_000 + "\n")
    assert refused(capsys, path) == f"{path}, line 3: field larger than field limit (131072)"


def test_parquet_without_the_library_that_reads_it(tmp_path, capsys, monkeypatch):
    path = tmp_path / "m.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refused(capsys, path) == f"{path} is a Parquet file: pip install pyarrow, or export it as CSV"


def test_a_list_is_no_number():
    with pytest.raises(UsageError, match=r"^row 1, column ood_error: \[1\] is not a number$"):
        empirics.judge([{"R": 9, "K": 3, "N_f": 5, "seed": 0, "ood_error": [1]}], CLAIM[1])
