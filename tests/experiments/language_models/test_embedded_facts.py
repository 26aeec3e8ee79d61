"""The facts that ship with the package: columns, counts, and that answers identify subjects."""

import csv
import json
from collections import Counter
from importlib import resources

from empirics.experiments.language_models.facts.popqa import COLUMNS
from empirics.experiments.language_models.facts.table import embedded_facts, load_facts
from empirics.experiments.language_models.facts.templates import load_templates

TABLE = resources.files("empirics.experiments.language_models.facts.data").joinpath("facts.tsv")


def _rows() -> list[dict[str, str]]:
    with resources.as_file(TABLE) as path, path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_the_table_has_popqa_columns_and_json_lists() -> None:
    rows = _rows()
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        for column in ("s_aliases", "o_aliases", "possible_answers"):
            assert isinstance(json.loads(row[column]), list)
        assert json.loads(row["possible_answers"]) == [row["obj"], *json.loads(row["o_aliases"])]
        assert row["subj"] in row["question"]


def test_no_wikidata_identifier_is_invented() -> None:
    unknown = ("subj_id", "prop_id", "obj_id", "s_uri", "o_uri", "s_wiki_title", "o_wiki_title", "s_pop", "o_pop")
    assert not any(row[column] for row in _rows() for column in unknown)


def test_counts_by_relation() -> None:
    facts = embedded_facts()
    assert Counter(fact.relation for fact in facts) == {"capital": 169, "author": 121, "composer": 97, "director": 143}
    assert {fact.relation for fact in facts} <= set(load_templates())


def test_every_row_is_read_without_a_repair() -> None:
    with resources.as_file(TABLE) as path:
        facts, report = load_facts(path)
    assert report.read == report.kept == len(facts) == 530
    assert not any((report.merged, report.dropped, report.repaired, report.noted))


def test_answers_are_an_injection_and_no_accepted_answer_fits_two_facts() -> None:
    facts = embedded_facts()
    assert len({fact.answer for fact in facts}) == len({fact.subject for fact in facts}) == len(facts)
    spelled = Counter((fact.relation, text.casefold()) for fact in facts for text in fact.accepted)
    assert [text for text, count in spelled.items() if count > 1] == []


def test_no_answer_can_be_read_off_its_subject() -> None:
    for fact in embedded_facts():
        subject, answer = fact.subject.casefold(), fact.answer.casefold()
        assert answer not in subject
        assert subject not in answer
