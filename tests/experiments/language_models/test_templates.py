"""Templates: enough of them, truly different, and errors that name file, relation and template."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.invented import RELATION
from empirics.experiments.language_models.facts.table import embedded_facts
from empirics.experiments.language_models.facts.templates import RelationTemplates, load_templates, require_templates
from empirics.experiments.language_models.texts import Text

EMBEDDED = ("capital", "author", "composer", "director")
# Two templates of a relation differ in at least half of their words, whichever way one counts.
EDIT_FLOOR, JACCARD_FLOOR = 0.5, 0.5


def _words(template: str) -> list[str]:
    return re.findall(r"[\w']+", template.casefold().replace("{subject}", " xsubject ").replace("{answer}", " "))


def _edit_distance(a: list[str], b: list[str]) -> float:
    """Levenshtein distance over words, relative to the longer sentence."""
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, start=1):
        above, row = row, [i]
        for j, other in enumerate(b, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (word != other)))
    return row[-1] / max(len(a), len(b))


def _jaccard_distance(a: list[str], b: list[str]) -> float:
    first, second = set(a) - {"xsubject"}, set(b) - {"xsubject"}
    return 1 - len(first & second) / len(first | second)


def _alike(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (a, b)
        for a, b in combinations(texts, 2)
        if _edit_distance(_words(a), _words(b)) < EDIT_FLOOR or _jaccard_distance(_words(a), _words(b)) < JACCARD_FLOOR
    ]


def _inner(question: str) -> str:
    return question.removeprefix("Question: ").removesuffix(" Answer: {answer}")


def test_every_popqa_relation_has_enough_templates() -> None:
    templates = load_templates()
    assert templates.pop(RELATION).questions[1] == "zq {subject} -> {answer}"  # of invented facts: PopQA has none
    assert len(templates) == 16
    for relation, found in templates.items():
        assert len(found.statements) >= (24 if relation in EMBEDDED else 12), relation
        assert len(found.questions) >= 3, relation
    assert {fact.relation for fact in embedded_facts()} == set(EMBEDDED)


@pytest.mark.parametrize("relation", load_templates())
def test_templates_of_a_relation_differ_truly(relation: str) -> None:
    found = load_templates()[relation]
    assert _alike(found.statements) == []
    for a, b in combinations(map(_inner, found.questions), 2):
        assert _jaccard_distance(_words(a), _words(b)) >= JACCARD_FLOOR


def test_one_swapped_word_is_not_a_new_template() -> None:
    assert _alike(("The seat of {subject} is the city {answer}.", "The seat of {subject} is the town {answer}."))


def test_no_sentence_serves_two_relations() -> None:
    texts = [text for found in load_templates().values() for text in found.statements + found.questions]
    assert len({text.casefold() for text in texts}) == len(texts)


def test_the_answer_ends_every_built_in_text() -> None:
    for found in load_templates().values():
        assert all(text.endswith(" {answer}.") for text in found.statements)
        asked = [text for text in found.questions if text != "zq {subject} -> {answer}"]
        assert all(re.fullmatch(r"Question: .*[?.] Answer: \{answer\}", text) for text in asked)


def test_names_with_braces_are_filled_in_as_they_are() -> None:
    template = "By {subject}, we mean {answer}, sir."
    text = Text.of(template, "{answer}", "{subject}")
    assert text.whole == "By {answer}, we mean {subject}, sir."
    assert text.before == "By {answer}, we mean"


@pytest.mark.parametrize("relation", load_templates())
def test_the_prompt_is_where_the_filled_text_begins(relation: str) -> None:
    found = load_templates()[relation]
    for template in found.statements + found.questions:
        text = Text.of(template, "S", "A")
        assert text.whole.startswith(text.before + " A")
        assert "{" not in text.whole


def _file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_users_file_replaces_and_adds_relations(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        '[relation.capital]\nstatements = ["{subject}  rules from {answer}"]\nquestions = ["{subject}? {answer}"]\n'
        '[relation."shoe size"]\nstatements = ["{subject} wears {answer}"]\nquestions = ["Size {subject}? {answer}"]',
    )
    templates = load_templates(path)
    assert templates["capital"] == RelationTemplates(
        "capital", ("{subject} rules from {answer}",), ("{subject}? {answer}",), str(path)
    )
    assert templates["shoe size"].statements == ("{subject} wears {answer}",)
    assert templates["author"] == load_templates()["author"]
    assert "shoe size" not in load_templates()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ('["{subject} is {answer}", "It is {answer}"]', "template 2: lacks {subject}; exactly one is needed"),
        ('["{subject} is here"]', "template 1: lacks {answer}"),
        ('["{subject} is {answer} or {answer}"]', "template 1: has 2 times {answer}"),
        ('["{answer} is for {subject}"]', "template 1: {answer} comes before {subject}"),
        (
            '["{subject} is {answer}", "x {subject} {answer}", "{subject}  IS {answer}"]',
            "template 3: repeats template 1",
        ),
        ('["{subject} is {answer}", 4]', "template 2: must be a string, not 4"),
        ('"{subject} is {answer}"', ": must be a list of strings"),
        ("[]", ": no statements; at least 1 is needed"),
    ],
)
def test_a_bad_template_is_named(tmp_path: Path, statements: str, message: str) -> None:
    path = _file(tmp_path, f'[relation.capital]\nquestions = ["{{subject}}? {{answer}}"]\nstatements = {statements}')
    with pytest.raises(UsageError) as caught:
        load_templates(path)
    assert str(caught.value).startswith(f"templates {path}, relation 'capital'")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[relation.capital", "not valid TOML"),
        ("", 'only tables [relation."NAME"] are allowed, at least one (found: nothing)'),
        ("[relation]", "at least one"),
        ("relation = 3", "only tables"),
        ('[relation.capital]\nstatements = ["{subject} {answer}"]', "relation 'capital': no questions"),
        (
            '[relation.capital]\nsentences = ["{subject} {answer}"]',
            "unknown key 'sentences'; allowed: statements, questions",
        ),
        ("[relation]\ncapital = 1", "relation 'capital': must be a table"),
        ('[other]\nx = 1\n[relation.capital]\nstatements = ["{subject} {answer}"]', "(found: other, relation)"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_templates(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.toml: No such file"):
        load_templates(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(UsageError, match=r"latin\.toml: not UTF-8 text \(byte 2\)"):
        load_templates(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("relations", "count", "multiplicity", "message"),
    [
        (["capital", "shoe size"], 4, 2, "no templates for relation 'shoe size'; there are some for author, "),
        (
            ["capital"],
            24,
            27,
            "multiplicity (K) = 27 exceeds the 26 statement templates of relation 'capital' (built-in)",
        ),
        (["capital", "sport"], 13, 2, "templates (|R|) = 13 exceeds the 12 statement templates of relation 'sport'"),
    ],
)
def test_impossible_demands_name_relation_and_number(
    relations: list[str], count: int, multiplicity: int, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        require_templates(load_templates(), relations, templates=count, multiplicity=multiplicity)
    assert message in str(caught.value)


def test_possible_demands_pass() -> None:
    require_templates(load_templates(), load_templates(), templates=12, multiplicity=12)
    require_templates(load_templates(), EMBEDDED, templates=26, multiplicity=1)
