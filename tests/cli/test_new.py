"""What ``factbound new`` writes works at once, passes its own tests, and the commands that are printed run as typed."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from empirics.cli import new
from empirics.cli.app import run

SMALL = ["--workers=1", "--set=seeds.looks=[16]", "--set=world.subjects=12", "--set=world.answers=12"]
SMALL += ["--set=world.templates=[6]", "--set=world.multiplicity=[2]", "--set=world.finetuned=[2]"]


def typed(*words, cwd=None):
    """A command as it is typed; it must succeed."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(("kind", "name"), [("claim", "my-bound"), ("experiment", "my-trial")])
def test_what_is_written_passes_its_own_tests(kind, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["new", kind, name]) == 0
    module = name.replace("-", "_")
    assert sorted(p.name for p in Path(name).iterdir()) == [f"{module}.py", "pyproject.toml", f"test_{module}.py"]
    points = tomllib.loads(Path(name, "pyproject.toml").read_text())["project"]["entry-points"]
    assert points["factbound.claims"] == {name: f"{module}:CLAIM"}
    assert ("factbound.experiments" in points) == (kind == "experiment")
    for path in Path(name).glob("*.py"):
        assert "$" not in path.read_text().replace(r"latex=r\"", "")
    first, *commands = capsys.readouterr().out.splitlines()
    assert first == f"{name} written: {module}.py, test_{module}.py, pyproject.toml. To test and to verify it:"
    test, verify = map(shlex.split, commands)
    typed(*test)
    typed(*verify, *(SMALL if kind == "claim" else []))
    assert (Path(name) / "results" / "report.html").is_file()
    shown = re.findall(r"^    factbound (.+)$", Path(name, f"{module}.py").read_text(), re.MULTILINE)
    assert len(shown) == 3
    for words in map(shlex.split, shown):
        if words[0] != "verify":
            typed(sys.executable, "-m", "empirics", *words, cwd=name)
    (again,) = (words for words in map(shlex.split, shown) if words[0] == "verify")
    given = verify[verify.index("verify") :]
    assert again == [word.removeprefix(f"{name}/") for word in given], "the same, from inside the folder"


def test_a_module_of_the_working_directory_takes_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_bound.py").write_text("")
    assert run(["new", "claim", "my-bound"]) == 0


def test_a_command_is_written_as_this_shell_takes_it(monkeypatch, tmp_path):
    here = str(Path(sys.executable).with_name("factbound"))
    monkeypatch.setattr(shutil, "which", lambda program: here)
    assert new._typed("factbound", "empirics", "verify", "a b") == "factbound verify 'a b'"
    for elsewhere in (None, str(tmp_path / "factbound")):
        monkeypatch.setattr(shutil, "which", lambda program, found=elsewhere: found)
        assert shlex.split(new._typed("factbound", "empirics", "a b")) == [sys.executable, "-m", "empirics", "a b"]


def test_without_pytest_its_installation_is_told_first(monkeypatch, tmp_path, capsys):
    found = new.find_spec
    monkeypatch.setattr(new, "find_spec", lambda name: None if name == "pytest" else found(name))
    assert run(["new", "claim", "my-bound", "--output", str(tmp_path / "it")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert shlex.split(lines[1]) == [sys.executable, "-m", "pip", "install", "pytest"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("claim", "My"), "NAME=My is refused: allowed are lower case letters, digits and dashes from a letter on"),
        (("claim", "class"), "NAME=class is refused: allowed are"),
        (("claim", "rank-one"), "NAME=rank-one is refused: a claim of that name is there already"),
        (("experiment", "one-layer"), "NAME=one-layer is refused: an experiment of that name is there already"),
        (("claim", "random"), "NAME=random is refused: random is a module of Python's, or an installed one"),
        (("experiment", "numpy"), "NAME=numpy is refused: numpy is a module"),
        (("claim", "x", "--output", "taken"), "--output=taken is refused: it is there already; nothing is overwritten"),
        (("claim", "x", "--output", "file"), "--output=file is refused: it is there already; nothing is overwritten"),
    ],
)
def test_nothing_is_overwritten_and_no_name_is_taken_twice(words, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    assert run(["new", *words]) == 2
    assert line in capsys.readouterr().err
    assert (tmp_path / "taken" / "mine.txt").read_text() == (tmp_path / "file").read_text() == "mine"
