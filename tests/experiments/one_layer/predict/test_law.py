"""The law of extraction: its features against Jacobians, its recursion and its probability by other routes."""

import csv
import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.predict import features as measured
from empirics.experiments.one_layer.predict import law
from empirics.experiments.one_layer.predict.features import Features, features_of, mean_features
from empirics.experiments.one_layer.predict.stored import stored_law
from empirics.experiments.world import draw_world

RATES = [1.0] * 200
TABLE = Path(__file__).resolve().parents[4] / "docs" / "law.csv"


def _small(templates=5, multiplicity=2, subjects=6):
    world = {"subjects": subjects, "answers": subjects, "templates": (5,), "multiplicity": (2,), "finetuned": (2,)}
    config = Config.model_validate({"world": world, "model": {"width": 7, "init_scale": 0.7}})
    drawn = draw_world(config.world, templates, multiplicity, 3)
    weights = initial_parameters(config.model, drawn.vocabulary, 3, torch.float64)
    return config, drawn, weights


def _kernel(config, world, weights):
    """Theta by autograd: the Jacobians of all logits at [s, p] to W and V, for every s; shape [S, V, S, V]."""
    prompt, subjects = world.vocabulary.prompt, world.vocabulary.subjects

    def logits(rows, output):
        hidden = torch.relu(0.5 * rows[:subjects] + 0.5 * rows[prompt])
        return hidden @ output.T

    by_rows, by_output = torch.autograd.functional.jacobian(logits, (weights.input, weights.output))
    flat = torch.cat([by_rows.flatten(2), by_output.flatten(2)], dim=2)
    return torch.einsum("ivp,jwp->ivjw", flat, flat).numpy()


def _prepared(weights, world):
    """With W e_p = 0 and Z = 0, as before fine-tuning."""
    rows = weights.input.clone()
    rows[world.vocabulary.prompt] = 0.0
    return Parameters(torch.zeros_like(weights.attention), rows, weights.output)


def test_features_are_averages_of_the_tangent_kernel():
    """Every number by loops over pairs of facts on the kernel that autograd gives."""
    config, world, start = _small()
    weights = _prepared(start, world)
    found = features_of(weights, world, config.model)
    kernel = _kernel(config, world, weights)
    subjects, multiplicity = world.own_templates.shape
    answers, own = world.answer_tokens, world.template_tokens
    logits = (torch.relu(0.5 * weights.input[:subjects]) @ weights.output.T).numpy()
    vocabulary = world.vocabulary

    def odds(i):
        return np.exp(logits[i] - logits[i, answers[i]])

    def group(i, which):
        """Direction of a group less the answer; the group is numbered, or a single template is given."""
        chosen = np.zeros(vocabulary.size)
        if which == 0:
            chosen[own[i]] = 1 / multiplicity
        else:
            templates = range(vocabulary.first_template, vocabulary.first_answer)
            for v in range(vocabulary.size):
                if v not in own[i] and v != answers[i] and (v in templates) == (which == 1):
                    chosen[v] = odds(i)[v]
            chosen /= chosen.sum()
        chosen[answers[i]] -= 1
        return chosen

    def single(i, k):
        chosen = np.zeros(vocabulary.size)
        chosen[own[i, k]], chosen[answers[i]] = 1, -1
        return chosen

    def theta(i, a, j, b):
        return float(np.einsum("v,vw,w->", a, kernel[i, :, j], b))

    facts, slots = range(subjects), range(multiplicity)
    pairs = [(i, j) for i in facts for j in facts if i != j]
    for a, b in itertools.product(range(3), range(3)):
        if (a, b) != (0, 0):
            row = np.mean([theta(i, group(i, a), i, group(i, b)) for i in facts])
            assert found.row[a, b] == pytest.approx(row, rel=1e-9)
        if a:
            across = np.mean([theta(i, group(i, a), j, group(j, b)) for i, j in pairs])
            assert found.across[a - 1, b] == pytest.approx(across, rel=1e-9, abs=1e-12)
    inside = [(i, k, m) for i in facts for k in slots for m in slots]
    assert found.itself == pytest.approx(
        np.mean([theta(i, single(i, k), i, single(i, m)) for i, k, m in inside if k == m]), rel=1e-9
    )
    assert found.row[0, 0] == pytest.approx(
        np.mean([theta(i, single(i, k), i, single(i, m)) for i, k, m in inside if k != m]), rel=1e-9
    )
    sets = [set(row) for row in own.tolist()]
    kinds = {0: [], 1: [], 2: []}
    for (j, i), k in itertools.product(pairs, slots):
        kinds[2 if own[j, k] in sets[i] else 1 if sets[i] & sets[j] else 0].append((j, k, i))
    assert all(kinds.values())
    for kind, places in kinds.items():
        for b in range(3):
            if (kind, b) == (2, 0):
                continue
            passed = np.mean([theta(j, single(j, k), i, group(i, b)) for j, k, i in places])
            assert found.passed[kind, b] == pytest.approx(passed, rel=1e-9, abs=1e-12)
    same, other = [], []
    for j, k, i in kinds[2]:
        for m in slots:
            (same if own[i, m] == own[j, k] else other).append(theta(j, single(j, k), i, single(i, m)))
    assert found.same == pytest.approx(np.mean(same), rel=1e-9)
    assert found.spread[4] == pytest.approx(np.var(same), rel=1e-9)
    assert found.passed[2, 0] == pytest.approx(np.mean(other), rel=1e-9)
    assert found.gap == pytest.approx(np.mean(np.take_along_axis(logits, own, 1) - logits[facts, answers][:, None]))
    rest = [[odds(i)[v] for v in range(vocabulary.size) if v not in own[i] and v != answers[i]] for i in facts]
    assert found.odds.sum() == pytest.approx(np.mean([sum(r) for r in rest]))


