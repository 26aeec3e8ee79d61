"""Fits: known exponents come back, the optimum is the optimum, limits cover, and held-out cells stay held out."""

import numpy as np
import pytest
from scipy.optimize import minimize

from empirics.experiments.one_layer.map import LAWS
from empirics.experiments.protocol import Point
from empirics.regimes.fit import NoFit, fit_rates, fitted, mean_of, predicted, quasi_likelihood
from empirics.regimes.laws import collinearity, exponents, held_out, left_out, numbered
from empirics.regimes.survey import Sample
from theory import claim

GRID = tuple(Point.of(S=60, R=r, K=k, N_f=n) for r in (10, 20, 45, 90) for k in (2, 3, 5) for n in (1, 3, 8, 20, 50))
TRUE = {"log c": np.log(0.7), "N_f": 0.8, "K": 2.6, "R": -1.7}


def truth(points, coefficients=TRUE, name="power"):
    design, offset = LAWS[name].design(points)
    return mean_of(design @ np.array([coefficients[c] for c in LAWS[name].coefficients]) + offset)


def noisy(points, seeds, seed=0, facts=40, spread=0.5, coefficients=TRUE):
    """Errors of ``facts`` held-out facts, with a seed effect on the rate shared by all points (mean one)."""
    generator = np.random.default_rng(seed)
    design, _ = LAWS["power"].design(points)
    eta = design @ np.array([coefficients[c] for c in LAWS["power"].coefficients])
    effects = generator.normal(0.0, spread, size=seeds)
    mu = mean_of(eta[:, None] + effects[None, :])
    return Sample(tuple(points), generator.binomial(facts, mu) / facts)


def test_exponents_come_back_from_errors_without_noise():
    fit = fitted(LAWS["power"], GRID, truth(GRID))
    for found, name in zip(fit, LAWS["power"].coefficients, strict=True):
        assert found == pytest.approx(TRUE[name], abs=1e-8)


def test_exponents_of_both_logarithms_come_back_though_they_are_nearly_collinear():
    wanted = {**TRUE, "log R": 1.0}
    fit = fitted(LAWS["power-log"], GRID, truth(GRID, wanted, "power-log"))
    for found, name in zip(fit, LAWS["power-log"].coefficients, strict=True):
        assert found == pytest.approx(wanted[name], abs=1e-4)
    assert 0.99 < collinearity(*LAWS.collinear, GRID) < 1


def test_the_fit_is_the_optimum_that_a_general_optimiser_finds():
    sample = noisy(GRID, seeds=8, seed=3)
    design, _ = LAWS["power"].design(GRID)
    found = fit_rates(design, sample.means)
    other = minimize(
        lambda beta: -quasi_likelihood(design @ beta, sample.means),
        found + 0.05,
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 20000, "maxfev": 20000},
    )
    assert np.allclose(found, other.x, atol=1e-5)
    reached = quasi_likelihood(design @ found, sample.means)
    assert reached >= -other.fun - 1e-10


def test_zeros_and_ones_are_data_and_need_no_correction():
    """Cells without any error, which a regression on log(-log error) would have to drop or doctor."""
    sample = noisy(GRID, seeds=400, seed=1, facts=5, spread=0.0)
    assert (sample.errors == 0).any()
    assert (sample.errors == 1).any()
    fit = fitted(LAWS["power"], GRID, sample.means)
    for found, name in zip(fit, LAWS["power"].coefficients, strict=True):
        assert found == pytest.approx(TRUE[name], abs=0.06)


def test_limits_from_resampled_seeds_cover_the_truth_about_as_often_as_they_say():
    """With seed effects that every cell of a seed shares; resampling cells instead would cover far less often."""
    points = [p for p in GRID if p["R"] in (20, 45)]
    covered = total = 0
    large = noisy(points, seeds=4000, seed=99)
    target = dict(zip(LAWS["power"].coefficients, fitted(LAWS["power"], points, large.means), strict=True))
    for repeat in range(40):
        for row in exponents(noisy(points, seeds=16, seed=100 + repeat), [LAWS["power"]], resamples=60, seed=repeat):
            total += 1
            covered += row.lower <= target[row.name] <= row.upper
    assert total == 160
    assert covered / total > 0.8


def test_what_cannot_be_fitted_is_refused_and_not_guessed():
    with pytest.raises(NoFit, match="do not determine"):
        fitted(LAWS["power"], [p for p in GRID if p["R"] == 10], truth([p for p in GRID if p["R"] == 10]))
    points = GRID[:5]
    with pytest.raises(NoFit):
        fitted(LAWS["bound-literal-factor"], points, np.zeros(len(points)))


def test_laws_without_coefficients_are_the_claims():
    for name, identifier in (
        ("bound-normalised", "ood-error-normalised"),
        ("bound-literal", "ood-error-literal"),
        ("some-unseen", "covering-some-unseen"),
        ("none-seen", "covering-none-seen"),
    ):
        item = LAWS[name]
        expected = [claim(identifier).bound(N_f=p["N_f"], K=p["K"], R=p["R"]) for p in GRID]
        found = predicted(item, fitted(item, GRID, np.zeros(len(GRID))), GRID)
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_known_parts_of_the_bounds_are_the_readings_written_by_hand():
    """log(-log bound) from the claims, and by hand from the words of the theorem."""
    for name, literal in (("bound-normalised", False), ("bound-literal", True)):
        design, offset = LAWS[name].design(GRID)
        by_hand = [
            np.log(p["N_f"]) + 2 * np.log(p["K"] / p["R"]) - np.log(2) + (np.log(np.log(p["R"])) if literal else 0)
            for p in GRID
        ]
        assert design.shape == (len(GRID), 0)
        assert np.allclose(offset, by_hand, rtol=0, atol=1e-12)


