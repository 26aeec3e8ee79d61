"""The inverse question, checked forward."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory import DomainError, Premises
from theory.claims.xu_chen.paper import K as K_
from theory.claims.xu_chen.paper import N_f as N_
from theory.claims.xu_chen.paper import R as R_
from theory.coverage import laws as covering
from theory.planning.inverse import delta
from theory.planning.plan import plan

BOUNDS = sorted(c.id for c in theory.all_claims() if set(c.symbols) == {"N_f", "K", "R"})
SYMBOLIC = [
    "coverage-half-mean",
    "ood-error-normalised",
    "ood-error-literal",
    "covering-none-seen",
    "coverage-union",
    "covering-some-unseen-sharp",
]
TARGETS = st.floats(1e-6, 0.95)


@pytest.mark.parametrize("identifier", BOUNDS)
@given(st.integers(2, 12), st.integers(2, 60), TARGETS)
@settings(deadline=None, max_examples=25)
def test_answer_satisfies_the_target_and_its_predecessors_do_not(identifier: str, K: int, R: int, goal: float) -> None:
    K = min(K, R)
    answer = plan(identifier, goal, K=K, R=R)
    claim = theory.claim(identifier)
    assert answer.value is not None
    assert answer.bound_at == claim.bound(N_f=answer.value, K=K, R=R) <= goal * (1 + 1e-12)
    if answer.value > 1:
        assert answer.bound_before is not None
        before = claim.bound(N_f=np.arange(max(1, answer.value - 300), answer.value), K=K, R=R)
        assert (before > goal * (1 - 1e-12)).all()
    assert answer.holds_from is not None
    after = claim.bound(N_f=np.arange(answer.holds_from, answer.holds_from + 300), K=K, R=R)
    assert (after <= goal * (1 + 1e-12)).all()
    if answer.holds_from > answer.value:
        assert claim.bound(N_f=answer.holds_from - 1, K=K, R=R) > goal


@pytest.mark.parametrize("identifier", SYMBOLIC)
@pytest.mark.parametrize(("K", "R", "goal"), [(4, 40, "0.05"), (2, 10, "0.3"), (3, 100, "1e-9"), (2, 1000, "0.001")])
def test_symbolic_inverse_agrees(identifier: str, K: int, R: int, goal: str) -> None:
    answer = plan(identifier, goal, K=K, R=R)
    assert answer.symbolic is not None
    values = {K_: K, R_: R, delta: answer.target}
    assert answer.value == max(1, math.ceil(answer.symbolic.subs(values).evalf(30)))


@pytest.mark.parametrize("identifier", ["ood-error-normalised", "ood-error-literal", "coverage-half-mean"])
def test_symbolic_inverse_in_multiplicity_agrees(identifier: str) -> None:
    answer = plan(identifier, 0.05, unknown="K", N_f=200, R=60)
    values = {N_: 200, R_: 60, delta: answer.target}
    assert answer.value == math.ceil(answer.symbolic.subs(values).evalf(30))


def test_question_of_the_task() -> None:
    """How many fine-tuning facts for an error of 0.05 at K = 4, |R| = 40?"""
    answers = {identifier: plan(identifier, 0.05, K=4, R=40).value for identifier in BOUNDS}
    assert answers == {
        "coverage-half-mean": 600,
        "ood-error-normalised": 600,
        "ood-error-literal": 163,
        "coverage-union": 877,
        "coverage-union-sharp": 139,
        "covering-some-unseen": 42,
        "covering-some-unseen-sharp": 42,
        "covering-none-seen": 7,
        "ood-error-linear-memory": 42,
        "ood-error-linear-memory-once": 46,
        "ood-error-linear-memory-upper": 139,
    }


@given(st.integers(1, 12), st.integers(3, 14), st.fractions(Fraction(1, 50), Fraction(49, 50)))
@settings(deadline=None, max_examples=60)
def test_least_multiplicity_of_the_exact_law_is_found_though_it_is_not_monotone(N: int, R: int, goal: Fraction) -> None:
    good = [K for K in range(1, R + 1) if covering.some_unseen(N, K, R) <= goal]
    answer = plan("covering-some-unseen", goal, unknown="K", N_f=N, R=R)
    assert answer.value == good[0]
    bad = [K for K in range(1, R + 1) if K not in good]
    assert answer.holds_from == max(bad, default=0) + 1


@pytest.mark.parametrize("identifier", ["coverage-union", "coverage-union-sharp", "covering-some-unseen-sharp"])
@pytest.mark.parametrize("N_f", [3, 20, 150])
def test_least_multiplicity_of_closed_forms(identifier: str, N_f: int) -> None:
    claim, R = theory.claim(identifier), 30
    values = claim.bound(N_f=N_f, K=np.arange(1, R + 1), R=R)
    answer = plan(identifier, 0.2, unknown="K", N_f=N_f, R=R)
    good = np.flatnonzero(values <= 0.2) + 1
    assert answer.value == (int(good[0]) if good.size else None)
    if good.size:
        bad = np.flatnonzero(values > 0.2) + 1
        assert answer.holds_from == (int(bad[-1]) + 1 if bad.size else 1)


def test_ties_are_decided_exactly() -> None:
    assert plan("ood-error-literal", 0.5, K=2, R=4).value == 4  # 4^(-1/2) = 1/2
    assert plan("covering-none-seen", 0.25, K=1, R=2).value == 2
    assert plan("covering-some-unseen", "0.25", K=1, R=2).value == 2
    assert plan("covering-some-unseen-sharp", Fraction(1, 4), K=1, R=2).value == 2
    assert plan("covering-none-seen", 0.3, K=3, R=6).value == 1  # 1/20
    assert plan("covering-none-seen", 0.9, K=1, R=10).value == 1  # the decimal 0.9, not its binary neighbour
    assert plan("rank-one", 0.1).value == 10


def test_answers_of_a_thousand_million_and_beyond() -> None:
    assert plan("covering-some-unseen", 1e-300, K=2, R=10**6).value == 345_733_992
    sharp = plan("coverage-union-sharp", 1e-300, K=2, R=10**6)
    assert sharp.value is not None
    assert sharp.value > 2 * 10**9
    assert sharp.bound_at <= 1e-300 < sharp.bound_before
    normalised = plan("ood-error-normalised", 0.05, K=3, R=10**6)
    assert normalised.value == math.ceil(-2 * 10**12 / 9 * math.log(0.05))


def test_steps_of_pretraining_can_be_planned() -> None:
    answer = plan("pretraining-rate-linear", 0.1, unknown="t", S=30, A=30, R=8, K=1, eta=20)
    assert answer.value is not None
    assert answer.bound_at <= 0.1 < answer.bound_before


def test_lower_bound_is_said_to_be_necessary_only() -> None:
    answer = plan("failure-regime", 0.05, K=1, R=20, A=100)
    assert answer.value == math.ceil(math.log(0.06) / math.log(19 / 20))
    assert "more may be needed" in answer.reason


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"claim": "ood-error-literal", "target": 0.05, "K": 4, "R": 40, "S": 100}, "163 fine-tuned facts are needed"),
        ({"claim": "ood-error-literal", "target": 0.05, "K": 1, "R": 40}, "premise K >= 2 fails, K = 1"),
        ({"claim": "failure-regime", "target": 0.05, "K": 2, "R": 40, "A": 9}, "premise K <= 1 fails, K = 2"),
        ({"claim": "ood-error-literal", "target": 0.05, "K": 41, "R": 40}, "needs K <= R"),
        ({"claim": "ood-error-literal", "target": -0.1, "K": 4, "R": 40}, "negative"),
        ({"claim": "ood-error-literal", "target": 0, "K": 4, "R": 40}, "positive for every N_f"),
        ({"claim": "covering-some-unseen", "target": 0, "K": 4, "R": 40}, "positive for every N_f"),
        ({"claim": "coverage-union-sharp", "target": 0, "K": 4, "R": 40}, "positive for every N_f"),
        ({"claim": "ood-error-normalised", "target": 0.01, "unknown": "K", "N_f": 3, "R": 40}, "no K up to 40"),
    ],
)
def test_unreachable_targets_say_why(question: dict[str, object], reason: str) -> None:
    answer = plan(**question)
    assert answer.value is None
    assert answer.value is None
    assert reason in answer.reason


def test_zero_is_reached_where_the_bound_is_zero() -> None:
    assert plan("covering-some-unseen", 0, K=20, R=20).value == 1
    assert plan("covering-none-seen", 0, K=11, R=20).value == 1
    assert plan("coverage-union-sharp", 0, K=20, R=20).value == 1


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"claim": "trend-finetuned", "target": 0.1}, "states no number"),
        ({"claim": "ood-error-literal", "target": 0.1, "K": 4}, "needs R"),
        ({"claim": "ood-error-literal", "target": 0.1, "K": 4, "R": 20, "q": 1}, "does not know q"),
        ({"claim": "ood-error-literal", "target": 0.1, "unknown": "R", "K": 4, "N_f": 9}, "cannot solve for R"),
        ({"claim": "pretraining-floor", "target": 0.1, "unknown": "N_f", "K": 2}, "does not depend on N_f"),
        ({"claim": "ood-error-literal", "target": 0.1, "K": 4, "R": 20, "N_f": 3}, "leave out N_f or K"),
        ({"claim": "ood-error-literal", "target": 0.1, "unknown": "K", "K": 4, "R": 20, "N_f": 3}, "is the unknown"),
        ({"claim": "ood-error-literal", "target": float("nan"), "K": 4, "R": 20}, "finite number"),
        ({"claim": "ood-error-literal", "target": "half", "K": 4, "R": 20}, "finite number"),
        ({"claim": "ood-error-literal", "target": 0.1, "K": 0, "R": 20}, "K=0"),
    ],
)
def test_impossible_questions_are_refused(question: dict[str, object], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        plan(**question)


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (N_ >= 20, 20),
        (N_ > 5 * K_**3, 321),
        ((N_ - 30) * (N_ - 40) <= 0, 30),
        (sp.Eq(N_, 10**6 + 1), 10**6 + 1),
        (sp.Rational(7, 3) < N_ / 7, 17),
        (sp.sqrt(2) * N_ >= 20, 15),
    ],
)
def test_the_first_value_of_the_domain_is_found_wherever_it_is(domain: sp.Basic, value: int) -> None:
    item = theory.claim("ood-error-literal")
    item = replace(item, premises=Premises(domain=(*item.domain, domain)))
    assert plan(item, 1, K=4, R=40).value == value


def test_an_empty_domain_is_told_of() -> None:
    item = theory.claim("ood-error-literal")
    empty = replace(item, premises=Premises(domain=(N_ * (N_ - 1) < 0,)))
    assert plan(empty, 1, K=4, R=40).reason.startswith("no N_f from 0 to 1000000000000000000 is in the domain")
    beyond = replace(item, premises=Premises(domain=(sp.log(N_ + 1) > 8,)))
    assert plan(beyond, 1, K=4, R=40).reason.startswith("no N_f from 0 to 999 is in the domain")
