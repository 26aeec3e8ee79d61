"""Data sets in their published formats become a table that is read again; every row is accounted for."""

import csv
import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
import typer

from empirics.cli.app import run
from empirics.cli.facts import _GROUP
from empirics.errors import UsageError
from empirics.experiments import registry
from empirics.experiments.language_models.facts.convert import FORMATS, QUESTIONS, RELATIONS, convert
from empirics.experiments.language_models.facts.invented import RELATION
from empirics.experiments.language_models.facts.popqa import COLUMNS
from empirics.experiments.language_models.facts.table import load_facts
from empirics.experiments.language_models.facts.templates import load_templates

MADE = Path(__file__).parent / "made"
SIX = Path(__file__).with_name("six_facts.tsv")


def made(tmp_path, source, name=None):
    """The facts that are read from the converted table, as (subject, relation, accepted), and what was said."""
    output = tmp_path / "facts.tsv"
    lines = convert(source, output, name)
    facts, report = load_facts(output)
    assert not report.dropped
    assert not report.repaired
    return [(fact.subject, fact.relation, fact.accepted) for fact in facts], lines


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


BIRTH, DIED, STAR = "place of birth", "P20", "Which star does [X] orbit?"
FOUND = {
    "entityquestions": [
        ("Ama Torv", DIED, ("Telm",)),
        ("Bo Lund", DIED, ("Quay",)),
        ("Arvonia", "capital", ("Telm", "Telm City", "New Telm")),  # asked for twice
        ("Élan", "capital", ("Quay",)),
    ],
    "lama": [("Ama Torv", BIRTH, ("Telm",)), ("Bo Lund", BIRTH, ("Quay",)), ("Eli Moss", "P999", ("Osk",))],
    "pararel": [("Telm", "country", ("Arvonia", "Bresk")), ("Quay", "country", ("Élan",))],
    "counterfact.json": [("Ama Torv", "sport", ("hurling",)), ("Dee Vann", "P103", ("Telmish",))],
    "zsre.json": [
        ("Ama Torv", STAR, ("Sun of Telm", "Telm's sun")),
        ("Bo Lund", BIRTH, ("Quay",)),
        ("Eli Moss", BIRTH, ("Telm",)),
    ],
}
TOLD = {
    "entityquestions": (
        "10 rows read, 5 written to FILE, 5 passed over",
        "passed over 1: the row is empty (first: line 2 of P20.train.jsonl)",
        "passed over 1: answers is empty (first: item 2 of P36.train.json)",
        "passed over 1: answers is missing (first: item 3 of P36.train.json)",
        "passed over 1: the question is not in the known form of P36 (first: item 4 of P36.train.json)",
        "passed over 1: not a JSON object (first: item 7 of P36.train.json)",
        "repaired 1: duplicate accepted answers (first: item 1 of P36.train.json)",
        "repaired 1: accepted answers that are not readable text were left out (first: item 6 of P36.train.json)",
        "rows by relation: capital 3, P20 2",
        "no templates are built in for P20: language models need yours",
    ),
    "lama": (
        "9 rows read, 3 written to FILE, 6 passed over",
        f"passed over 1: obj_label is missing (first: line 3 of {Path('TREx', 'P19.jsonl')})",
        f"passed over 1: obj_label is empty (first: line 4 of {Path('TREx', 'P19.jsonl')})",
        f"passed over 1: the row is empty (first: line 6 of {Path('TREx', 'P19.jsonl')})",
        f"passed over 1: not UTF-8 text (first: line 7 of {Path('TREx', 'P19.jsonl')})",
        f"passed over 1: not a JSON object (first: line 8 of {Path('TREx', 'P19.jsonl')})",
        "passed over 1: a sentence for a relation, not a fact (first: line 1 of relations.jsonl)",
        "rows by relation: place of birth 2, P999 1",
        "no templates are built in for P999: language models need yours",
    ),
    "pararel": (
        "4 rows read, 3 written to FILE, 1 passed over",
        f"passed over 1: a sentence for a relation, not a fact (first: line 1 of {Path('pattern_data', 'P17.jsonl')})",
        "rows by relation: country 3",
    ),
    "counterfact.json": (
        "6 rows read, 3 written to FILE, 3 passed over",
        "passed over 1: requested_rewrite.target_true.str is missing (first: item 3 of counterfact.json)",
        "passed over 1: neither the row nor the file's name (as P17.jsonl) says the relation "
        "(first: item 4 of counterfact.json)",
        "passed over 1: requested_rewrite.subject is missing (first: item 5 of counterfact.json)",
        "rows by relation: sport 2, P103 1",
        "no templates are built in for P103: language models need yours",
    ),
    "zsre.json": (
        "6 rows read, 3 written to FILE, 3 passed over",
        "passed over 1: the question does not hold the subject: its relation is not known (first: item 3 of zsre.json)",
        "passed over 1: answers is empty (first: item 4 of zsre.json)",
        "passed over 1: answers is missing (first: item 6 of zsre.json)",
        "rows by relation: place of birth 2, Which star does [X] orbit? 1",
        "no templates are built in for Which star does [X] orbit?: language models need yours",
    ),
}


