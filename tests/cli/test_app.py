"""The exit status and the line that each end of a command gives, whatever the command is."""

import errno
from importlib import import_module
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
import typer

import theory
from empirics.cli import app as command
from empirics.cli import root
from empirics.errors import UsageError
from theory import plugins
from theory.plugins import BrokenPluginError, Plugin

for module in command.COMMANDS:  # attached to the command itself, before a test replaces it
    import_module(f"empirics.cli.{module}")

POINT = Plugin(EntryPoint("mine", "mine:CLAIMS", "factbound.claims"), "theory.claim.Claim")


def ended(monkeypatch, found, arguments=("some",)):
    """The status of a command that returns or raises that; and what it was called with."""
    calls = []

    def app(**options):
        calls.append(options)
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr(root, "app", app)
    return command.run(list(arguments)), calls


@pytest.mark.parametrize(("found", "status"), [(0, 0), (1, 1), (3, 3), (None, 0), ("text", 0), (typer.Exit(5), 5)])
def test_what_a_command_returns_is_its_status(monkeypatch, capsys, found, status):
    assert ended(monkeypatch, found)[0] == status
    assert capsys.readouterr().err == ""


def test_every_command_is_attached_in_the_order_of_the_help(monkeypatch):
    imported = []
    monkeypatch.setattr(command, "import_module", imported.append)
    assert ended(monkeypatch, 0)[0] == 0
    assert imported == [f"empirics.cli.{name}" for name in command.COMMANDS]
    assert imported[-1] == "empirics.cli.short", "which may take no name that another has"


def test_no_arguments_show_the_help_and_are_bad_usage(monkeypatch):
    status, (called,) = ended(monkeypatch, 0, ())
    assert (status, called["args"]) == (2, ["--help"])
    assert ended(monkeypatch, 0, ("claims", "x"))[1][0]["args"] == ["claims", "x"]
    assert called["standalone_mode"] is False


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UsageError("this is\n  refused"), 2, "factbound: this is refused"),
        (theory.DomainError("n < 0"), 2, "factbound: n < 0"),
        (
            BrokenPluginError(POINT, ValueError("no")),
            70,
            "factbound: entry point mine (mine:CLAIMS) is broken: ValueError: no",
        ),
        (KeyboardInterrupt(), 130, "factbound: interrupted"),
        (typer.Abort(), 130, "factbound: interrupted"),
        (typer.BadParameter("no such thing"), 2, "factbound: Invalid value: no such thing"),
        (typer.BadParameter.__mro__[1]("another"), 2, "factbound: another"),
        (OSError(errno.ENOSPC, "No space left", "f"), 2, "factbound: cannot write f: No space left"),
        (OSError(errno.ENOSPC, "No space left"), 2, "factbound: cannot write a file: No space left"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_line(monkeypatch, capsys, error, status, line):
    assert ended(monkeypatch, error)[0] == status
    out, err = capsys.readouterr()
    assert (out, err) == ("", line + "\n")


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ZeroDivisionError("zero")])
def test_a_defect_shows_its_traceback(monkeypatch, capsys, error):
    assert ended(monkeypatch, error)[0] == 70
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.splitlines()[-1] == (
        "factbound: internal error; the traceback above belongs in a report to the developers"
    )


def test_a_defect_of_a_users_file_names_it(monkeypatch, capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def settle(n):\n    return int('no number')\n")
    monkeypatch.setattr(plugins, "_named", {})
    plugins.add_files([file])
    try:
        plugins.files()[0].module().settle(1)
    except ValueError as error:
        defect = error
    assert ended(monkeypatch, defect)[0] == 70
    err = capsys.readouterr().err
    assert err.startswith("Traceback"), "its author needs it"
    told = "ValueError: invalid literal for int() with base 10: 'no number'"
    assert err.splitlines()[-1] == f"factbound: {told} (file {file}, line 2)"


def test_another_package_of_the_same_name_is_told_of(monkeypatch, capsys):
    monkeypatch.setattr(theory, "DISTRIBUTION", "another")
    assert ended(monkeypatch, 0) == (2, [])
    assert "another package named 'theory' shadows factbound's" in capsys.readouterr().err
    monkeypatch.delattr(theory, "DISTRIBUTION")
    assert ended(monkeypatch, 0) == (2, [])


def test_the_value_that_was_given_is_told_where_the_parser_leaves_it_out():
    error = typer.BadParameter("not allowed")
    error.param = SimpleNamespace(opts=["--workers", "-w"])
    error.format_message = lambda: "Not allowed."
    assert command._explain(error, ["run", "-w", "two"]) == "-w=two is refused. Not allowed."
    assert command._explain(error, ["run", "--workers"]) == "Not allowed."
    assert command._explain(error, ["run", "--workers=two"]) == "Not allowed."
    error.message = "Input should be a valid integer, unable to parse string as an integer"
    assert command._explain(error, ["run", "-w", "two"]) == "-w=two is refused: allowed is a valid integer"
    assert command._explain(ValueError("plain"), ["run"]) == "plain"


def test_ctrl_c_in_a_command_is_an_abort(monkeypatch):
    group = root.Commands(name="g")
    monkeypatch.setattr(root.TyperGroup, "invoke", lambda self, ctx: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(typer.Abort):
        group.invoke(None)
    monkeypatch.setattr(root.TyperGroup, "invoke", lambda self, ctx: ctx)
    assert group.invoke(7) == 7
