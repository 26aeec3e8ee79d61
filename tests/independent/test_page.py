"""The page that a person reads."""

import re

import pytest
from plain.audit import answers_of
from plain.page import check_page
from plain.tally import Tally


@pytest.fixture(scope="module")
def page(quick):
    return (quick.directory / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def answers(quick):
    return answers_of(quick.results)


def read(page, answers, quick):
    tally = Tally()
    check_page(tally, page, answers, quick.results)
    return tally


def test_the_page(quick, page, answers):
    tally = read(page, answers, quick)
    assert tally.wrong == []
    assert tally.numbers > 2500


FAULTS = {
    "heads exchanged": (r"literal</th>(.*?)normalised</th>", r"normalised</th>\1literal</th>"),
    "limits of a share": (r"1 \[(0\.\d+), 1\]", r"\1 [1, 1]"),
    "a level": (r"0\.05 / 0\.0\d+", "0.05 / 0.05"),
    "worlds": (r">16/0/0/0 of 16<", ">0/0/16/0 of 16<"),
    "survives Holm": (r"does not survive Holm", "survives Holm"),
    "a pooled limit": (r"(averaged over \d+ worlds: [\d.]+ \[)0\.\d+", r"\g<1>0.123"),
    "a median": (r"median \d\.\d+", "median 9.99"),
    "a premise": (r"(0\.\d+ to) 0\.\d+ ", r"\1 9.99 "),
    "moves": (r'(aria-label="Steps of .*?<td class="n"[^>]*>)\d+', r"\g<1>99"),
    "what a table is sorted by": (r'data-value="0\.\d+"', 'data-value="0.1818"'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_page_is_found(quick, page, answers, fault):
    changed = re.sub(*FAULTS[fault], page, count=1, flags=re.DOTALL)
    assert changed != page
    assert read(changed, answers, quick).wrong
