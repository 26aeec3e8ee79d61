"""A pytest plugin: assert a claim on measurements of your own in one line.

    def test_my_theorem_holds(factbound):
        factbound.holds("runs.csv", "my-bound")

The failure message gives verdict, limits, bound and premises of every cell. With ``factbound.unchanged(...)`` verdicts
and limits are compared with a committed baseline (``factbound-baseline.json`` in the root directory; the ini option
``factbound_baseline`` names another), which ``pytest --factbound-update`` rewrites.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from empirics.judging.measurements import Judged
    from empirics.verification.baseline import Baseline
    from theory import Claim


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--factbound-update`` and the ini option ``factbound_baseline``."""
    group = parser.getgroup("factbound")
    group.addoption("--factbound-update", action="store_true", help="rewrite the baseline of factbound.unchanged()")
    parser.addini("factbound_baseline", "baseline of factbound.unchanged()", default="factbound-baseline.json")


@pytest.fixture(scope="session")
def factbound(request: pytest.FixtureRequest) -> Factbound:
    """Assertions about claims on measurements."""
    config = request.config
    path = config.rootpath / str(config.getini("factbound_baseline"))
    return Factbound(path, update=bool(config.getoption("--factbound-update")))


class Factbound:
    """Assertions about claims; failures carry verdict, limits, bound and premises.

    With ``update`` :meth:`unchanged` writes its committed baseline instead of comparing with it.
    """

    def __init__(self, baseline: Path, *, update: bool = False) -> None:
        self._path = baseline
        self._update = update

    def holds(self, frame: Any, claim: Claim | str, **options: Any) -> Judged:
        """Assert that the verdict is HOLDS (every cell in scope). Arguments as for :func:`empirics.judge`."""
        return self._verdict(frame, claim, ("HOLDS",), options)

    def not_violated(self, frame: Any, claim: Claim | str, **options: Any) -> Judged:
        """Assert that the verdict is HOLDS, SUPPORTED or UNDECIDED (not violated, not vacuous, in scope)."""
        return self._verdict(frame, claim, ("HOLDS", "SUPPORTED", "UNDECIDED"), options)

    def unchanged(self, frame: Any, claim: Claim | str, **options: Any) -> Judged:
        """Assert that nothing became worse than in the committed baseline."""
        from empirics.judging.measurements import judge
        from empirics.verification.baseline import Level, compare, read_baseline, write_baseline

        judged = judge(frame, claim, **options)
        new = _baseline(judged)
        known = read_baseline(self._path) if self._path.exists() else None
        if self._update:
            claims = {**known.claims, **new.claims} if known else new.claims
            write_baseline(new.model_copy(update={"claims": claims}), self._path)
            return judged
        if known is None or judged.claim.id not in known.claims:
            pytest.fail(
                f"{self._path} holds no baseline of {judged.claim.id}; run: pytest --factbound-update", pytrace=False
            )
        old = known.model_copy(update={"claims": {judged.claim.id: known.claims[judged.claim.id]}})
        worse = [f for f in compare(old, new) if f.level is Level.FAILURE]
        if worse:
            lines = [f"{f.where + ': ' if f.where else ''}{f.what}" for f in worse]
            pytest.fail(
                "\n".join([f"{judged.claim.id}: worse than {self._path.name}", *lines, explain(judged)]), pytrace=False
            )
        return judged

    @staticmethod
    def _verdict(frame: Any, claim: Claim | str, allowed: tuple[str, ...], options: dict[str, Any]) -> Judged:
        from empirics.judging.measurements import judge

        judged = judge(frame, claim, **options)
        if judged.verdict not in allowed:
            pytest.fail(explain(judged), pytrace=False)
        return judged


def explain(judged: Judged) -> str:
    """Verdict, limits, bound and premises of every cell, and the statement on all together, as text."""
    from empirics.report.judged import pooled_words

    lines = [f"{judged.claim.id}: {judged.verdict}  ({judged.claim.formula})"]
    for outcome in judged.outcome.outcomes:
        where = "; ".join(dict.fromkeys(judged.cells[index].label for index in outcome.cells)) or "no cell"
        lines.append(f"  {where}: {outcome.verdict.value}: {outcome.reason}")
        if outcome.lower is not None and outcome.upper is not None:
            what = "estimate" if outcome.counts is None else "share of worlds"
            level = (
                f", alpha {outcome.alpha:.3g} confirms, {outcome.refuting:.3g} refutes" if outcome.by_sampling else ""
            )
            lines.append(f"    {what} {outcome.estimate:.4g}, limits [{outcome.lower:.4g}, {outcome.upper:.4g}]{level}")
        for premise in outcome.premises:
            value = "not measured" if premise.value is None else f"{premise.value:.4g}"
            lines.append(f"    premise {premise.relation}: {'holds' if premise.holds else 'FAILS'} (median {value})")
    if judged.outcome.pooled is not None:
        lines.append(f"  all cells together: {pooled_words(judged.outcome.pooled)}")
    if judged.assumed:
        lines.append(f"  taken as given: {', '.join(judged.assumed)}")
    return "\n".join(lines)


def _baseline(judged: Judged) -> Baseline:
    from empirics.verification.baseline import Baseline, BaselineCell, BaselineClaim
    from empirics.verification.document import copied
    from theory.fingerprint import fingerprint

    labels = [cell.label for cell in judged.cells]
    pooled = judged.outcome.pooled
    return Baseline(
        preset="measurements",
        claims={
            judged.claim.id: copied(
                BaselineClaim,
                judged.claim,
                fingerprint=fingerprint(judged.claim),
                verdict=judged.verdict,
                lower=pooled and pooled.lower,
                upper=pooled and pooled.upper,
                certificates={},
                cells={
                    "; ".join(labels[i] for i in o.cells) or "all": copied(BaselineCell, o)
                    for o in judged.outcome.outcomes
                },
            )
        },
    )
