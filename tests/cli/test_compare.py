"""``factbound compare`` as a user meets it."""

import json
import re

import pytest
from invented_results import toy_results

from empirics.cli.app import run
from empirics.report.compared import LINES
from empirics.verification.document import write_document
from empirics.verification.results import Results


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """Two directories: the second has another value of each cell, other verdicts and a dangerous name."""
    place = tmp_path_factory.mktemp("sides")
    data = toy_results().model_dump(mode="json")
    for name in ("a", "b"):
        (place / name).mkdir()
    write_document(Results.model_validate(data), place / "a" / "results.json")
    for cell in data["cells"]:
        cell["observables"]["toy_error"]["values"] = [0.9, 0.8, None]
    data["verdicts"][0]["verdict"] = "VIOLATED"
    data["config"]["world"]["kind"] = "<b>[red]x|y"
    write_document(Results.model_validate(data), place / "b" / "results.json")
    return str(place / "a"), str(place / "b")


def test_the_same_directory_twice(sides, capsys):
    assert run(["compare", sides[0], f"{sides[0]}/results.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Identical bit for bit: every value of every seed in 14 cells, and every verdict.\n")
    assert len(out.splitlines()) == 4


def test_summary_first_then_parts_of_few_lines(sides, capsys):
    assert run(["compare", *sides]) == 0
    out = capsys.readouterr().out
    first = out.splitlines()[0]
    assert first.startswith("14 means compared seed by seed, alpha = 0.05 over all of them: ")
    assert "Verdicts that changed: 0 claims; 1 cell." in out
    assert "<b>[red]x|y" in out
    assert "between two populations" in " ".join(out.split())
    assert f"and {14 - LINES} more (--all)" in out
    assert run(["compare", *sides, "--all"]) == 0
    more = capsys.readouterr().out
    assert "(--all)" not in more
    assert len(more.splitlines()) > len(out.splitlines())


def test_json_markdown_and_page(sides, capsys, tmp_path):
    summary, page = tmp_path / "summary.md", tmp_path / "pages" / "c.html"
    summary.write_text("before\n")
    assert run(["compare", *sides, "--json", "--markdown", str(summary), "--html", str(page)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["comparisons"], document["identical"], len(document["estimates"])) == (14, False, 14)
    text = summary.read_text()
    assert text.startswith("before\n## ")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "toy_error" in line]
    assert len(rows) == 14
    assert "<b>[red]x\\|y" in text
    shown = page.read_text()
    assert "&lt;b&gt;[red]x|y" in shown
    assert "<b>[red]" not in shown
    assert '<span class="v v-violated">VIOLATED</span>' in shown
    for outside in ("src=", "href=http", "<script", "url(http"):
        assert outside not in shown.replace('href="#', "")


def test_the_page_uses_classes_of_the_report_alone(sides, tmp_path):
    page = tmp_path / "c.html"
    assert run(["compare", *sides, "--html", str(page)]) == 0
    style, _, body = page.read_text().partition("</style>")
    used = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()}
    assert {"answer", "scroll", "v", "v-violated"} <= used
    verdicts = {name for name in used if name.startswith("v-")}
    assert all(re.search(rf"\.{name}\b", style) for name in used - verdicts)
    anchors = set(re.findall(r'href="#([^"]*)"', body))
    assert anchors
    assert anchors == set(re.findall(r'id="([^"]*)"', body))


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_read(sides, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert run(["compare", "nowhere", sides[0], "--html", str(tmp_path / "file" / "c.html")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_what_one_side_alone_judged_is_said_so(sides, capsys, tmp_path):
    data = toy_results().model_dump(mode="json")
    data["claims"], data["plan"]["hash"] = data["claims"][1:], "0" * 64
    data["verdicts"] = [v for v in data["verdicts"] if v["claim"] != "toy-bound"]
    write_document(Results.model_validate(data), tmp_path / "results.json")
    for order, side in (((sides[0], str(tmp_path)), "first"), ((str(tmp_path), sides[0]), "second")):
        assert run(["compare", *order]) == 0
        out = capsys.readouterr().out
        assert out.startswith("The runs are identical bit for bit (14 cells); claims or verdicts differ.\n")
        assert f"judged in the {side} alone" in out
        assert "no longer registered" not in out
        assert "0" * 12 in out
        assert "0" * 13 not in out


@pytest.mark.parametrize("wrong", ["nowhere", "empty"])
def test_bad_input(sides, capsys, tmp_path, wrong):
    (tmp_path / "empty").mkdir()
    assert run(["compare", sides[0], str(tmp_path / wrong)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "results.json" in err