def test_components_of_variance_are_found_again():
    """What was drawn with four variances gives them back, within what 150 facts allow."""
    draw = np.random.default_rng(0)
    facts, multiplicity = 150, 3
    true = {"pair": 1.0, "fact": 0.25, "pair_template": 0.6, "template": 0.2}
    sample = {
        "pair": draw.normal(size=(facts, 1, facts)),
        "fact": draw.normal(size=(facts, 1, 1)),
        "pair_template": draw.normal(size=(facts, multiplicity, facts)),
        "template": draw.normal(size=(facts, multiplicity, 1)),
    }
    passed = 2.0 + sum(np.sqrt(true[name]) * noise for name, noise in sample.items())
    where = np.broadcast_to(~np.eye(facts, dtype=bool)[:, None], passed.shape)
    pair, fact, pair_template, template = measured._spread(passed, where)
    assert pair == pytest.approx(true["pair"], rel=0.05)
    assert fact == pytest.approx(true["fact"] * np.var(sample["fact"]), rel=0.2)
    assert pair_template == pytest.approx(true["pair_template"], rel=0.05)
    assert template == pytest.approx(true["template"] * np.var(sample["template"]), rel=0.1)


def test_features_survive_a_round_trip_and_means_leave_out_what_is_undefined():
    config, world, start = _small()
    one = features_of(_prepared(start, world), world, config.model)
    again = Features.of_vector(one.vector())
    assert np.array_equal(again.vector(), one.vector())
    assert again.passed.shape == (3, 3)
    missing = one.vector()
    missing[5] = np.nan
    assert mean_features([one, Features.of_vector(missing)]).vector() == pytest.approx(one.vector())
    assert mean_features([Features.of_vector(missing)]).vector()[5] == 0.0
    passed = one.passed.copy()
    passed[0] = np.nan
    alone = mean_features([dataclasses.replace(one, passed=passed)])
    assert np.array_equal(alone.passed[0], one.passed[1])


