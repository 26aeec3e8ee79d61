"""The CSV of every figure, and what each picture shows."""

import re

import pytest
from plain.audit import answers_of
from plain.drawn import check_picture
from plain.figure_data import check_csv, check_curves, stored_runs
from plain.readers import csv_rows
from plain.tally import Tally


@pytest.fixture(scope="module")
def answers(quick):
    return answers_of(quick.results)


def files(quick):
    found = sorted((quick.directory / "plots").glob("*.csv"))
    assert len(found) > 15
    return found


def test_the_csv_of_every_figure(quick, answers):
    tally = Tally()
    for file in files(quick):
        check_csv(tally, file.stem, file.read_text("utf-8"), answers, quick.results)
    assert tally.wrong == []
    assert tally.numbers > 2000


def test_curves_along_training(quick):
    tally = Tally()
    check_curves(tally, quick.results, stored_runs(quick.directory / "runs.sqlite"))
    assert tally.wrong == []
    assert tally.numbers > 400


def test_what_is_drawn(quick):
    tally = Tally()
    for file in files(quick):
        check_picture(tally, file.stem, csv_rows(file.read_text("utf-8")), file.with_suffix(".svg").read_text("utf-8"))
    assert tally.wrong == []
    assert tally.numbers > 1500


def drawn(quick, name, change):
    file = quick.directory / "plots" / f"{name}.csv"
    picture = file.with_suffix(".svg").read_text("utf-8")
    changed = change(picture)
    assert changed != picture
    tally = Tally()
    check_picture(tally, name, csv_rows(file.read_text("utf-8")), changed)
    return tally.wrong


def exchange(one, other):
    return lambda text: re.sub(f"{re.escape(one)}|{re.escape(other)}", lambda m: other if m[0] == one else one, text)


def first_bar_halved(text):
    """The first error bar ends where it begins."""
    return re.sub(
        r'(<g id="LineCollection_1">\s*<path d="M )(\S+) (\S+) \nL (\S+)', r"\g<1>\2 \3 \nL \2", text, count=1
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ood-error", exchange(">bound, literal<", ">P(template unseen)<")),
        ("ood-error", exchange("$K=1$, $|R|=10$", "$K=3$, $|R|=10$")),
        ("ood-error", exchange("$K=3$, $|R|=10$", "$K=10$, $|R|=3$")),
        ("ood-error", exchange(">0.01<", ">0.001<")),
        ("claim-mechanism", exchange(">holds<", ">undecided<")),
        ("claim-mechanism", first_bar_halved),
        ("claim-mechanism", exchange("|R|=10, K=1, N_f=10", "|R|=10, K=1, N_f=20")),
        ("claim-mechanism", exchange(">0.5<", ">0.6<")),
        ("pretraining-gap", exchange("$|R|=10$", "$|R|=40$")),
        ("pretraining-gap", exchange("$K=1$", "$K=3$")),
    ],
)
def test_a_fault_in_a_picture_is_found(quick, name, change):
    assert drawn(quick, name, change)


@pytest.mark.parametrize("heads", [("lower", "upper"), ("value", "lower"), ("templates", "multiplicity")])
def test_exchanged_heads_of_a_figure_are_found(quick, answers, heads):
    head, _, rest = (quick.directory / "plots" / "ood-error.csv").read_text("utf-8").partition("\n")
    tally = Tally()
    check_csv(tally, "ood-error", f"{exchange(*heads)(head)}\n{rest}", answers, quick.results)
    assert tally.wrong
