"""The registry: every claim is there, well formed, and third parties can add theirs."""

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

import theory
from theory import (
    Assumption,
    Claim,
    Evaluation,
    Kind,
    Measured,
    Mutant,
    Premises,
    Provenance,
    Source,
    measured,
    plugins,
    registry,
)
from theory.claims.xu_chen.paper import PAPER, K, N_f, R, epsilon
from theory.fingerprint import fingerprint

REQUIRED = {
    "pretraining-floor": (Provenance.DERIVED, Kind.IDENTITY),
    "pretraining-rate-linear": (Provenance.DERIVED, Kind.UPPER),
    "pretraining-rate": (Provenance.RECONSTRUCTED, Kind.RATE),
    "coverage-half-mean": (Provenance.DERIVED, Kind.UPPER),
    "ood-error-normalised": (Provenance.STATED, Kind.UPPER),
    "ood-error-literal": (Provenance.STATED, Kind.UPPER),
    "covering-some-unseen": (Provenance.DERIVED, Kind.IDENTITY),
    "covering-none-seen": (Provenance.DERIVED, Kind.IDENTITY),
    "coverage-union": (Provenance.DERIVED, Kind.UPPER),
    "coverage-union-sharp": (Provenance.DERIVED, Kind.UPPER),
    "covering-some-unseen-sharp": (Provenance.DERIVED, Kind.UPPER),
    "mechanism": (Provenance.RECONSTRUCTED, Kind.COMPARISON),
    "failure-regime": (Provenance.RECONSTRUCTED, Kind.LOWER),
    "ood-error-linear-memory": (Provenance.DERIVED, Kind.LOWER),
    "ood-error-linear-memory-two-sided": (Provenance.DERIVED, Kind.IDENTITY),
    "ood-error-linear-memory-upper": (Provenance.DERIVED, Kind.UPPER),
    "ood-error-linear-memory-once": (Provenance.DERIVED, Kind.LOWER),
    "attention-pattern": (Provenance.RECONSTRUCTED, Kind.COMPARISON),
    "relation-features": (Provenance.RECONSTRUCTED, Kind.COMPARISON),
    "rank-one": (Provenance.DERIVED, Kind.IDENTITY),
    "low-rank": (Provenance.RECONSTRUCTED, Kind.EQUIVALENCE),
    "trend-finetuned": (Provenance.STATED, Kind.TREND),
    "trend-multiplicity": (Provenance.STATED, Kind.TREND),
    "trend-templates": (Provenance.STATED, Kind.TREND),
    "ablation-attention-only": (Provenance.STATED, Kind.COMPARISON),
    "ablation-mlp-only": (Provenance.STATED, Kind.COMPARISON),
    "learning-rate-schedule": (Provenance.STATED, Kind.COMPARISON),
    "lm-trends": (Provenance.STATED, Kind.TREND),
    "lm-low-rank": (Provenance.STATED, Kind.EQUIVALENCE),
}


def minimal(**changes: object) -> Claim:
    fields: dict[str, object] = {
        "id": "test",
        "title": "t",
        "statement": "s",
        "kind": Kind.UPPER,
        "source": Source(paper=PAPER, provenance=Provenance.DERIVED, text="none"),
        "observable": "ood_error",
        "required": False,
        "log_expression": -N_f / R,
    }
    return Claim(**{**fields, **changes})


def test_every_claim_is_registered_with_its_provenance_and_kind() -> None:
    found = {c.id: (c.provenance, c.kind) for c in theory.all_claims()}
    assert {identifier: found.get(identifier) for identifier in REQUIRED} == REQUIRED


