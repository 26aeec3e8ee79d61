"""What a person reads: the terminal and cells.csv."""

import re

import pytest
from plain.audit import answers_of
from plain.printed import check_cells_csv, check_reasons, check_terminal
from plain.tally import Tally


@pytest.fixture(scope="module")
def answers(quick):
    return answers_of(quick.results)


def tallied(check, *arguments):
    tally = Tally()
    check(tally, *arguments)
    return tally


def test_the_terminal(quick, answers):
    tally = tallied(check_terminal, quick.printed, answers, quick.results)
    assert tally.wrong == []
    assert tally.numbers > 150


def test_reasons(quick, answers):
    tally = tallied(check_reasons, answers, quick.results)
    assert tally.wrong == []
    assert tally.numbers > 150


def test_cells_csv(quick, answers):
    tally = tallied(check_cells_csv, (quick.directory / "cells.csv").read_text("utf-8"), answers, quick.results)
    assert tally.wrong == []
    assert tally.numbers > 2500


def swapped(text, one, other):
    """Two words exchanged."""
    return re.sub(f"{re.escape(one)}|{re.escape(other)}", lambda m: other if m[0] == one else one, text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("_lower", "_upper"), ("bound_literal", "bound_normalised"), ("_mean", "_interval_lower"), ("seeds,", "failed,")],
)
def test_exchanged_heads_of_cells_csv_are_found(quick, answers, one, other):
    head, _, rest = (quick.directory / "cells.csv").read_text("utf-8").partition("\n")
    assert tallied(check_cells_csv, f"{swapped(head, one, other)}\n{rest}", answers, quick.results).wrong


@pytest.mark.parametrize(
    "swap",
    [
        (" literal  normalised", " normalised  literal"),
        (r"\[(0\.\d+), (0\.[1-9]\d*)\]", r"[\2, \1]"),
        (r"in at least \d+ %", "in at least 12 %"),
    ],
)
def test_exchanged_columns_and_limits_on_the_terminal_are_found(quick, answers, swap):
    one, other = swap
    text = re.sub(one, other, quick.printed, count=1)
    assert text != quick.printed
    assert tallied(check_terminal, text, answers, quick.results).wrong
