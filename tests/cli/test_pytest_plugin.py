"""The pytest plugin, in a project of its own: one line per claim, a failure that explains, a baseline."""

import pytest

import empirics.judging.measurements
import empirics.verification.baseline  # noqa: F401
import theory.certify  # noqa: F401

pytest_plugins = ["pytester"]

TESTS = """
def test_holds(factbound):
    factbound.holds("runs.csv", "ood-error-literal")


def test_unchanged(factbound):
    factbound.unchanged("runs.csv", "ood-error-literal")
"""


def table(error, *, seeds=40, gap=0.01):
    lines = ["N_f,K,R,seed,ood_error,pretraining_gap"]
    lines += [f"{n},3,20,{s},{error},{gap}" for n in (5, 10) for s in range(seeds)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def project(pytester):
    pytester.makepyfile(TESTS)
    return pytester


def run(project, error, *arguments, **more):
    (project.path / "runs.csv").write_text(table(error, **more))
    return project.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly", *arguments)


def test_a_claim_in_one_line_and_a_baseline(project):
    result = run(project, 0.1)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*holds no baseline of ood-error-literal; run: pytest --factbound-update*"])
    run(project, 0.1, "--factbound-update").assert_outcomes(passed=2)
    assert (project.path / "factbound-baseline.json").exists()
    run(project, 0.1).assert_outcomes(passed=2)
    # Worse, though the claim still holds: limits clear of the old ones.
    result = run(project, 0.45)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*limits moved clear of the baseline to the worse side*"])


def test_the_failure_says_verdict_limits_bound_and_premises(project):
    result = run(project, 1.0)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*ood-error-literal: VIOLATED*exp(-K*N_f*log(R)*",
            "*|R|=20, K=3, N_f=5: VIOLATED*lower limit*",
            "*estimate 1, limits [[]*, alpha 0.05 confirms, 0.0167 refutes",
            "*premise pretraining_gap <= epsilon: holds (median 0.01)*",
            "*all cells together: fraction of runs that meet the bound, averaged over 40 worlds: 0 *",
        ]
    )
    result = run(project, 0.1, gap=1.39)
    result.stdout.fnmatch_lines(["*OUT OF SCOPE*", "*pretraining_gap <= epsilon: FAILS (median 1.39)*"])


def test_which_verdicts_pass(project):
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("check", ["holds", "not_violated"])
        def test_it(factbound, check):
            getattr(factbound, check)("runs.csv", "ood-error-literal")
        """
    )
    for error, seeds, passed in ((0.1, 40, 2), (0.7, 40, 1), (0.7, 4, 1), (1.0, 40, 0)):
        result = run(project, error, seeds=seeds)
        result.assert_outcomes(passed=passed, failed=2 - passed)
        if seeds == 40 and passed == 1:
            result.stdout.fnmatch_lines(["*test_it?holds?*", "*ood-error-literal: SUPPORTED*"])
    run(project, 0.1, gap=1.39).assert_outcomes(failed=2)


def test_another_place_for_the_baseline(project):
    project.makeini("[pytest]\nfactbound_baseline = baselines/mine.json\n")
    run(project, 0.1, "--factbound-update").assert_outcomes(passed=2)
    assert (project.path / "baselines" / "mine.json").exists()


def test_the_plugin_loads_nothing_heavy(project):
    project.makepyfile(
        test_light="""
        import sys

        def test_light():
            assert "torch" not in sys.modules
            assert "sympy" not in sys.modules
        """
    )
    result = project.runpytest_subprocess("-p", "no:cacheprovider", "test_light.py", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=1)
