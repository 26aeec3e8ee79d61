"""Every command's help says in one example how it is used, and the first page what people do first."""

import shlex
from importlib import import_module

import pytest
import typer

from empirics.cli import app as command

for module in command.COMMANDS:
    import_module(f"empirics.cli.{module}")

from empirics.cli.root import app  # noqa: E402 - with every command attached

ROOT = typer.main.get_command(app)


def walked(found=ROOT, path=("factbound",)):
    """Every command and group with its path; the root left out."""
    for name, item in getattr(found, "commands", {}).items():
        yield (*path, name), item
        yield from walked(item, (*path, name))


COMMANDS = dict(walked())


def test_the_first_page_shows_three_things():
    shown = [line.split("  ")[1] for line in ROOT.help.splitlines() if line.startswith("  factbound ")]
    assert [shlex.split(line)[1] for line in shown] == ["bound", "verify", "judge"]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_one_example_that_its_parser_accepts(path):
    text = " ".join(COMMANDS[path].help.split())
    assert text.count("Example: ") == 1
    words = shlex.split(text.partition("Example: ")[2])
    assert tuple(words[: len(path)]) == path
    inner, rest = COMMANDS[path], words[len(path) :]
    while hasattr(inner, "commands"):
        inner, rest = inner.commands[rest[0]], rest[1:]
    inner.make_context("example", rest)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_and_argument_says_what_it_is(path):
    for parameter in COMMANDS[path].params:
        assert getattr(parameter, "help", "") or "--help" in parameter.opts, parameter.name


@pytest.mark.parametrize("group", ["lm", "new", "facts"])
def test_a_group_alone_shows_its_help(group, capsys):
    assert command.run([group]) == 2
    out, err = capsys.readouterr()
    assert "Commands:" in out
    assert err == ""
