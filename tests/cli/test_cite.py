"""``factbound cite``: BibTeX and LaTeX that can be read, with nothing that the project does not know."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from invented_results import toy_results

from empirics.cli.app import run
from empirics.report.citation import bibtex, citation_cff, latex, paper_bibtex, software
from empirics.report.cite import cite, latex_table, sentence
from empirics.verification.document import write_document
from empirics.verification.results import Results
from theory import Paper, papers

ROOT = Path(__file__).resolve().parents[2]


def parsed(text):
    """The entries of a BibTeX file by key: a small parser that refuses what is not well-formed."""
    entries, place = {}, 0
    while match := re.compile(r"\s*@(\w+)\{([^\s,{}]+),\s*").match(text, place):
        kind, key = match.groups()
        fields, place = {"kind": kind}, match.end()
        while field := re.compile(r"(\w+) = \{").match(text, place):
            depth, place = 1, field.end()
            start = place
            while depth:
                depth += {"{": 1, "}": -1}.get(text[place], 0) if text[place - 1] != "\\" else 0
                place += 1
            assert text[place] == ","
            assert field[1] not in fields
            fields[field[1]] = text[start : place - 1]
            place = re.compile(r",\s*").match(text, place).end()
        assert text[place] == "}"
        assert key not in entries
        entries[key], place = fields, place + 1
    assert text[place:].strip() == ""
    return entries


def well_formed(text):
    """Whether groups and environments are balanced, and no character is left that LaTeX reads otherwise."""
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    opened, depth = [], 0
    for command, name in re.findall(r"\\(begin|end)\{(\w+)\}", "\n".join(lines)):
        if command == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    bare = re.sub(r"\\([\\{}$&%#_]|[A-Za-z]+)", "", "\n".join(lines).replace(">{\\raggedright", "{"))
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    assert not set("#%^<>|") & set(re.sub(r"\$[^$]*\$", "", bare))
    return True


def rows(table):
    body = table.partition("\\endlastfoot\n")[2].partition("\\end{longtable}")[0]
    return [re.split(r"(?<!\\)&", line.removesuffix(" \\\\[2pt]")) for line in body.splitlines()]


@pytest.fixture
def directory(tmp_path):
    write_document(toy_results(), tmp_path / "results.json")
    return tmp_path


def test_without_results_the_software_and_every_paper(capsys):
    assert run(["cite"]) == 0
    entries = parsed(capsys.readouterr().out)
    assert list(entries) == ["factbound", *(paper.name for paper in papers())]
    mine = entries["factbound"]
    assert (mine["kind"], mine["howpublished"]) == ("misc", f"Software, version {software().version}, licence MIT")
    assert mine["year"] == re.search(r"Copyright \(c\) (\d{4})", (ROOT / "LICENSE").read_text())[1]
    for paper in papers():
        found = entries[paper.name]
        assert found["author"].split(" and ") == list(paper.authors)
        assert found["title"] == f"{{{paper.title}}}"
        assert f"arXiv:{found['eprint']}" == paper.link
        assert found["journal"] == f"arXiv preprint {paper.link}"
        assert found["year"] == "20" + found["eprint"][:2]


def test_what_is_not_known_of_a_paper_is_left_out():
    notation = papers()[0].notation
    assert parsed(paper_bibtex(Paper("my paper", notation))) == {"mypaper": {"kind": "misc"}}
    there = Paper("p", notation, title="50 % of {all} & more", link="https://example.org/a_b")
    (entry,) = parsed(paper_bibtex(there)).values()
    assert entry == {
        "kind": "misc",
        "title": r"{50 \% of \{all\} \& more}",
        "note": r"https://example.org/a\_b",
    }


def test_citation_cff_agrees():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    committed = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = yaml.safe_load(committed)
    made = yaml.safe_load(citation_cff(replace(software(), version=project["version"])))
    assert {key: found[key] for key in made} == made, "what an archive holds says the same"
    assert found.keys() - made.keys() == {"abstract", "date-released"}
    assert found["license"] == project["license"]
    assert found["authors"] == project["authors"]
    assert str(found["version"]) == project["version"]


def test_of_results_what_ran_and_the_papers_that_were_tested(directory, capsys):
    assert run(["cite", str(directory)]) == 0
    out, err = capsys.readouterr()
    assert err == "factbound: paper toy is not registered here (--with loads a file of it)\n"
    entry, _, told = out.partition("\n\n")
    assert parsed(entry)["factbound"]["howpublished"] == "Software, version 0, licence MIT"
    assert told == (
        "With factbound 0, 3 claims on toy machines were judged in 14 cells (|D| in {10, 20}, c in {1, 2, 3}, "
        "n in {5, 7}, 1 further arm) with 3 seeds a cell, at alpha = 0.05 for each claim and with a plan that was "
        "exploratory, not declared before the data: of the 2 required claims, 1 VIOLATED (toy-bound), "
        "1 HOLDS (every cell in scope); of the 1 other claim, none VIOLATED, 1 SUPPORTED (all cells together).\n"
    )


def test_the_sentence_is_honest_about_commit_undecided_and_interruption():
    data = toy_results().model_dump(mode="json")
    data["environment"] |= {"git_commit": "abcdef0123456789", "git_dirty": True}
    data["claims"][0] |= {"verdict": "UNDECIDED", "paper": "xu-chen"}
    data |= {"complete": False, "plan": data["plan"] | {"declared": True}}
    data["cells"][0] |= {"seeds": [0], "failed": [], "failures": {}, "in_scope_seeds": []}
    for found in data["cells"][0]["observables"].values():
        found["values"] = [0.1]
    results = Results.model_validate(data)
    told = sentence(results)
    for words in (
        "factbound 0 (commit abcdef012345, with uncommitted changes)",
        "1 to 3 seeds a cell, interrupted before all runs were finished",
        "a plan that was declared before the data",
        "none VIOLATED, 1 UNDECIDED (toy-bound), 1 HOLDS",
    ):
        assert words in told
    found = cite(results)
    assert found.keys == ("factbound", "xu-chen")
    assert parsed(found.bibtex)["factbound"]["note"] == "Commit abcdef0123456789"
    assert found.sentence_latex.endswith("\\cite{factbound,xu-chen}.")
    assert well_formed(found.sentence_latex)


def test_papers_whose_claims_were_not_tested_are_not_cited():
    data = toy_results().model_dump(mode="json")
    data["claims"][0] |= {"verdict": "NOT TESTED", "paper": "kalai"}
    assert cite(Results.model_validate(data)).unknown == ("toy",)
    assert "kalai" not in cite(Results.model_validate(data)).bibtex


def test_the_table_has_a_row_for_each_claim_and_is_escaped(directory, capsys):
    data = toy_results().model_dump(mode="json")
    data["claims"][0] |= {"title": r"50 % of $x_1$ & {a} #1 ~ ^ \ <b> |R| × ≤", "id": "toy-bound"}
    table = latex_table(Results.model_validate(data))
    assert well_formed(table)
    assert {len(row) for row in rows(table)} == {4}
    assert [re.findall(r"\(\\texttt\{(.*)\}(\*?), (\w+), (\w+)\)", row[0]) for row in rows(table)] == [
        [(r"toy-\allowbreak bound", "", "upper", "DERIVED")],
        [(r"toy-\allowbreak arms", "*", "comparison", "DERIVED")],
        [(r"toy-\allowbreak trend", "", "trend", "DERIVED")],
    ]
    assert rows(table)[1][2].strip() == r"in at least 87 \% of worlds"
    assert run(["cite", str(directory), "--latex"]) == 0
    out = capsys.readouterr().out
    assert latex_table(toy_results()) in out
    assert well_formed(out)


def test_every_registered_title_and_paper_can_be_typeset():
    from theory import all_claims

    for text in [*(claim.title for claim in all_claims()), *(paper.title for paper in papers())]:
        assert well_formed(latex(text))
        assert latex(text).isascii()
    assert len(parsed(bibtex(software(), papers()))) == len(papers()) + 1


def test_json_is_one_document(directory, capsys):
    assert run(["cite", str(directory), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"bibtex", "keys", "unknown", "sentence", "sentence_latex", "table"}
    assert found["unknown"] == ["toy"]
    assert run(["cite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sentence"] == ""


def test_bad_input(capsys, tmp_path):
    assert run(["cite", "--latex"]) == 2
    assert "--latex goes with a directory of results" in capsys.readouterr().err
    assert run(["cite", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err