@pytest.mark.parametrize("source", FOUND)
def test_what_is_written_is_read_again_and_every_row_is_accounted_for(source, tmp_path):
    facts, (first, *lines, lacking) = made(tmp_path, MADE / source)
    assert facts == FOUND[source]
    name = source.partition(".")[0]
    assert first == f"{MADE / source}: read as {name}, by the keys of its rows (--from names another format)"
    assert tuple(line.replace(str(tmp_path / "facts.tsv"), "FILE") for line in lines) == TOLD[source]
    assert lacking.startswith("columns that the source has no values for are left out: ")
    assert {"s_pop", "o_pop"} <= set(re.split("[ ,]+", lacking))
    assert made(tmp_path, MADE / source, name)[1][0] == f"{MADE / source}: read as {name}"


def test_ids_and_entities_are_kept(tmp_path):
    made(tmp_path, MADE / "lama")
    header, row, *_ = (line.split("\t") for line in (tmp_path / "facts.tsv").read_text(encoding="utf-8").splitlines())
    kept = dict(zip(header, row, strict=True))
    assert (kept["id"], kept["subj_id"], kept["obj_id"]) == ("made-1", "Q81", "Q91")


@pytest.mark.parametrize("ending", ["tsv", "tsv.gz", "csv", "jsonl", "json", "jsonl.gz"])
def test_popqa_in_any_wrapping_keeps_its_columns(ending, tmp_path):
    facts = load_facts(SIX)[0]
    header, *rows = (line.split("\t") for line in SIX.read_text(encoding="utf-8").splitlines())
    records = [
        {
            k: json.loads(v.strip('"').replace('""', '"')) if v.startswith('"[') else v
            for k, v in zip(header, row, strict=True)
        }
        for row in rows
    ]
    records[0]["note"] = "tab\tand \ud800"  # a further column; it cannot be written as it is
    text = {
        "tsv": SIX.read_text(encoding="utf-8"),
        "jsonl": "".join(json.dumps(record) + "\n" for record in records),
        "json": json.dumps(records),
        "csv": None,
    }[ending.removesuffix(".gz")]
    path = tmp_path / f"popqa.{ending}"
    if text is None:
        with path.open("w", encoding="utf-8", newline="") as stream:
            reader = csv.reader(SIX.open(encoding="utf-8", newline=""), delimiter="\t")
            csv.writer(stream).writerows(reader)
    else:
        data = text.encode()
        path.write_bytes(gzip.compress(data) if ending.endswith(".gz") else data)
    lines = convert(path, tmp_path / "facts.tsv")
    assert lines[0].startswith(f"{path}: read as popqa, ")
    assert load_facts(tmp_path / "facts.tsv")[0] == facts
    assert lines[1] == f"6 rows read, 6 written to {tmp_path / 'facts.tsv'}, 0 passed over"


def test_a_relation_comes_from_the_row_the_file_or_the_folder(tmp_path):
    row = {"sub_label": "Telm", "obj_label": "Arvonia", "uuid": "made"}
    (tmp_path / "P17").mkdir()
    assert made(tmp_path, written(tmp_path / "P17" / "bucket0.jsonl", row))[0] == [("Telm", "country", ("Arvonia",))]
    with pytest.raises(UsageError, match="neither the row nor the file's name"):
        convert(written(tmp_path / "P17x.jsonl", row), tmp_path / "facts.tsv")
    row = {**row, "pred": "/people/person/place_of_birth"}
    assert made(tmp_path, written(tmp_path / "google.jsonl", row))[0] == [("Telm", BIRTH, ("Arvonia",))]


def test_a_question_tells_its_relation_unless_two_are_asked_for_alike(tmp_path):
    asked = [{"question": form.replace("[X]", "Telm, Arvonia"), "answers": ["Osk"]} for form in QUESTIONS.values()]
    facts, lines = made(tmp_path, written(tmp_path / "all.jsonl", *asked))
    alike = {name for name, form in QUESTIONS.items() if form == "Where is [X] located?"}
    expected = [RELATIONS.get(name, name) for name in QUESTIONS if name not in alike]
    assert facts == [("Telm, Arvonia", name, ("Osk",)) for name in expected]
    assert lines[2] == (
        "passed over 2: the question fits P131 and P276 alike: name the file after one, as P131.jsonl "
        "(first: line 12 of all.jsonl)"
    )
    facts, _ = made(tmp_path, written(tmp_path / "P276.jsonl", asked[11]))
    assert facts == [("Telm, Arvonia", "P276", ("Osk",))]


