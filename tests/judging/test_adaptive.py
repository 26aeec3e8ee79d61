"""Adaptive seeds: the rule by hand, and in simulation against the fixed design."""

import numpy as np
from judging_builders import OBSERVABLES, make_cell, make_claim, settings

from empirics.experiments.protocol import Unit
from empirics.experiments.settings import Seeds
from empirics.judging.judge import judge_claim
from empirics.verification.adaptive import seeds_wanted

SEEDS = Seeds(minimum=8, maximum=32)
ARM = ("main", Unit(20, 2))


def wanted(values, bound, seeds=SEEDS, have=None):
    tables = [make_cell(values)]
    outcome = judge_claim(make_claim("upper", bound=bound), tables, settings(), OBSERVABLES)
    return seeds_wanted([outcome], tables, {ARM: len(values) if have is None else have}, seeds)


def test_decided_verdicts_draw_nothing():
    assert wanted([0.0] * 8, "9/10") == {}
    assert wanted([0.9] * 8, "1/10") == {}


def test_an_undecided_verdict_draws_what_it_needs_within_the_maximum():
    # About 15 zeros are needed for a bound of 0.2: drawn at once, at least four more.
    (count,) = wanted([0.0] * 8, "1/5").values()
    assert 14 <= count <= 18
    (count,) = wanted([0.0] * 8, "1/3").values()
    assert count == 12
    (count,) = wanted([0.0] * 8, "1/10").values()
    assert 28 <= count <= 32


def test_hopeless_verdicts_draw_nothing():
    assert wanted([0.0] * 8, "1/100") == {}  # hundreds of zeros needed
    assert wanted([0.5] * 4 + [0.52] * 4, "51/100") == {}  # on the bound


def test_at_the_maximum_nothing_is_drawn():
    assert wanted([0.0] * 32, "1/11", have=32) == {}


def test_a_unit_gets_the_first_goal_of_its_cells():
    cells = [make_cell([0.0] * 8, index=0, N_f=5), make_cell([0.0] * 8, index=1, N_f=10)]
    outcomes = [judge_claim(make_claim("upper", bound=b), cells, settings(), OBSERVABLES) for b in ("1/5", "1/8")]
    assert seeds_wanted(outcomes, cells, {ARM: 8}, SEEDS) == seeds_wanted(outcomes[:1], cells, {ARM: 8}, SEEDS)


def simulate(mean, bound, rng, *, adaptive):
    """One study of one cell; facts are correlated within a seed. Returns (verdict, seeds used)."""
    rates = rng.beta(2 * mean, 2 * (1 - mean), size=SEEDS.maximum)
    values = (rng.binomial(40, rates) / 40).tolist()
    count = SEEDS.minimum if adaptive else SEEDS.maximum
    claim = make_claim("upper", bound=bound)
    while True:
        table = make_cell(values[:count])
        outcome = judge_claim(claim, [table], settings(), OBSERVABLES)
        more = seeds_wanted([outcome], [table], {ARM: count}, SEEDS) if adaptive else {}
        if not more:
            return str(outcome.verdict), count
        count = more[ARM]


def test_adaptive_design_gives_the_verdicts_of_the_fixed_design_at_a_fraction_of_the_runs():
    """Over a range of truths: nearly the same verdicts, never opposite ones, at most 55 % of the runs."""
    opposite, same, used, studies = 0, 0, 0, 0
    for mean, bound in [
        (0.02, "1/2"),
        (0.1, "1/2"),
        (0.25, "1/2"),
        (0.4, "1/2"),
        (0.6, "1/2"),
        (0.8, "1/2"),
        (0.05, "1/20"),
    ]:
        for repetition in range(40):
            verdicts = []
            for adaptive in (False, True):
                rng = np.random.default_rng([repetition, int(mean * 100)])
                verdict, count = simulate(mean, bound, rng, adaptive=adaptive)
                verdicts.append(verdict)
                used += count if adaptive else 0
            studies += 1
            same += verdicts[0] == verdicts[1]
            opposite += set(verdicts) == {"HOLDS", "VIOLATED"}
    assert opposite == 0
    assert same / studies >= 0.93
    assert used / (studies * SEEDS.maximum) <= 0.55
