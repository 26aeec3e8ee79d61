"""From rows to facts: every row is kept, merged or dropped, with its reason."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_builders import write_rows

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.table import Fact, FactReport, load_facts


def _table(folder: Path, *rows: dict[str, object]) -> Path:
    filled = [
        {
            "id": number,
            "subj": f"subject {number}",
            "prop": "author",
            "obj": f"answer {number}",
            "possible_answers": [f"answer {number}"],
            **row,
        }
        for number, row in enumerate(rows, start=1)
    ]
    path = folder / "facts.tsv"
    write_rows(path, filled)
    return path


def _adds_up(report: FactReport) -> bool:
    return report.read == report.kept + report.total("merged") + report.total("dropped")


def test_plain_rows_become_facts(tmp_path: Path) -> None:
    facts, report = load_facts(_table(tmp_path, {"possible_answers": ["answer 1", "other"]}, {"prop": "genre"}))
    assert facts == (
        Fact("1", "subject 1", "author", "answer 1", ("answer 1", "other")),
        Fact("2", "subject 2", "genre", "answer 2", ("answer 2",)),
    )
    assert report.relations == {"author": 1, "genre": 1}
    assert _adds_up(report)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"subj": ""}, "subj is empty"),
        ({"subj": " \u200f "}, "subj is empty"),
        ({"prop": ""}, "prop is empty"),
        ({"obj": ""}, "obj is empty"),
        ({"obj": "Par\ufffds"}, "obj contains unreadable characters"),
        ({"obj": "Par\x07s"}, "obj contains unreadable characters"),
    ],
)
def test_unusable_rows_are_dropped_and_named(tmp_path: Path, row: dict[str, object], reason: str) -> None:
    facts, report = load_facts(_table(tmp_path, {}, row, {}))
    assert [fact.id for fact in facts] == ["1", "3"]
    assert {name: tally.rows for name, tally in report.dropped.items()} == {reason: [3]}
    assert _adds_up(report)
    assert f"dropped 1: {reason} (row 3)" in report.lines()


@pytest.mark.parametrize(
    ("row", "fact", "reason"),
    [
        ({"subj": " A  B\n"}, ("A B", "author", "answer 1", ("answer 1",)), "of subj"),
        ({"subj": "Cafe\u0301"}, ("Caf\u00e9", "author", "answer 1", ("answer 1",)), "of subj"),
        ({"prop": "Author"}, ("subject 1", "author", "answer 1", ("answer 1",)), "capital letters"),
        ({"possible_answers": ["x"]}, ("subject 1", "author", "answer 1", ("answer 1", "x")), "not among"),
        (
            {"possible_answers": ["answer 1", "x", "x"]},
            ("subject 1", "author", "answer 1", ("answer 1", "x")),
            "duplicate accepted answers",
        ),
        (
            {"possible_answers": ["answer 1", "", 3]},
            ("subject 1", "author", "answer 1", ("answer 1",)),
            "not readable text",
        ),
        (
            {"possible_answers": "['answer 1', \"it's\"]"},
            ("subject 1", "author", "answer 1", ("answer 1", "it's")),
            "Python's notation",
        ),
        (
            {"possible_answers": "answer 1; x", "o_aliases": ["y"]},
            ("subject 1", "author", "answer 1", ("answer 1", "y")),
            "not a JSON list",
        ),
        ({"possible_answers": ""}, ("subject 1", "author", "answer 1", ("answer 1",)), "not a JSON list"),
        ({"possible_answers": '{"a": 1}'}, ("subject 1", "author", "answer 1", ("answer 1",)), "not a JSON list"),
    ],
)
def test_odd_fields_are_repaired_and_counted(
    tmp_path: Path, row: dict[str, object], fact: tuple[str, str, str, tuple[str, ...]], reason: str
) -> None:
    facts, report = load_facts(_table(tmp_path, row))
    assert facts == (Fact("1", *fact),)
    assert [reason in name for name in report.repaired] == [True]
    assert report.total("repaired") == 1


def test_an_odd_value_nobody_uses_is_noted_unless_the_column_is_empty(tmp_path: Path) -> None:
    _, report = load_facts(_table(tmp_path, {"s_pop": 5, "o_pop": -2}, {"s_pop": "", "o_pop": 7}))
    assert {name: tally.rows for name, tally in report.noted.items()} == {
        "o_pop is not a number of page views": [2],
        "s_pop is empty": [3],
    }


def test_a_second_answer_to_the_same_question_is_accepted_too(tmp_path: Path) -> None:
    same = {"subj": "The Talisman", "subj_id": 7}
    facts, report = load_facts(
        _table(
            tmp_path,
            {**same, "obj": "King", "possible_answers": ["King"]},
            {**same, "obj": "Straub", "possible_answers": ["Straub", "P. Straub"]},
            {**same, "obj": "King", "possible_answers": ["King", "S. King"]},
        )
    )
    assert facts == (Fact("1", "The Talisman", "author", "King", ("King", "Straub", "P. Straub", "S. King")),)
    assert sorted((name, tally.rows) for name, tally in report.merged.items()) == [
        ("another answer to an earlier row: accepted too", [3]),
        ("repeats an earlier row", [4]),
    ]
    assert _adds_up(report)


def test_of_namesakes_the_most_viewed_is_kept_and_nothing_is_mixed(tmp_path: Path) -> None:
    rows = [{"subj": "Pilot", "subj_id": entity, "s_pop": views} for entity, views in ((1, 16), (2, 86), (3, 86))]
    facts, report = load_facts(_table(tmp_path, *rows))
    assert facts == (Fact("2", "Pilot", "author", "answer 2", ("answer 2",)),)
    assert [tally.rows for tally in report.dropped.values()] == [[2, 4]]
    assert _adds_up(report)


def test_the_same_subject_may_stand_in_two_relations(tmp_path: Path) -> None:
    facts, _ = load_facts(_table(tmp_path, {"subj": "Fargo"}, {"subj": "Fargo", "prop": "director"}))
    assert [fact.relation for fact in facts] == ["author", "director"]


def test_ids_stay_unique(tmp_path: Path) -> None:
    facts, report = load_facts(_table(tmp_path, {"id": "a"}, {"id": "a"}, {"id": ""}))
    assert [fact.id for fact in facts] == ["a", "a-row-3", "row-4"]
    assert [tally.rows for tally in report.repaired.values()] == [[3]]


def test_a_table_without_a_usable_row_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no usable fact; dropped 2: obj is empty \(rows 2, 3\)"):
        load_facts(_table(tmp_path, {"obj": ""}, {"obj": ""}))
    with pytest.raises(UsageError, match="no usable fact"):
        load_facts(_table(tmp_path))


def test_the_report_shows_the_first_rows_only(tmp_path: Path) -> None:
    _, report = load_facts(_table(tmp_path, {}, *[{"obj": ""}] * 7))
    assert "dropped 7: obj is empty (rows 3, 4, 5, 6, 7, ...)" in report.lines()


_TEXT = (
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" \"'\\,;[]"), max_size=12)
    .map(lambda text: " ".join(unicodedata.normalize("NFC", text).replace("\ufffd", "").split()))
    .filter(bool)
)


@st.composite
def _facts(draw: st.DrawFn) -> list[Fact]:
    keys = draw(st.lists(st.tuples(_TEXT, st.sampled_from(["author", "my relation"])), min_size=1, unique=True))
    facts = []
    for number, (subject, relation) in enumerate(keys):
        accepted = tuple(draw(st.lists(_TEXT, min_size=1, max_size=3, unique=True)))
        facts.append(Fact(f"id{number}", subject, relation, accepted[0], accepted))
    return facts


@given(_facts())
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, facts: list[Fact]) -> None:
    path = tmp_path_factory.mktemp("round") / "facts.tsv"
    rows = [
        {"id": f.id, "subj": f.subject, "prop": f.relation, "obj": f.answer, "possible_answers": f.accepted}
        for f in facts
    ]
    write_rows(path, rows)
    found, report = load_facts(path)
    assert list(found) == facts
    assert report.total("repaired") == report.total("dropped") == report.total("merged") == 0
