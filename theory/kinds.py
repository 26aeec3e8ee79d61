"""What a claim can assert about its observable: the meaning of each kind, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sympy as sp

_IN_TOO_FEW = "in fewer than {property_share:.0%} of worlds, the upper confidence limit of that share included"


class Kind(StrEnum):
    """What a claim asserts about its observable, hence how it is judged."""

    UPPER = "upper"
    LOWER = "lower"
    IDENTITY = "identity"
    COMPARISON = "comparison"
    TREND = "trend"
    EQUIVALENCE = "equivalence"
    RATE = "rate"

    @property
    def meaning(self) -> Meaning:
        """Relation, sign, rule, words and falsifier of this kind."""
        return KINDS[self]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one kind of claim means.

    Attributes:
        rule: name of the decision rule: the measured mean is ``at_most``, ``at_least``, ``equal`` to, ``above`` or
            ``within`` its threshold ; for a trend it moves in one direction (``monotone``).
        threshold: what that is: the claim's ``bound``, ``zero``, ``equivalence_margin`` (settings) or ``slope_limit``.
        words: what it asserts, as part of a sentence.
        falsifier: what would refute it; a template over ``{observable}`` (its name) and the thresholds.
        worse: the side to which what is judged (a mean, or a share of worlds) moves when it gets worse; None: either.
        relation: SymPy's, between observable and number; None for a claim without a number.
    """

    rule: str
    threshold: str
    words: str
    falsifier: str
    worse: str | None
    relation: Any = None
    sign: str = ""
    latex: str = ""

    @property
    def per_run(self) -> Meaning:
        """The meaning of a bound that is judged run by run, by the share of worlds in which it holds."""
        return replace(
            self,
            rule="at_most",
            threshold="zero",
            words=f"{self.words}; judged run by run: in most worlds an observable of the run is at most 0",
            falsifier="a cell in scope in which {observable} is at most 0 " + _IN_TOO_FEW,
            worse="lower",
        )


KINDS: Final[Mapping[Kind, Meaning]] = MappingProxyType(
    {
        Kind.UPPER: Meaning(
            rule="at_most",
            threshold="bound",
            words="the observable is at most the bound",
            falsifier="a cell in scope whose lower confidence limit for the mean of {observable} lies above the bound",
            worse="higher",
            relation=sp.Le,
            sign="<=",
            latex=r"\le",
        ),
        Kind.LOWER: Meaning(
            rule="at_least",
            threshold="bound",
            words="the observable is at least the bound",
            falsifier="a cell in scope whose upper confidence limit for the mean of {observable} lies below the bound",
            worse="lower",
            relation=sp.Ge,
            sign=">=",
            latex=r"\ge",
        ),
        Kind.IDENTITY: Meaning(
            rule="equal",
            threshold="bound",
            words="the observable equals the value, up to a numerical tolerance",
            falsifier="one seed at which {observable}, in float64, differs from the exact value by more than the "
            "stated tolerance",
            worse=None,
            relation=sp.Eq,
            sign="==",
            latex="=",
        ),
        Kind.COMPARISON: Meaning(
            rule="above",
            threshold="zero",
            words="in most worlds one arm exceeds the other, or the observable exceeds 0",
            falsifier="a cell in scope in which {observable} is as claimed " + _IN_TOO_FEW,
            worse="lower",
        ),
        Kind.TREND: Meaning(
            rule="monotone",
            threshold="zero",
            words="in most worlds the observable does not change against the direction between the ends of the axis",
            falsifier="a series in which {observable} does not change against the direction " + _IN_TOO_FEW,
            worse="lower",
        ),
        Kind.EQUIVALENCE: Meaning(
            rule="within",
            threshold="equivalence_margin",
            words="in most worlds two arms agree within a margin",
            falsifier="a cell in which the arms agree within {equivalence_margin:g} " + _IN_TOO_FEW,
            worse="lower",
        ),
        Kind.RATE: Meaning(
            rule="at_most",
            threshold="slope_limit",
            words="the observable falls at least as fast as a rate",
            falsifier="a setting in which the lower confidence limit of the slope lies above {slope_limit:g}",
            worse="higher",
        ),
    }
)
