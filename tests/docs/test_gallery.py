"""The gallery: every figure is in it, with a command that exists and a picture that the build finds."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from empirics.cli.app import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        import figures

        yield figures


@pytest.fixture(scope="module")
def drawn(figures):
    return figures.figures()


def test_every_figure_is_in_it_once_with_title_and_caption(figures, drawn):
    pictures = [entry.picture for entry in figures.GALLERY]
    assert len(pictures) == len(set(pictures))
    assert {f"generated/{figure.name}" for figure in drawn} <= set(pictures)
    assert {f"map/{path.stem}" for path in (ROOT / "docs" / "map").glob("*.svg")} <= set(pictures)
    text = figures.gallery(drawn)
    assert text.count("\n$ ") == text.count("![") == text.count("## ") == len(pictures)
    assert not re.search(r"^## *$|!\[\]|^ \{download\}", text, re.M), "a title or a caption is missing"


def test_pictures_that_are_not_drawn_by_it_exist_with_their_data(figures, drawn):
    names = {f"generated/{figure.name}" for figure in drawn}
    for entry in figures.GALLERY:
        if entry.picture in names:
            assert not entry.title, f"{entry.picture} has a title of its own already"
        elif "generated" not in entry.picture:
            assert all((ROOT / "docs" / f"{entry.picture}.{ending}").exists() for ending in ("svg", "csv"))
        else:
            assert (ROOT / "docs" / "claims" / f"{Path(entry.picture).name}.md").exists()


def test_each_command_exists_with_its_options(figures, capsys):
    for command in sorted({entry.command for entry in figures.GALLERY}):
        words = shlex.split(command)
        if words[0] == "make":
            planned = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, check=False)
            assert planned.returncode == 0, command
            continue
        names = words[1:3] if words[1] == "lm" else words[1:2]
        assert run([*names, "--help"]) == 0
        text = capsys.readouterr().out
        assert all(word in text for word in words if word.startswith("--")), command