@pytest.mark.parametrize("claim", theory.all_claims(), ids=lambda claim: claim.id)
def test_claim_is_complete(claim: Claim) -> None:
    assert claim.title
    assert len(claim.statement) > 40
    assert claim.source_text
    assert claim.observable.isidentifier()
    assert re.fullmatch(r"[A-Z]\d+", claim.number)
    assert claim.proof == (f"claims/{claim.id}" if claim.provenance is Provenance.DERIVED else None)
    assert len({m.name for m in claim.mutants}) == len(claim.mutants)
    assert {m.refuted_by for m in claim.mutants} <= {"certification", "measurement"}
    if claim.kind is Kind.IDENTITY:
        assert claim.tolerance is not None
    if claim.kind in (Kind.UPPER, Kind.LOWER, Kind.IDENTITY):
        assert claim.log_expression is not None
        assert claim.formula.startswith(claim.observable)
        assert claim.relation is not None
    else:
        assert claim.log_expression is None
        with pytest.raises(ValueError, match="states no number"):
            claim.log_bound()
    if claim.kind is Kind.EQUIVALENCE:
        assert claim.reference is not None


@pytest.mark.parametrize("claim", theory.all_claims(), ids=lambda claim: claim.id)
def test_expressions_are_exact_and_survive_latex_and_srepr(claim: Claim) -> None:
    expressions = [claim.log_expression, *(m.log_bound for m in claim.mutants)]
    expressions += [*claim.domain, *(a.relation for a in claim.assumptions)]
    for expression in expressions:
        if expression is None:
            continue
        assert not expression.atoms(sp.Float)
        # The tests may rebuild an expression from its text; the product never does.
        assert eval(sp.srepr(expression), vars(sp).copy()) == expression
        latex = sp.latex(expression)
        assert latex.count("{") == latex.count("}")
    if claim.log_expression is not None:
        assert claim.latex is not None
        assert claim.latex.count("{") == claim.latex.count("}")
        assert r"\left" not in claim.latex or claim.latex.count(r"\left") == claim.latex.count(r"\right")


def test_floats_are_refused() -> None:
    with pytest.raises(ValueError, match=r"use sympy\.Rational"):
        minimal(log_expression=-0.5 * N_f / R)
    with pytest.raises(ValueError, match="mutant bad holds the float"):
        minimal(mutants=(Mutant("bad", 0.1 * K, "a float", "measurement"),))


def test_unknown_symbols_are_refused() -> None:
    with pytest.raises(ValueError, match="uses \\['zeta'\\]"):
        minimal(log_expression=sp.Symbol("zeta") * N_f)
    with pytest.raises(ValueError, match="uses \\['N_f'\\]"):  # another symbol of that name
        minimal(log_expression=-sp.Symbol("N_f"))
    free = sp.Symbol("rho", positive=True)
    assert minimal(log_expression=free * N_f, evaluation=Evaluation(minimised_over=(free,))).symbols == ("N_f",)
    with pytest.raises(ValueError, match="minimised_over"):
        minimal(evaluation=Evaluation(minimised_over=(N_f,)))


def test_a_premise_that_sympy_has_decided_is_refused() -> None:
    with pytest.raises(ValueError, match="test: a premise that always holds"):
        minimal(premises=Premises(domain=(K >= 1,)))
    with pytest.raises(ValueError, match="test: a premise that never holds"):
        minimal(premises=Premises(assumptions=(Assumption("K", K < 1, "never"),)))


def test_axis_goes_with_a_trend() -> None:
    with pytest.raises(ValueError, match="axis goes with a trend"):
        minimal(measured=Measured(axis="N_f"))
    with pytest.raises(ValueError, match="axis goes with a trend"):
        minimal(kind=Kind.TREND, log_expression=None)
    with pytest.raises(ValueError, match="allowed are the symbols"):
        minimal(kind=Kind.TREND, log_expression=None, measured=Measured(axis="finetuned"))


def test_a_property_of_a_run_goes_with_a_bound() -> None:
    with pytest.raises(ValueError, match="per_run='excess' goes with an upper or a lower bound"):
        minimal(kind=Kind.COMPARISON, log_expression=None, measured=Measured(per_run="excess"))
    plain = minimal(kind=Kind.LOWER)
    judged = minimal(kind=Kind.LOWER, measured=Measured(per_run="excess"))
    assert (plain.judged_on, plain.by_share) == (plain.observable, False)
    assert (judged.judged_on, judged.by_share) == ("excess", True)
    assert judged.on_the_mean() == plain
    assert judged.relation == plain.relation
    assert fingerprint(judged) != fingerprint(plain)
    mutant = Mutant("others", -N_f, "other facts", "measurement", per_run="other")
    assert judged.mutated(mutant).judged_on == "other"
    assert not judged.mutated(Mutant("number", -N_f, "another number", "measurement")).by_share


