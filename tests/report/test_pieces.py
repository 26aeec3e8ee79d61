"""Documents in pieces: written and read part by part, they are what they are as a whole."""

import json

import pytest
from pydantic import ValidationError

from empirics.experiments.document import Summaries, Summary
from empirics.verification import document
from empirics.verification.results import Results, read_earlier, read_results


@pytest.fixture
def path(toy, tmp_path):
    document.write_document(toy, tmp_path / "results.json")
    return tmp_path / "results.json"


@pytest.mark.parametrize("change", [{}, {"cells": [], "verdicts": [], "shown": {}}, {"curves": []}], ids=str)
def test_the_pieces_are_the_whole_text(toy, change):
    results = Results.model_validate({**dict(toy), **change})
    assert "".join(document.pieces(results)) == results.model_dump_json(indent=1) + "\n"


def test_what_was_written_is_read_part_by_part_never_as_a_whole(toy, path, monkeypatch):
    monkeypatch.setattr(Results, "model_validate_json", None)
    assert read_results(path) == toy


@pytest.mark.parametrize("indent", [None, 0, 1, 2])
def test_other_layouts_are_read_too(toy, path, indent):
    path.write_text(json.dumps(toy.model_dump(mode="json"), indent=indent))
    assert read_results(path) == toy


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"overlay": {}', '"overlay": 3', ("cells", 0, "overlay")),
        ('"scope": "cell"', '"scope": "room"', ("verdicts", 0, "scope")),
        ('"complete": true', '"complete": 5', ("complete",)),
        ('"complete": true', '"complete": true,\n "more": 1', ("more",)),
        ("\n  }\n ],", "\n  }\n ,", ()),
        ("\n}\n", "\n", ()),
        ("{\n", "[\n", ()),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_as_of_the_whole(path, old, new, where):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ValidationError) as found:
        read_results(path)
    assert [error["loc"] for error in found.value.errors()] == [where]


def test_earlier_results_are_read_without_cells_and_verdicts(toy, path):
    text = path.read_text().replace('"scope": "cell"', '"scope": "room"')
    for name in ("claims", "shown", "figures"):
        for now in (text, json.dumps(json.loads(text))):
            path.write_text(now)
            assert getattr(read_earlier(path), name) == getattr(toy, name)


def test_summaries_are_what_they_were_made_of():
    one = Summary(mean=0.5, lower=None, upper=1.0, interval="betting", values=[0.25, None, 0.75])
    two = Summary(mean=None, lower=None, upper=None, interval="exact", values=[None, None, None])
    found = Summaries.of({"one": one, "two": two})
    assert (dict(found), list(found), len(found)) == ({"one": one, "two": two}, ["one", "two"], 2)
    assert found.limits("one") == (0.5, None, 1.0)
    assert found.plain() == {name: summary.model_dump() for name, summary in found.items()}
    with pytest.raises(KeyError):
        found["three"]
    assert Summaries.of({}) == {}
    with pytest.raises(ValueError, match="have 1 and 3 values, allowed is one for each seed"):
        Summaries.of({"one": one, "two": two.model_copy(update={"values": [None]})})


def test_observables_of_unequal_length_are_refused(toy):
    whole = toy.model_dump(mode="json")
    whole["cells"][1]["observables"]["toy_loss"]["values"].append(0.5)
    with pytest.raises(ValidationError, match=r"cells.1.observables"):
        Results.model_validate(whole)