def _plain(**changes):
    numbers = {
        "gap": 2.0,
        "odds": np.array([0.6, 0.5]),
        "itself": 29.0,
        "row": np.array([[18.0, 17.0, 14.0], [17.0, 18.0, 15.0], [14.0, 15.0, 15.0]]),
        "across": np.array([[0.7, 0.8, 0.3], [0.2, 0.3, 0.3]]),
        "same": 6.5,
        "passed": np.array([[0.4, 0.5, 0.1], [1.9, 1.6, 1.0], [2.3, 1.6, 0.8]]),
        "spread": np.array([0.9, 0.07, 0.19, 0.02, 2.5]),
    }
    return Features(**{**numbers, **changes})


def test_one_row_alone_follows_its_own_kernel():
    """N_f = 1: no other rows, so the recursion is gradient descent on K + 2 logits, written out here."""
    f, multiplicity = _plain(), 3
    found = law.exposure(f, 60, multiplicity, [1], RATES)
    logits, rest, own, others = np.full(multiplicity, f.gap), np.log(f.odds), np.zeros(multiplicity), np.zeros(2)
    for rate in RATES:
        level = 1 + np.exp(logits).sum() + np.exp(rest).sum()
        a, b = rate * np.exp(logits) / level, rate * np.exp(rest) / level
        own, others = own + a, others + b
        matrix = np.full((multiplicity, multiplicity), f.row[0, 0])
        np.fill_diagonal(matrix, f.itself)
        logits = logits - matrix @ a - f.row[0, 1:] @ b
        rest = rest - f.row[1:, 0] * a.sum() - f.row[1:, 1:] @ b
    assert found.own[0] == pytest.approx([own[0], own[0]])
    assert found.mean[0] == pytest.approx(own[0])
    assert (found.templates[0], found.others[0]) == pytest.approx(tuple(others))


def test_rows_that_share_all_templates_are_alike():
    """K = |R|: every fact owns every template, so two rows are one row with the kernel of both."""
    f, both = _plain(), 2
    found = law.exposure(f, 3, 3, [both], RATES)
    logits, rest, own, others = np.full(3, f.gap), np.log(f.odds), np.zeros(3), np.zeros(2)
    for rate in RATES:
        level = 1 + np.exp(logits).sum() + np.exp(rest).sum()
        a, b = rate / both * np.exp(logits) / level, rate / both * np.exp(rest) / level
        own, others = own + a, others + b
        matrix = np.full((3, 3), f.row[0, 0] + f.passed[2, 0])
        np.fill_diagonal(matrix, f.itself + f.same)
        logits = logits - matrix @ a - (f.row[0, 1:] + f.passed[2, 1:]) @ b
        rest = rest - (f.row[1:] + f.across) @ np.array([a.sum(), *b])
    assert found.own[0, 2] == pytest.approx(own[0])
    assert (found.templates[0], found.others[0]) == pytest.approx(tuple(others))


CONSTANTS = law.Constants(gates=1.4, fatigue=0.13)


def _simulated(f, templates, multiplicity, number, *, draws=200_000, sharing=True):
    """The error by drawing facts: counts, what they have in common, each template's own noise; and its error."""
    e = law.exposure(f, templates, multiplicity, [number], RATES)
    draw = np.random.default_rng(1)
    counts = draw.binomial(number, multiplicity / templates, size=(draws, multiplicity))
    own = e.own[0, np.minimum(counts, e.own.shape[1] - 1)]
    groups = np.array([multiplicity * e.mean[0], e.templates[0], e.others[0]])
    total = groups[:2].sum()
    left = math.exp(-CONSTANTS.fatigue * number * e.others[0])
    nothing, another = (CONSTANTS.gates * f.passed[i] @ groups for i in (0, 1))
    owning = f.same * own + (multiplicity - 1) * f.passed[2, 0] * e.mean[0] + f.passed[2, 1:] @ groups[1:]
    shared = counts.sum(axis=1, keepdims=True) if sharing else counts
    passed = left * (number * nothing + shared * (another - nothing) + counts * (owning - another))
    pair, fact, pair_template, template, same = f.spread
    common = left * total * math.sqrt(number * pair + number**2 * fact) * draw.normal(size=(draws, 1))
    alone = left * np.sqrt(total**2 * (number * pair_template + number**2 * template) + counts * own**2 * same)
    margin = passed + common + alone * draw.normal(size=counts.shape) - f.gap
    failed = (margin <= 0).any(axis=1)
    return failed.mean(), failed.std() / math.sqrt(draws)


