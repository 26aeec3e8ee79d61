"""Reading tables: every kind of file, and one clear line for each that cannot be read."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lm_builders import write_rows

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.popqa import REQUIRED, read_rows
from empirics.experiments.language_models.facts.table import embedded_facts, load_facts

SAVED = Path(__file__).parent / "saved_by_datasets"
HEADER = "\t".join(["id", *REQUIRED])


def _write(path: Path, *lines: str) -> Path:
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


def test_popqa_quoting_extra_columns_windows_lines_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "popqa.tsv"
    row = '7\tParis\tcapital of\tFrance\t"[""France"", ""R\\u00e9publique"", ""fr""]"\tx\r\n'
    path.write_bytes(("\ufeff" + HEADER + "\tsource\r\n" + row).encode())
    facts, report = load_facts(path)
    assert [(fact.id, fact.accepted) for fact in facts] == [("7", ("France", "République", "fr"))]
    assert not report.repaired


def test_rows_of_a_broken_table_are_counted_by_line(tmp_path: Path) -> None:
    good = 'Emma\tauthor\tJane Austen\t["Jane Austen"]'
    path = _write(
        tmp_path / "broken.tsv",
        HEADER,
        f"1\t{good}",
        "2\tUlysses\tauthor",
        "",
        f"4\t{good.replace('Emma', 'Persuasion')}\textra\textra",
        f"5\t{good.replace('Emma', 'Sanditon')}",
    )
    facts, report = load_facts(path)
    assert [fact.subject for fact in facts] == ["Emma", "Sanditon"]
    assert {name: tally.rows for name, tally in report.dropped.items()} == {
        "3 fields instead of 5": [3],
        "the row is empty": [4],
        "7 fields instead of 5": [5],
    }
    assert (report.read, report.kept) == (5, 2)


def test_line_numbers_count_line_breaks_inside_fields(tmp_path: Path) -> None:
    path = _write(tmp_path / "t.tsv", HEADER, '1\t"two', 'lines"\tauthor\ta\t["a"]', "2\tx")
    assert [(row.number, row.problem) for row in read_rows(path)] == [(2, ""), (4, "2 fields instead of 5")]


@pytest.mark.parametrize("row", ['2\t"never closed\tauthor\ta\t[]', '2\t"closed" too early\tauthor\ta\t[]'])
def test_broken_quoting_names_the_line(tmp_path: Path, row: str) -> None:
    path = _write(tmp_path / "t.tsv", HEADER, '1\tEmma\tauthor\ta\t["a"]', row, '3\tX\tauthor\ta\t"[""a""]"')
    with pytest.raises(UsageError, match=r"t\.tsv: the row that begins on line 3 is broken"):
        load_facts(path)


@pytest.mark.parametrize("column", REQUIRED)
def test_missing_columns_are_named(tmp_path: Path, column: str) -> None:
    path = _write(tmp_path / "t.tsv", HEADER.replace(f"\t{column}", "", 1), "1\ta\tb\tc")
    with pytest.raises(UsageError, match=rf"t\.tsv: missing columns {column}; required: "):
        load_facts(path)


def test_files_that_cannot_be_understood(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.tsv: no such file or folder"):
        load_facts(tmp_path / "nowhere.tsv")
    with pytest.raises(UsageError, match=r"unknown kind of file '\.xls'; allowed: \.tsv"):
        load_facts(_write(tmp_path / "t.xls"))
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(UsageError, match="the file is empty"):
        load_facts(tmp_path / "empty.tsv")
    (tmp_path / "latin.tsv").write_bytes(HEADER.encode() + b"\nMal\xe9")
    with pytest.raises(UsageError, match=r"latin\.tsv: not UTF-8 text \(byte 37\)"):
        load_facts(tmp_path / "latin.tsv")
    with pytest.raises(UsageError, match="duplicate columns: subj"):
        load_facts(_write(tmp_path / "twice.tsv", HEADER + "\tsubj", "1"))


def test_csv_and_json_lines_hold_the_same_facts(tmp_path: Path) -> None:
    facts = embedded_facts()[:40]
    columns = {"id": "id", "subj": "subject", "prop": "relation", "obj": "answer", "possible_answers": "accepted"}
    write_rows(tmp_path / "a.tsv", [{name: getattr(f, key) for name, key in columns.items()} for f in facts])
    rows = [row.values for row in read_rows(tmp_path / "a.tsv")]
    quoted = [",".join('"' + str(value).replace('"', '""') + '"' for value in row.values()) for row in rows]
    _write(tmp_path / "a.csv", ",".join(rows[0]), *quoted)
    _write(tmp_path / "a.jsonl", *map(json.dumps, rows))
    lists = [{**row, "possible_answers": json.loads(row["possible_answers"])} for row in rows]
    _write(tmp_path / "b.jsonl", *map(json.dumps, lists))
    for name in ("a.tsv", "a.csv", "a.jsonl", "b.jsonl"):
        assert load_facts(tmp_path / name)[0] == facts


def test_lines_that_are_no_json_objects_are_counted(tmp_path: Path) -> None:
    fact = {"subj": "s", "prop": "author", "obj": "a", "possible_answers": ["a"]}
    path = _write(tmp_path / "t.jsonl", json.dumps(fact), "{", "[1]", json.dumps({**fact, "subj": 5}))
    facts, report = load_facts(path)
    assert len(facts) == 1
    assert {name: tally.rows for name, tally in report.dropped.items()} == {
        "not a JSON object": [2, 3],
        "subj is not text": [4],
    }
    with pytest.raises(UsageError, match="missing columns obj"):
        load_facts(_write(tmp_path / "u.jsonl", json.dumps({"subj": "s", "prop": "p", "possible_answers": []})))


def test_a_folder_that_datasets_saved_is_read_split_or_whole() -> None:
    facts, report = load_facts(SAVED)
    assert [fact.subject for fact in facts] == ["Afghanistan", "Albania", "Angola", "Antigua and Barbuda", "Argentina"]
    assert facts[1].accepted == ("Tirana", "Tiranë")
    assert facts[0].id == "1"  # an integer in the table
    assert {name: tally.rows for name, tally in report.dropped.items()} == {"obj is empty": [3]}
    assert [tally.rows for tally in report.repaired.values()] == [[4]]
    assert load_facts(SAVED / "test")[0] == facts


def test_parquet_holds_the_same_facts(tmp_path: Path) -> None:
    ipc, parquet = importlib.import_module("pyarrow.ipc"), importlib.import_module("pyarrow.parquet")
    with (SAVED / "test" / "data-00000-of-00001.arrow").open("rb") as stream:
        parquet.write_table(ipc.open_stream(stream).read_all(), tmp_path / "t.parquet")
    assert load_facts(tmp_path / "t.parquet")[0] == load_facts(SAVED)[0]
    with pytest.raises(UsageError, match=r"bad\.parquet: not a readable Parquet file"):
        load_facts(_write(tmp_path / "bad.parquet", "no"))


def test_folders_that_cannot_be_understood(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not a folder saved by datasets' save_to_disk \(it has no state\.json\)"):
        load_facts(tmp_path)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    with pytest.raises(UsageError, match="holds the splits train, test; give the folder of one"):
        load_facts(tmp_path)
    (tmp_path / "dataset_dict.json").unlink()
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(UsageError, match=r"state\.json: no list '_data_files'"):
        load_facts(tmp_path)
    (tmp_path / "state.json").write_text('{"_data_files": [{"filename": "data.arrow"}]}')
    _write(tmp_path / "data.arrow", "no arrow")
    with pytest.raises(UsageError, match=r"data\.arrow: not a readable Arrow file"):
        load_facts(tmp_path)


def test_without_pyarrow_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("empirics.experiments.language_models.facts.popqa.importlib.import_module", refuse)
    with pytest.raises(UsageError, match=r"needs the package pyarrow: pip install 'factbound\[lm\]'"):
        load_facts(SAVED)


def test_facts_and_templates_load_no_heavy_library() -> None:
    code = (
        "import sys; from empirics.experiments.language_models.facts import table, templates;"
        "table.embedded_facts(); templates.load_templates();"
        "print([name for name in ('torch', 'transformers', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
