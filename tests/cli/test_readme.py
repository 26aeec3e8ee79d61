"""README and docs/api: their Python blocks run, and the bound shown is the bound computed."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from empirics.cli.app import run

ROOT = Path(__file__).resolve().parents[2]


def blocks(file, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / file).read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.parametrize("file", ["README.md", "docs/api.md", "docs/own-measurements.md"])
def test_python_blocks_run(file):
    found = [block for block in blocks(file, "python") if "(factbound)" not in block]
    assert found
    for block in found:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, file, "exec"), {})


def test_commands_print_what_the_readme_shows(capsys):
    shown = [block for block in blocks("README.md", "") if block.startswith("$ factbound")]
    assert shown
    for block in shown:
        command, _, expected = block.partition("\n")
        assert run(shlex.split(command.removeprefix("$ factbound "))) == 0
        assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == expected.rstrip().splitlines()


def test_commands_named_in_the_readme_exist(capsys):
    named = set(re.findall(r"`factbound (\w+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"verify", "run", "claims", "plan", "judge", "check"} <= named
    for name in named:
        assert run([name, "--help"]) == 0
        assert "Example: factbound" in capsys.readouterr().out
