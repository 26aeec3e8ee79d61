"""What is lost when results replace others, and which files of the earlier ones go: those that we wrote alone."""

import pytest

from empirics.report.earlier import data_of, earlier, remove_outdated, replaced
from empirics.report.figures.plots import all_figures
from empirics.report.files import write_figures
from empirics.verification.document import write_document
from empirics.verification.results import read_results


def test_earlier_results_are_read_if_they_can_be(toy, tmp_path):
    path = tmp_path / "results.json"
    assert earlier(read_results, path) is None
    write_document(toy, path)
    assert earlier(read_results, path) == toy
    for text in (b"{", b"\xff", b'{"schema_version": 1}', b"{}"):
        path.write_bytes(text)
        assert earlier(read_results, path) is None


def test_claims_that_are_not_judged_again_are_counted(toy):
    ids = [c.id for c in toy.claims]
    assert ids == ["toy-bound", "toy-arms", "toy-trend"]
    assert replaced(None, ids, "r") == replaced(toy, [*ids, "more"], "r") == ""
    told = "r judged 2 claims that are not judged now (toy-arms, toy-trend); it is replaced; another --output keeps it"
    assert replaced(toy, ["toy-bound"], "r") == told
    assert "judged 1 claim that is not judged now (toy-trend)" in replaced(toy, ids[:2], "r")
    many = [toy.claims[0].model_copy(update={"id": f"c{i}"}) for i in range(5)]
    told = replaced(toy.model_copy(update={"claims": many}), [], "r")
    assert "judged 5 claims that are not judged now (c0, c1, c2 and 2 more)" in told
    untested = [c.model_copy(update={"verdict": "NOT TESTED"}) for c in toy.claims[1:]]
    assert replaced(toy.model_copy(update={"claims": [toy.claims[0], *untested]}), ["toy-bound"], "r") == ""


@pytest.fixture
def plots(toy, tmp_path):
    """The directory of the toy's figures; a PDF of each too, and files of the user's."""
    for form in ("svg", "pdf"):
        write_figures(all_figures(toy), tmp_path, form)
    for name in ("toy-arms.png", "claim-mine.svg", "mine.csv", "toy-arms.txt"):
        (tmp_path / name).write_text("mine")
    return tmp_path


def left(directory):
    return sorted(path.name for path in directory.iterdir())


def test_figures_that_new_results_do_not_have_are_removed_and_nothing_else(toy, plots):
    before = data_of(toy)
    assert list(before) == ["toy-panels", "toy-curves", "toy-arms"]
    assert remove_outdated(before, before, plots) == remove_outdated({}, before, plots) == []
    (plots / "toy-curves.csv").write_text("changed by the user")
    removed = remove_outdated(before, {"toy-panels": before["toy-panels"]}, plots)
    assert sorted(path.name for path in removed) == [
        "toy-arms.csv", "toy-arms.pdf", "toy-arms.svg", "toy-curves.pdf", "toy-curves.svg"
    ]  # fmt: skip
    assert left(plots) == [
        "claim-mine.svg", "mine.csv", "toy-arms.png", "toy-arms.txt", "toy-curves.csv", "toy-panels.csv",
        "toy-panels.pdf", "toy-panels.svg",
    ]  # fmt: skip


def test_a_figure_of_other_data_keeps_what_was_drawn_again(toy, plots):
    before = data_of(toy)
    after = before | {"toy-panels": before["toy-panels"] + "more\n", "toy-arms": "other"}
    (plots / "toy-panels.csv").write_text(after["toy-panels"])  # the other one could not be drawn
    removed = remove_outdated(before, after, plots)
    assert sorted(path.name for path in removed) == ["toy-arms.csv", "toy-arms.pdf", "toy-arms.svg", "toy-panels.pdf"]
    for path in plots.glob("toy-panels.*"):
        path.unlink()
    assert remove_outdated(before, after, plots) == []


def test_every_format_bears_the_mark(toy, tmp_path):
    for form in ("svg", "pdf", "png"):
        write_figures(all_figures(toy, "toy-curves"), tmp_path, form)
    assert len(remove_outdated(data_of(toy), {}, tmp_path)) == 4
    assert left(tmp_path) == []
