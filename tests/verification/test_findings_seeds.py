"""The findings rest on seeds that were never used before, and say so."""

import sys
from pathlib import Path

from planned_experiment import Instant, small

from empirics.experiments.load import load_config
from empirics.verification.verify import verify

STUDIES = Path(__file__).parents[1] / "studies"
sys.path.insert(0, str(STUDIES))
from findings_seeds import seeds_line, used_before  # noqa: E402


def test_the_study_of_the_findings_uses_fresh_seeds():
    seeds = load_config("default", STUDIES / "findings.toml").seeds
    assert used_before(set(range(seeds.base, seeds.base + seeds.maximum))) == {}


def test_used_seeds_are_told():
    def line(base):
        return seeds_line(
            verify(small(f"seeds.base={base}"), experiment=Instant(), claims=["ood-error-literal"], workers=1)
        )

    assert line(3000).startswith("Seeds 3000 to 3003: none of them was used before (readings")
    assert "declared before the data" in line(3000)
    assert "some were used before: the predictors of the map were compared on 2 of them." in line(1002)
    assert "readings, rules and presets were chosen on 4 of them" in line(0)