@pytest.mark.parametrize(("templates", "multiplicity", "number"), [(60, 3, 5), (30, 2, 12), (20, 1, 8), (12, 4, 2)])
def test_the_probability_is_that_of_facts_drawn_by_the_model(templates, multiplicity, number):
    f = _plain()
    (found,) = law.extraction_error(f, CONSTANTS, templates, multiplicity, [number], RATES)
    drawn, noise = _simulated(f, templates, multiplicity, number)
    assert found == pytest.approx(drawn, abs=4 * noise + 1e-3)


def test_a_law_that_forgets_what_templates_have_in_common_is_told_apart():
    f = _plain()
    (found,) = law.extraction_error(f, CONSTANTS, 30, 3, [8], RATES)
    drawn, noise = _simulated(f, 30, 3, 8, sharing=False)
    assert abs(found - drawn) > 10 * noise


def test_a_matrix_of_counts_by_brute_force():
    each = np.random.default_rng(2).uniform(size=(1, 4))
    for total in range(4):
        expected = 0.0
        for counts in itertools.product(range(4), repeat=3):
            if min(sum(counts), 3) == total:
                expected += math.prod(each[0, c] for c in counts)
        assert law._all_with(each, 3, total)[0] == pytest.approx(expected)


@pytest.mark.parametrize(("templates", "multiplicity"), [(7, 3), (6, 1), (5, 5), (5, 4)])
def test_the_chance_of_another_shared_template_by_enumeration(templates, multiplicity):
    fact = set(range(multiplicity))
    others = [set(c) for c in itertools.combinations(range(templates), multiplicity) if 0 not in c]
    expected = sum(bool(other & fact) for other in others) / len(others) if others else 1.0
    assert law._another_shared(templates, multiplicity) == pytest.approx(expected)


def test_without_spread_the_error_is_a_share_of_counts():
    """No noise: a fact is extracted if and only if each template's push exceeds the gap."""
    f = _plain(spread=np.zeros(5), passed=np.zeros((3, 3)))
    (found,) = law.extraction_error(f, law.Constants(1.0, 0.0), 10, 1, [6], RATES)
    e = law.exposure(f, 10, 1, [6], RATES)
    counts = np.arange(7)
    beaten = counts * f.same * e.own[0, np.minimum(counts, 6)] > f.gap
    weight = [math.comb(6, int(c)) * 0.1**c * 0.9 ** (6 - c) for c in counts]
    assert 0 < beaten.sum() < 7
    assert found == pytest.approx(1 - np.dot(beaten, weight), abs=1e-6)
    assert ndtr(0.0) == 0.5


# What ships.


def _rows():
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_law_that_ships_is_the_one_of_the_table():
    """Features, constants and table belong together."""
    shipped = stored_law()
    for row in _rows()[::17]:
        s, r, k, n = (int(row[symbol]) for symbol in ("S", "R", "K", "N_f"))
        (found,) = law.extraction_error(shipped.features_at(s, r, k), shipped.constants, r, k, [n], RATES)
        assert found == pytest.approx(float(row["law"]), abs=1e-4)


def test_held_out_cells_lie_where_the_page_says():
    """Cells of sizes and seeds of which the law knows nothing; coverage alone is far off."""
    held = [row for row in _rows() if row["part"] == "held out"]
    off = np.array([abs(float(row["law"]) - float(row["error"])) for row in held])
    inside = np.array([int(row["S"]) <= 60 for row in held])
    assert inside.sum() > 50
    assert off[inside].max() < 0.07
    assert np.mean(off[inside] <= 0.05) >= 0.95
    assert off[~inside].max() < 0.08
    naive = [abs(float(row["some_unseen"]) - float(row["error"])) for row in held]
    assert np.mean(naive) > 5 * np.mean(off)