def test_names_of_relations_are_those_of_the_templates():
    assert set(RELATIONS.values()) == set(load_templates()) - {RELATION}
    assert all(form.count("[X]") == 1 for form in QUESTIONS.values())


def test_several_answers_in_a_label_are_all_accepted(tmp_path):
    row = {"sub_label": "Arvonia", "obj_label": ["Telm", "Quay"], "sub_uri": "Q1", "obj_uri": ["Q2", "Q3"]}
    assert made(tmp_path, written(tmp_path / "P36_made.jsonl", row))[0] == [("Arvonia", "capital", ("Telm", "Quay"))]


def test_a_folder_says_what_it_did_not_read(tmp_path):
    shutil.copytree(MADE / "pararel", tmp_path / "in")
    (tmp_path / "in" / "P17.graph").write_bytes(b"")
    (tmp_path / "in" / ".hidden").write_bytes(b"")
    assert "not read: 1 file of other kinds (first: P17.graph)" in made(tmp_path, tmp_path / "in")[1]


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("a.json", b"[1, 2", "a.json: not valid JSON (Expecting ',' delimiter"),
        ("a.json", '["São"]'.encode("latin-1"), "a.json: not UTF-8 text (byte 3)"),
        (
            "a.jsonl",
            b'{"x": 1}\n',
            f"a.jsonl: no row is in a format that is known ({', '.join(FORMATS)}); --from names one",
        ),
        ("a.txt", b"", "a.txt: it is empty"),
        ("a.jsonl.gz", gzip.compress(b"{}", mtime=0)[:9], "a.jsonl.gz: Compressed file ended"),
        ("a.tsv", b"subj\tprop\n", "a.tsv: missing columns obj, possible_answers"),
        (
            "P17.jsonl",
            b'{"pattern": "[X] lies in [Y]."}\n\n',
            "P17.jsonl: no usable row, read as pararel; passed over 1: a sentence for a relation, not a fact "
            "(first: line 1 of P17.jsonl); passed over 1: the row is empty (first: line 2 of P17.jsonl)",
        ),
    ],
)
def test_a_file_that_gives_nothing_is_refused_in_one_line(name, data, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(data)
    assert run(["facts", "convert", name, "--output", "facts.tsv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"factbound: facts {line}")
    assert err.count("\n") == 1
    assert not Path("facts.tsv").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("none.json", "--output", "f.tsv"), "facts none.json: no such file or folder"),
        (("empty", "--output", "f.tsv"), "facts empty: the folder holds no file of a kind that is read: .tsv, .csv, "),
        (("six.tsv", "--output", "f.csv"), "--output=f.csv is refused: allowed is a name that ends in .tsv"),
        (("six.tsv", "--output", "./six.tsv"), "--output=six.tsv is refused: it is what is read"),
        (("six.tsv", "--output", "none/f.tsv"), "cannot write none/f.tsv: No such file or directory"),
        (("six.tsv", "--from", "popQA ", "--output", "f.tsv"), "--from=popQA is refused; did you mean popqa?"),
        (
            ("six.tsv", "--from", "lama", "--output", "f.tsv"),
            "facts six.tsv: no usable row, read as lama; passed over 6",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(words, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(SIX, "six.tsv")
    Path("empty").mkdir()
    assert run(["facts", "convert", *words]) == 2
    assert capsys.readouterr().err.startswith(f"factbound: {line}")
    assert Path("six.tsv").read_bytes() == SIX.read_bytes()


def test_the_formats_in_the_help_are_those_that_there_are():
    command = typer.main.get_command(_GROUP).commands["convert"]
    (option,) = (p for p in command.params if "--from" in p.opts)
    assert set(option.metavar.split("|")) == set(FORMATS)
    assert all(set(form.columns) <= set(COLUMNS) for form in FORMATS.values())


def test_without_an_experiment_that_converts_nothing_is_written(monkeypatch, tmp_path):
    toy = next(item for item in registry.experiments().values() if item.convert_facts(SIX, tmp_path, None) is None)
    monkeypatch.setattr(registry, "experiments", lambda: {toy.name: toy})
    with pytest.raises(UsageError, match="no experiment here converts facts"):
        registry.convert_facts(SIX, tmp_path / "facts.tsv", None)


def test_a_verification_plans_on_the_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = [{"question": f"What is the capital of Land {i}?", "answers": [f"Town {i}"]} for i in range(60)]
    Path("P36.train.json").write_text(json.dumps(asked))
    assert run(["facts", "convert", "P36.train.json", "--output", "facts.tsv"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "60 rows read, 60 written to facts.tsv, 0 passed over"
    assert run(["verify", "--preset", "quick", "--facts", "facts.tsv", "--dry-run"]) == 0
    assert "40 of 60 facts of facts.tsv are used: capital 40" in "".join(capsys.readouterr())
