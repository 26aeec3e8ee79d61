"""What ``factbound new`` writes works at once, and passes its own tests."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from empirics.cli.app import run


@pytest.mark.parametrize(("kind", "name"), [("claim", "my-bound"), ("experiment", "my-trial")])
def test_what_is_written_passes_its_own_tests(kind, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["new", kind, name]) == 0
    module = name.replace("-", "_")
    assert sorted(p.name for p in Path(name).iterdir()) == [f"{module}.py", "pyproject.toml", f"test_{module}.py"]
    assert f"factbound verify --with {name}/{module}.py" in capsys.readouterr().out
    points = tomllib.loads(Path(name, "pyproject.toml").read_text())["project"]["entry-points"]
    assert points["factbound.claims"] == {name: f"{module}:CLAIM"}
    assert ("factbound.experiments" in points) == (kind == "experiment")
    for path in Path(name).glob("*.py"):
        assert "$" not in path.read_text().replace(r"latex=r\"", "")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=name, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("claim", "My"), "NAME=My is refused: allowed are lower case letters, digits and dashes, as in my-bound"),
        (("claim", "class"), "NAME=class is refused: allowed are"),
        (("claim", "rank-one"), "NAME=rank-one is refused: a claim of that name is there already"),
        (("experiment", "one-layer"), "NAME=one-layer is refused: an experiment of that name is there already"),
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
