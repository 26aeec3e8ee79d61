"""No folder for temporary files, or none for matplotlib's: one line where something needs it, else nothing."""

import builtins
import logging
import os
import subprocess
import sys
import tempfile

import pytest
from invented_results import toy_results

from empirics.cli.app import run
from empirics.cli.output import unwritten
from empirics.errors import UsageError
from empirics.files import temporary_folder
from empirics.report.figures import style
from empirics.report.files import write_page
from empirics.runs.store import Store

VERIFY = ["verify", "--preset", "quick", "--set", "seeds.looks=[2]", "--output"]


@pytest.fixture
def without_temporary(monkeypatch):
    """As :mod:`tempfile` says it where no folder of its list can be written; one that is named still can."""
    make = tempfile.mkdtemp

    def only_named(suffix=None, prefix=None, dir=None):
        if dir is None:
            raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
        return make(suffix, prefix, dir)

    monkeypatch.setattr(tempfile, "mkdtemp", only_named)


def told(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


@pytest.mark.usefixtures("without_temporary")
def test_processes_and_a_stored_forecast_need_a_temporary_folder(tmp_path, capsys):
    line = (
        "factbound: cannot make a temporary folder: No usable temporary directory found in ['/tmp']; "
        "set TMPDIR to a writable folder"
    )
    assert run([*VERIFY, str(tmp_path / "runs"), "--workers", "2"]) == 2
    assert told(capsys) == line
    with Store(tmp_path / "runs.sqlite"):
        pass
    assert run([*VERIFY, str(tmp_path), "--dry-run"]) == 2
    assert told(capsys) == line


def test_a_temporary_folder_goes_when_it_is_left():
    with temporary_folder() as folder:
        assert os.path.basename(folder).startswith("factbound-")
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


@pytest.fixture
def without_matplotlib(monkeypatch):
    """Matplotlib finds no folder at all while it is imported, and says so in its log and by its exception."""
    usual = builtins.__import__

    def fails(name, *more, **named):
        if name == "matplotlib":
            logging.getLogger("matplotlib").warning("mkdir -p failed")
            raise OSError("Matplotlib requires access to a writable cache directory")
        return usual(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", fails)


NO_FIGURES = "cannot draw figures: matplotlib finds no writable folder; set MPLCONFIGDIR or TMPDIR to one"


@pytest.mark.usefixtures("without_matplotlib")
def test_a_figure_needs_a_folder_of_matplotlib(tmp_path, capsys, caplog):
    level = logging.getLogger("matplotlib").level
    assert run(["plot", "ood-error-literal", "--output", str(tmp_path)]) == 2
    assert told(capsys) == f"factbound: {NO_FIGURES}"
    assert caplog.records == []
    assert logging.getLogger("matplotlib").level == level


@pytest.mark.usefixtures("without_matplotlib")
def test_that_is_no_fault_of_a_figure(tmp_path):
    with pytest.raises(UsageError) as refused:
        write_page(toy_results(), tmp_path)
    assert str(refused.value) == NO_FIGURES


def test_without_a_home_figures_are_drawn_without_a_word(tmp_path):
    home = {"HOME": os.devnull, "TMPDIR": str(tmp_path)}
    away = {"MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in away} | home
    draw = f"import {style.__name__} as style; style.figure_style(); print(style._matplotlib().get_cachedir())"
    found = subprocess.run([sys.executable, "-c", draw], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(tmp_path))
    assert found.stderr == ""


def test_a_library_that_cannot_write_is_told_in_its_own_words():
    def write():
        raise OSError("it needs a folder")

    assert unwritten(write) == "cannot write the files of this directory: it needs a folder"