def test_the_exact_law_as_a_rival_gives_what_a_fit_on_its_errors_gives():
    points = [p for p in GRID if p["R"] in (20, 45)]
    (rows, twice) = (
        exponents(noisy(points, 8), [LAWS["power"]], LAWS.named(names), 20) for names in (["none-seen"], [])
    )
    errors = [claim("covering-none-seen").bound(N_f=p["N_f"], K=p["K"], R=p["R"]) for p in points]
    expected = fitted(LAWS["power"], points, np.array(errors))
    assert [row.rival("none_seen") for row in rows] == pytest.approx(expected.tolist(), rel=1e-6)
    assert all(row.__pydantic_extra__ == {} for row in twice)


def test_the_true_law_predicts_held_out_pairs_best_and_the_bound_does_not():
    sample = noisy(GRID, seeds=64, seed=5, spread=0.1).transition()
    rows = held_out(sample, "pair", lambda p: (p["R"], p["K"]), LAWS.laws, resamples=20)
    scores = {row.law: row for row in rows}
    assert rows[0].law in ("power", "power-one-log", "power-log")
    assert scores["power"].deviation < 0.03 < scores["bound-literal"].deviation
    assert scores["power"].lower <= scores["power"].deviation * 1.3
    assert "power-size" not in scores  # all points have one size: its exponent is not determined
    assert {row.law for row in rows} < {item.name for item in LAWS.laws}


def predictions(law, sample, fold):
    """Errors of a law at the points of a sample, each fitted without its fold."""
    return left_out(*law.design(sample.points), numbered([fold(p) for p in sample.points]), sample.means)


def test_a_cell_is_predicted_without_its_own_fold():
    """Spoiling a fold's errors changes no prediction in that fold, and some elsewhere."""
    sample = noisy(GRID, seeds=16, seed=2)
    spoiled = sample.errors.copy()
    mine = np.array([p["R"] == 20 for p in GRID])
    spoiled[mine] = 1.0 - spoiled[mine]
    before = predictions(LAWS["power"], sample, lambda p: p["R"])
    after = predictions(LAWS["power"], Sample(GRID, spoiled), lambda p: p["R"])
    assert np.allclose(before[mine], after[mine], atol=1e-9)
    assert not np.allclose(before[~mine], after[~mine], atol=1e-2)


def test_one_fold_alone_holds_nothing_out():
    assert held_out(noisy(GRID, 8), "size", lambda p: p["S"], LAWS.laws) == []


def test_resampling_draws_whole_seeds_jointly_and_leaves_points_without_any_undefined():
    errors = np.array([[0.1, 0.2, 0.3], [np.nan, np.nan, 0.5], [1.1, 1.2, 1.3]])
    means = Sample(GRID[:3], errors).resampled_means(50, seed=1)
    assert np.allclose(means[:, 2] - means[:, 0], 1.0)
    assert len(np.unique(means[:, 0].round(6))) > 3
    assert 0 < np.isnan(means[:, 1]).sum() < 50
    assert np.all(means[:, 1][np.isfinite(means[:, 1])] == 0.5)


def test_the_exponent_of_the_size_is_fitted_where_sizes_differ():
    points = [Point.of(S=s, R=p["R"], K=p["K"], N_f=p["N_f"]) for s in (30, 60, 120) for p in GRID]
    wanted = {**TRUE, "S": 0.7}
    sample = Sample(tuple(points), truth(points, wanted, "power-size")[:, None].repeat(3, axis=1))
    rows = {row.name: row for row in exponents(sample, [LAWS["power-size"]], [LAWS["none-seen"]], resamples=20)}
    assert rows["S"].estimate == pytest.approx(0.7, abs=1e-7)
    assert rows["S"].source == 0.0
    assert rows["S"].rival("none_seen") == pytest.approx(0.0, abs=1e-9)
    assert exponents(noisy(GRID, 8), [LAWS["power-size"]], resamples=20) == []


def test_points_of_no_fold_are_fitted_to_and_not_predicted():
    points = [Point.of(S=s, R=p["R"], K=p["K"], N_f=p["N_f"]) for s in (30, 60) for p in GRID]
    sample = noisy(points, seeds=8, seed=4)
    other = np.array([p["S"] == 30 for p in points])
    found = predictions(LAWS["power"], sample, lambda p: p["S"] if p["S"] == 30 else None)
    fit = fitted(LAWS["power"], GRID, sample.means[~other])
    assert np.allclose(found[other], predicted(LAWS["power"], fit, GRID))
    assert np.isnan(found[~other]).all()
    rows = held_out(sample, "other S", lambda p: p["S"] if p["S"] == 30 else None, LAWS.laws, resamples=20)
    assert all(row.cells == other.sum() and row.lower <= row.upper for row in rows)
    assert held_out(sample, "none", lambda p: None, LAWS.laws) == []
