"""Proofs that leave the range of their arguments stop; they prove nothing there."""

from fractions import Fraction

import pytest

from theory.certify import frontier, linear_memory
from theory.certify.frontier import Reading
from theory.certify.linear_memory_rate import domination_bounds

WORLD = linear_memory.draw_world(6, 4, 2, 1)


def test_a_criterion_that_two_bits_do_not_tell() -> None:
    with pytest.raises(ArithmeticError, match="q e\\^b < 1 is not seen at this precision"):
        frontier._Law(138, 94, Reading.LITERAL, 2).one_point()


def test_a_comparison_that_no_precision_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def undecided(self: frontier._Law, N: int, M: int) -> None:
        asked.append(self.bits)

    monkeypatch.setattr(frontier._Law, "at_most", undecided)
    monkeypatch.setattr(frontier, "_MOST_BITS", 256)
    with pytest.raises(ArithmeticError, match=r"P\(5\) against exp\(-b 5\) at R=9, K=3: 256 bits do not tell"):
        frontier._Law(9, 3, Reading.NORMALISED, 64).decided(5, 5)
    assert asked == [64, 128, 256]


def test_logits_beyond_the_rounding_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_memory, "_FARTHEST", 0.01)
    with pytest.raises(ArithmeticError, match="outside the range of the rounding analysis"):
        linear_memory.near_descent(WORLD, Fraction(1, 2), [3])


def test_steps_beyond_the_recursion() -> None:
    with pytest.raises(ArithmeticError, match=r"eta gamma\^2 w > 1: the recursion is not proved to be monotone"):
        domination_bounds(WORLD, Fraction(10**6), 1, [])