def test_unknown_claim_lists_those_there_are() -> None:
    first = theory.all_claims()[0].id
    with pytest.raises(theory.UnknownClaimError, match=f"unknown claim 'nonsense'; known are {first}"):
        theory.claim("nonsense")


def test_premises_evaluate_to_value_limit_and_truth() -> None:
    gap = Assumption("pretraining_gap", sp.Le(measured("pretraining_gap"), epsilon), "near-optimal")
    premise = gap.evaluate({"pretraining_gap": 0.02, "epsilon": 0.1})
    assert (premise.value, premise.limit, premise.holds) == (0.02, 0.1, True)
    assert not gap.evaluate({"pretraining_gap": 1.39, "epsilon": 0.1}).holds
    assert not gap.evaluate({"pretraining_gap": None, "epsilon": 0.1}).holds
    assert not gap.evaluate({"pretraining_gap": float("nan"), "epsilon": 0.1}).holds
    (step,) = theory.claim("pretraining-rate-linear").assumptions
    assert step.evaluate({"eta": 2.0, "pretraining_smoothness": 0.5}).holds
    assert not step.evaluate({"eta": 2.1, "pretraining_smoothness": 0.5}).holds


def test_reversed_trend_is_a_mutant() -> None:
    claim = theory.claim("trend-finetuned")
    (mutant,) = claim.mutants
    assert claim.mutated(mutant).direction == -claim.direction
    assert claim.mutated(mutant).kind is Kind.TREND


class Point:
    """An entry point that gives ``item``."""

    name = value = "theirs"
    dist = None

    def __init__(self, item: object) -> None:
        self.item = item

    def load(self) -> object:
        return self.item


THEIRS = minimal(id="theirs").source


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            theory.claim("rank-one"),
            "claim id rank-one is registered twice, the second time by entry point theirs",
        ),
        ([minimal(), "no claim"], "it gives str, not a Claim"),
        (
            minimal(source=replace(THEIRS, paper=replace(PAPER, title="another"))),
            "two papers are named xu-chen, the second one by entry point theirs (theirs)",
        ),
    ],
)
def test_what_a_third_party_may_not_register(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, item: object, message: str
) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: [Point(item)])
    plugins._tell.cache_clear()
    found = registry._registered.__wrapped__(())
    assert (found.papers, list(found.claims)) == (theory.papers(), [c.id for c in theory.all_claims()])
    broken = found.broken["theirs"]
    assert f"entry point theirs (theirs) is broken: {type(broken.__cause__).__name__}: " in caplog.text
    assert message in str(broken)


def test_a_papers_claims_stand_together_in_the_order_of_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = replace(PAPER, name="theirs")
    theirs = [minimal(id=f"theirs-{n}", source=replace(THEIRS, paper=paper, number=n)) for n in ("", "T10", "T2")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: [Point(theirs)])
    found = registry._registered.__wrapped__(())
    assert found.papers == (*theory.papers(), paper)
    assert {str(found.origins[i]) for i in list(found.claims)[-3:]} == {"entry point theirs (theirs)"}
    assert list(found.claims)[-3:] == ["theirs-T2", "theirs-T10", "theirs-"]


def test_third_party_claims_are_found_by_entry_point(tmp_path: Path) -> None:
    """Install the example by hand (no network): its module and the metadata that an installer would write."""
    example = Path(__file__).parent / "example_claims"
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    (tmp_path / "example_claims.py").write_text((example / "example_claims.py").read_text())
    info = tmp_path / "factbound_example_claims-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text(points)
    code = (
        "import theory\n"
        "claim = theory.claim('example-first-template-unseen')\n"
        "assert claim in theory.all_claims()\n"
        "assert theory.papers()[-1].name == 'example'\n"
        "print(claim.bound(N_f=2, K=1, R=2))\n"
    )
    root = Path(theory.__file__).parents[1]
    path = os.pathsep.join([str(tmp_path), str(root)])
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) == pytest.approx(0.25)
