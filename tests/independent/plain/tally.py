"""Counts what is compared, and keeps what differs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

CLOSE = 2e-9


class Tally:
    """Compare numbers and words; ``wrong`` names each that differs."""

    def __init__(self) -> None:
        self.numbers = self.words = 0
        self.wrong: list[str] = []

    def same(self, where: str, mine: object, theirs: object) -> None:
        """Numbers within 2e-9, relative beyond 1; all else equal."""
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping) and set(mine) <= set(theirs):
            for key in mine:
                self.same(f"{where}.{key}", mine[key], theirs[key])
        elif _listed(mine) and _listed(theirs) and len(mine) == len(theirs):  # type: ignore[arg-type]
            for i, (a, b) in enumerate(zip(mine, theirs, strict=True)):  # type: ignore[call-overload]
                self.same(f"{where}[{i}]", a, b)
        elif _number(mine) and _number(theirs):
            self.numbers += 1
            a, b = float(mine), float(theirs)  # type: ignore[arg-type]
            if not (a == b or abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))):
                self.wrong.append(f"{where}: {mine!r} here, {theirs!r} there")
        else:
            self.words += 1
            if mine != theirs:
                self.wrong.append(f"{where}: {mine!r} here, {theirs!r} there")

    def printed(self, where: str, mine: float | None, text: str, *, digits: int = 3) -> None:
        """A number as it is printed: within one half of its last digit, or empty where there is none.

        Without a decimal point it has ``digits`` significant digits, the last ones 0.
        """
        if mine is None or (isinstance(mine, float) and math.isnan(mine)):
            self.words += 1
            if text.strip() not in ("", "-", "–"):
                self.wrong.append(f"{where}: nothing here, {text!r} there")
            return
        self.numbers += 1
        try:
            value = float(text.replace("−", "-").replace("×10^", "e"))
        except ValueError:
            self.wrong.append(f"{where}: {mine!r} here, {text!r} there")
            return
        if abs(value - mine) > 0.5000001 * _last_digit(text, digits):
            self.wrong.append(f"{where}: {mine!r} here, {text!r} there")


def _last_digit(text: str, significant: int) -> float:
    digits, _, power = text.lower().replace("−", "-").partition("e")
    after = len(digits.partition(".")[2])
    if not after:
        after = significant - len(digits.strip("-").lstrip("0")) if digits.strip("-0") else 9
    return 10.0 ** (int(power or 0) - after)


def _listed(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _number(value: object) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool)
