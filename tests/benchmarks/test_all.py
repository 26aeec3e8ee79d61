"""The command that prints every figure: what is chosen is measured, and nothing else."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "all.py"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    return runpy.run_path(str(SCRIPT))


def test_one_figure_alone(script, capsys, tmp_path):
    script["main"](["--only", "version", "--rounds", "1", "--output", str(tmp_path / "figures.md")])
    printed = capsys.readouterr().out
    assert (tmp_path / "figures.md").read_text().strip() == printed.strip()
    assert re.match(r"\d{4}-\d\d-\d\d: .+ cores.*; Python 3\.\d+\.\d+, torch ", printed)
    (row,) = (line for line in printed.splitlines() if "factbound" in line)
    assert re.fullmatch(r"\| `factbound --version` \| \d+\.\d\d \| \d+\.\d\d \|  \|", row)


def stand_in(script, monkeypatch):
    """No process is started: each command takes as many seconds as it has words, a verification leaves a figure."""
    ran = []

    def run(words, folder, tree=script["ROOT"]):
        ran.append(script["shown"](words) + ("" if tree == script["ROOT"] else f" in {tree.name}"))
        if "verify" in words:
            (folder / words[-1] / "plots").mkdir(parents=True, exist_ok=True)
            for name in ("b", "a"):
                (folder / words[-1] / "plots" / f"{name}.svg").touch()
        return float(len(words)), "what it printed\n"

    monkeypatch.setitem(script["main"].__globals__, "run", run)
    return ran


def test_everything_in_order(script, capsys, monkeypatch):
    ran = stand_in(script, monkeypatch)
    script["main"](["--rounds", "2"])
    shorts = [script["shown"](words) for words in script["SHORT"].values()]
    assert ran[:12] == shorts * 3
    assert ran[12:19] == [
        "factbound verify --preset quick --output quick",
        "factbound verify --preset quick --output quick",
        "factbound verify --preset default --output default",
        "factbound verify --preset default --output default",
        "factbound report default",
        "factbound plot default --only a --output figures",
        "factbound check --baseline tests/baseline/quick.json",
    ]
    assert [" ".join(c.split()[1:]).rpartition("benchmarks/")[2] for c in ran[19:]] == [
        " ".join(words) for words in script["SCRIPTS"].values()
    ]
    printed = capsys.readouterr().out
    assert "| `factbound bound ood-error-literal N_f=40 K=3 R=60` | 7.00 | 7.00 | 5.00 |" in printed
    assert "| report of that directory | 4.0 | `factbound report default` |" in printed
    assert printed.count("what it printed") == len(script["SCRIPTS"])


def test_an_older_tree_beside_this_one(script, capsys, monkeypatch, tmp_path):
    ran = stand_in(script, monkeypatch)
    script["main"](["--only", "claims,quick,plot", "--rounds", "1", "--beside", str(tmp_path / "old")])
    assert ran[2:] == [
        "factbound claims in old",
        "factbound claims",
        "factbound verify --preset quick --output quick in old",
        "factbound verify --preset quick --output quick",
        "factbound plot quick --only a --output figures in old",
        "factbound plot quick --only a --output figures",
    ]
    printed = capsys.readouterr().out
    assert "| command | before (old) | now | least | beyond `import sympy` |" in printed
    assert "| verify, preset quick | 7.0 | 7.0 | `factbound verify --preset quick --output quick` |" in printed


@pytest.mark.parametrize("name", ["report", "quick-again"])
def test_what_needs_a_finished_directory_gets_one_that_is_not_counted(name, script, capsys, monkeypatch):
    ran = stand_in(script, monkeypatch)
    script["main"](["--only", name])
    assert len(ran) == 2
    assert ran[0] == "factbound verify --preset quick --output quick"
    assert capsys.readouterr().out.count("factbound") == 1


def test_a_command_that_fails_ends_it_in_its_own_words(script, tmp_path):
    with pytest.raises(SystemExit, match=r"(?s)ended with status 2:.*no such"):
        script["run"](["-c", "import sys; print('no such', file=sys.stderr); sys.exit(2)"], tmp_path)


def test_an_unknown_name_is_refused():
    done = subprocess.run([sys.executable, str(SCRIPT), "--only", "speed"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--only=speed is none of sympy, version, claims, bound, quick," in done.stderr
