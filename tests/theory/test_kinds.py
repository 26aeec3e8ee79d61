"""What a kind means, said once: relation, sign, rule, words, falsifier, worse side."""

import string

import pytest
import sympy as sp

import theory
from theory import KINDS, Claim, Kind, Paper, Provenance, Source
from theory.claims.xu_chen.paper import NOTATION, N_f
from theory.describe import evaluated
from theory.parts import relation_text

THRESHOLDS = {"bound", "zero", "equivalence_margin", "slope_limit"}
RULES = {"at_most", "at_least", "equal", "above", "monotone", "within"}


def test_every_kind_is_defined_and_found_from_it() -> None:
    assert set(KINDS) == set(Kind)
    for kind in Kind:
        meaning = kind.meaning
        assert meaning is KINDS[kind]
        assert meaning.rule in RULES
        assert meaning.threshold in THRESHOLDS
        assert meaning.worse in ("higher", "lower", None)
        assert (meaning.relation is None) == (meaning.sign == "") == (meaning.latex == "")
        fields = {name for _, name, _, _ in string.Formatter().parse(meaning.falsifier) if name}
        assert fields <= THRESHOLDS | {"observable", "property_share"}
    assert len({meaning.words for meaning in KINDS.values()}) == len(Kind)


@pytest.mark.parametrize("kind", [Kind.UPPER, Kind.LOWER, Kind.IDENTITY])
def test_sign_relation_latex_rule_and_worse_side_say_the_same(kind: Kind) -> None:
    """A bound of 1/2: what the relation makes of 1/4 and 3/4 is what sign, LaTeX, rule and worse side say."""
    claim = Claim(
        id="half",
        title="half",
        statement="The observable is compared with 1/2 to the power N_f.",
        kind=kind,
        observable="x",
        log_expression=-N_f * sp.log(2),
        source=Source(paper=Paper("test", NOTATION), provenance=Provenance.STATED, text="none"),
    )
    relation = claim.relation
    assert relation is not None
    x = sp.Symbol("x", nonnegative=True)
    truth = tuple(bool(relation.subs({x: sp.Rational(n, 4), N_f: 1})) for n in (1, 2, 3))
    said = {
        (True, True, False): ("<=", r"\le", "at_most", "higher"),
        (False, True, True): (">=", r"\ge", "at_least", "lower"),
        (False, True, False): ("==", "=", "equal", None),
    }[truth]
    meaning = kind.meaning
    assert (meaning.sign, meaning.latex, meaning.rule, meaning.worse) == said
    assert f" {said[0]} " in claim.formula
    assert f" {said[1]} " in str(claim.latex)


@pytest.mark.parametrize(
    ("kind", "limits", "vacuous"),
    [
        (Kind.UPPER, {"trivial": 0.25}, True),  # the bound is 1/4
        (Kind.UPPER, {"trivial": 0.26}, False),
        (Kind.UPPER, {"trivial": 0.26, "least": 0.25}, False),
        (Kind.UPPER, {}, False),
        (Kind.LOWER, {"least": 0.25}, True),
        (Kind.LOWER, {"least": 0.24}, False),
        (Kind.LOWER, {"least": 0.24, "trivial": 0.25}, False),
        (Kind.LOWER, {}, False),
        (Kind.IDENTITY, {"least": 0.25, "trivial": 0.25}, False),
    ],
)
def test_a_bound_is_vacuous_where_it_says_no_more_than_its_own_side_of_the_range(
    kind: Kind, limits: dict[str, float], vacuous: bool
) -> None:
    claim = Claim(
        id="quarter",
        title="quarter",
        statement="The observable is compared with 1/4.",
        kind=kind,
        observable="x",
        log_expression=-N_f * sp.log(2),
        source=Source(paper=Paper("test", NOTATION), provenance=Provenance.STATED, text="none"),
    )
    assert evaluated(claim, {"N_f": 2}, **limits)["vacuous"] is vacuous


def test_a_number_goes_with_the_kinds_that_have_a_relation() -> None:
    for claim in theory.all_claims():
        assert (claim.log_expression is None) == (claim.kind.meaning.relation is None)


@pytest.mark.parametrize("kind", [Kind.UPPER, Kind.LOWER])
def test_a_bound_judged_run_by_run_keeps_its_number_and_is_refuted_by_a_share(kind: Kind) -> None:
    plain, judged = kind.meaning, kind.meaning.per_run
    assert (judged.relation, judged.sign, judged.latex) == (plain.relation, plain.sign, plain.latex)
    assert (judged.rule, judged.threshold, judged.worse) == ("at_most", "zero", "lower")
    said = judged.falsifier.format(observable="x", property_share=0.8)
    assert said.startswith("a cell in scope in which x is at most 0 in fewer than 80% of worlds")


def test_relations_are_written_as_one_writes_them():
    n = sp.Symbol("n", integer=True)
    written = [relation_text(relation) for relation in (sp.Eq(n, 1), sp.Ne(n, 1), sp.Le(n, 1))]
    assert written == ["n = 1", "n != 1", "n <= 1"]
