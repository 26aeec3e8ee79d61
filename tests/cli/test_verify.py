"""``verify`` and the short form of an experiment's own: what they call, write, print, and the status."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from calls import kept, opened
from invented_results import toy_results

from empirics.cli import root, short, verify
from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.protocol import Plan
from empirics.report.figures.plots import all_figures
from empirics.report.files import write_figures
from empirics.verification.document import write_document
from empirics.verification.verify import Interrupted

LINE = "takes a [minute]" + 20 * " and more"


class Toy:
    """An experiment that only plans."""

    name, title, command = "toy", "toy machines", "toys"

    def __init__(self, lines=(LINE,)):
        self.lines, self.planned = lines, []

    def settle(self, settings, device):
        return f"settled on {device}"

    def plan(self, settled, device, workers, cores):
        self.planned.append((settled, device, workers, cores))
        return Plan(workers=5, lines=self.lines, document={"a": 1})


SETTINGS = SimpleNamespace(compute=SimpleNamespace(device="gpu"))


@pytest.fixture
def stand(monkeypatch, tmp_path):
    """Stand-ins for what both commands call."""
    found = SimpleNamespace(toy=Toy(), results=toy_results(), training=opened(("store", "progress")))
    found.monkeypatch = monkeypatch
    monkeypatch.setattr(verify, "training", found.training)
    monkeypatch.setattr(verify, "available_cores", lambda: 8)
    found.asked = kept(monkeypatch, verify, "registered", found.toy)
    found.loaded = kept(monkeypatch, verify, "load_settings", SETTINGS)
    found.device = kept(monkeypatch, verify, "resolved_device", ("cpu", ""))
    found.judged = kept(monkeypatch, verify, "asked", ([], [SimpleNamespace(id="toy-bound")], []))
    found.arms = kept(monkeypatch, verify, "arms_of", "arms")
    found.size = kept(monkeypatch, verify, "size_of", "size")
    found.checked = kept(monkeypatch, verify, "check_size")
    found.facts = kept(monkeypatch, verify, "on_facts", (SETTINGS, ("twelve facts",)))
    found.verified = kept(monkeypatch, verify, "verify", found.results)
    found.document = kept(monkeypatch, verify, "write_document")
    found.page = kept(monkeypatch, "empirics.report.files", "write_page", [])
    found.prepared = kept(monkeypatch, "empirics.files", "prepare_directory", tmp_path)
    found.printed = kept(monkeypatch, "empirics.report.terminal", "print_results")
    found.status = kept(monkeypatch, verify, "exit_status", 3)
    found.forecasted = SimpleNamespace(broken=[], model_dump=lambda *, mode: {"mode": mode})
    found.forecast = kept(monkeypatch, "empirics.verification.forecast", "forecast", found.forecasted)
    found.told = kept(monkeypatch, "empirics.cli.dry_run", "print_forecast")
    return found


def test_verify(stand, tmp_path, capsys):
    assert run(["verify"]) == 3
    assert stand.asked == [((None,), {})]
    assert stand.loaded == [((stand.toy, "default", None, []), {})]
    assert stand.toy.planned == [("settled on cpu", "cpu", None, 8)]
    assert stand.arms == [((stand.toy, "settled on cpu"), {})]
    assert stand.size == [((stand.toy, "arms", None), {})]
    assert stand.checked == [(("size",), {})]
    assert stand.prepared == [
        (
            (Path("results"),),
            {"files": ("results.json", "cells.csv", "report.html", "plan.json"), "folders": ("plots",)},
        )
    ]
    assert stand.training.calls == [((tmp_path,), {"any_machine": False})]
    ((given, more),) = stand.verified
    assert given == ("settled on cpu",)
    made = more.pop("made")
    assert made.directory == tmp_path
    assert more == {
        "progress": "progress", "store": "store", "experiment": stand.toy, "workers": 5, "mutants": False,
        "fresh": False, "cluster": None, "claims": None,
    }  # fmt: skip
    assert stand.document == [((stand.results, tmp_path / "results.json"), {})]
    assert stand.page == [((stand.results, tmp_path, made, 5), {})]
    assert (stand.printed[0][0][0], stand.printed[0][0][2]) == (stand.results, tmp_path)
    assert stand.status == [((stand.results,), {"strict": False, "mutants": False})]
    assert capsys.readouterr() == ("", f"factbound: {LINE}\n")
    assert stand.facts == stand.forecast == stand.told == []


def test_verify_with_every_option(stand, capsys):
    words = ["--experiment", "toy", "--preset", "quick", "--config", "c.toml", "--set", "a.b=1", "--output", "o"]
    words += ["--workers", "2", "--cluster", "tcp://x", "--device", "cuda", "--claims", "a, b,a", "--fresh"]
    words += ["--facts", "f.csv", "--relations", "x,y"]
    assert run(["verify", *words, "--any-machine", "--mutants", "--strict", "--json"]) == 3
    assert stand.asked == [(("toy",), {})]
    assert stand.loaded == [((stand.toy, "quick", Path("c.toml"), ["a.b=1", "compute.device='cuda'"]), {})]
    assert stand.facts == [((stand.toy, SETTINGS, "f.csv", ["x", "y"]), {})]
    assert stand.toy.planned[0][2] == 2
    assert stand.prepared[0][0] == (Path("o"),)
    assert stand.training.calls[0][1] == {"any_machine": True}
    more = stand.verified[0][1]
    assert (more["fresh"], more["cluster"], more["claims"], more["mutants"]) == (True, "tcp://x", ["a", "b"], True)
    assert stand.status == [((stand.results,), {"strict": True, "mutants": True})]
    out, err = capsys.readouterr()
    assert json.loads(out) == stand.results.model_dump(mode="json")
    assert err == f"factbound: twelve facts\nfactbound: {LINE}\n"
    assert stand.printed == []


def test_results_that_judged_more_claims_are_told_of_and_their_figures_removed(stand, tmp_path, capsys):
    write_document(stand.results, tmp_path / "results.json")
    write_figures(all_figures(stand.results), tmp_path / "plots", "svg")
    kept_figures = stand.results.shown.model_copy(update={"figures": stand.results.shown.figures[:1]})
    new = stand.results.model_copy(update={"shown": kept_figures})
    stand.results = new
    verified = kept(stand.monkeypatch, verify, "verify", new)
    assert run(["verify", "--claims", "toy-bound"]) == 3
    assert stand.judged == [((stand.toy, "settled on cpu", ["toy-bound"]), {})]
    assert len(verified) == 1
    assert sorted(path.stem for path in (tmp_path / "plots").glob("*.svg")) == ["toy-panels"]
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"factbound: {tmp_path}/results.json judged 2 claims that are not judged now (toy-arms, toy-trend); it is "
        "replaced; another --output keeps it",
        f"factbound: removed figures of the earlier results: {tmp_path}/plots/toy-curves.svg and 3 more",
    ]


def test_facts_without_relations_are_all_of_them(stand, capsys):
    assert run(["verify", "--facts", "embedded"]) == 3
    assert stand.facts[0][0][2:] == ("embedded", [])
    assert run(["verify", "--relations", "x"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "factbound: --relations=x goes with --facts"
    assert len(stand.facts) == len(stand.verified) == 1
    assert run(["verify", "--workers", "0"]) == 2


def test_the_seconds_that_are_printed_are_counted_from_the_start_to_the_print(stand, monkeypatch):
    monkeypatch.setattr(verify, "waited", lambda: 7.25 + len(stand.page))
    assert run(["verify"]) == 3
    assert stand.printed[0][0][3] == 8.25, "after the page was written"


def test_an_interruption_writes_what_was_finished(stand, monkeypatch, capsys):
    results = stand.results.model_copy()
    kept(monkeypatch, verify, "verify", Interrupted(results))
    assert run(["verify"]) == 130
    assert stand.page[0][0][0] is stand.document[0][0][0] is stand.printed[0][0][0] is results
    assert stand.status == []
    told = "interrupted; the same command resumes where it stopped"
    assert capsys.readouterr().err == f"factbound: {LINE}\nfactbound: {told}\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            UsageError("cannot write r/cells.csv: No space left on device"),
            "cannot write r/cells.csv: No space left on device",
        ),
        (OSError(28, "No space left on device", "r/plots"), "cannot write r/plots: No space left on device"),
    ],
)
@pytest.mark.parametrize(("status", "told"), [(0, 2), (1, 1), (3, 2), (70, 70)])
def test_an_answer_that_cannot_be_written_is_printed(stand, monkeypatch, capsys, error, line, status, told):
    kept(monkeypatch, "empirics.report.files", "write_page", error)
    kept(monkeypatch, verify, "exit_status", status)
    assert run(["verify"]) == told
    assert stand.printed[0][0][0] is stand.results
    assert stand.printed[0][0][2] is None, "it does not say that files are written"
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"factbound: {line}; finished runs are kept: run again where there is room"
    ]
    assert run(["verify", "--json"]) == told
    assert json.loads(capsys.readouterr().out) == stand.results.model_dump(mode="json")


def test_a_dry_run(stand, capsys):
    assert run(["verify", "--dry-run", "--claims", "a", "--output", "o"]) == 0
    assert stand.forecast == [
        (
            (stand.toy, "settled on cpu"),
            {"claims": ["a"], "stored": Path("o/runs.sqlite"), "workers": 5, "timed": False},
        )
    ]
    assert stand.told[0][0][0] is stand.forecasted
    assert capsys.readouterr() == ("", f"factbound: {LINE}\n")
    stand.toy.lines = ()
    assert run(["verify", "--dry-run", "--json"]) == 0
    assert stand.forecast[1][1]["timed"] is True
    out, err = capsys.readouterr()
    assert json.loads(out) == {"mode": "json", "experiment_plan": {"a": 1}}
    assert err == "factbound: timing a few runs (Ctrl-C skips this)\n"
    assert (len(stand.told), stand.verified, stand.prepared) == (1, [], [])


@pytest.fixture
def toys(stand, monkeypatch):
    """The short form of the experiment, in a command of its own."""
    app = typer.Typer()
    monkeypatch.setattr(short, "app", app)
    stand.settings = kept(monkeypatch, short, "load_settings", SETTINGS)
    short.attach(stand.toy)
    return lambda *words: app(args=["toys", *words], standalone_mode=False)


def test_the_short_plan(toys, stand, capsys):
    toys("plan", "--preset", "quick", "--config", "c.toml", "--set", "a.b=1", "--workers", "2", "--device", "cuda")
    assert stand.settings == [((stand.toy, "quick", Path("c.toml"), ["a.b=1", "compute.device='cuda'"]), {})]
    assert stand.toy.planned == [("settled on cpu", "cpu", 2, 8)]
    assert capsys.readouterr() == (LINE + "\n", "")
    toys("plan", "--json")
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    with pytest.raises(Exception, match="--workers=0"):
        toys("plan", "--workers", "0")


def test_the_short_form_alone_shows_its_help(toys, capsys):
    assert toys() == 2
    assert "The experiment toy: toy machines" in capsys.readouterr().out


def test_the_short_run(toys, stand, monkeypatch):
    performed = kept(monkeypatch, short, "perform", 3)
    assert toys("run") == 3
    plain = {"strict": False, "mutants": False, "as_json": False, "fresh": False, "any_machine": False}
    ((given, more),) = performed
    assert (given[:2], given[2].workers, given[3]) == ((stand.toy, "settled on cpu"), 5, Path("results-toys"))
    assert more == plain
    for word in plain:
        option = "json" if word == "as_json" else word.replace("_", "-")
        toys("run", f"--{option}", "--output", "o", "--workers", "3")
        assert performed[-1][0][3] == Path("o")
        assert performed[-1][1] == plain | {word: True}
    assert stand.toy.planned[-1] == ("settled on cpu", "cpu", 3, 8)


def test_the_short_report(toys, stand, monkeypatch, capsys, tmp_path):
    read = kept(monkeypatch, "empirics.report.files", "read_directory", stand.results)
    toys("report", str(tmp_path))
    assert read == [((tmp_path,), {})]
    assert stand.page == [((stand.results, tmp_path), {})]
    assert (stand.printed[0][0][0], stand.printed[0][0][2]) == (stand.results, tmp_path)
    toys("report", str(tmp_path), "--json")
    assert json.loads(capsys.readouterr().out)["experiment"]["name"] == "toy"
    monkeypatch.setattr(Toy, "name", "other")
    short.attach(stand.toy)
    again = typer.Typer()
    monkeypatch.setattr(short, "app", again)
    short.attach(stand.toy)
    with pytest.raises(Exception, match="holds results of toy, not of other; 'factbound report' shows any"):
        again(args=["toys", "report", str(tmp_path)], standalone_mode=False)


def test_a_command_of_a_name_that_is_taken_is_refused(monkeypatch, capsys):
    """A copy of the module is executed, for an application that has a command, and two experiments of one name."""
    app = typer.Typer()
    app.command("verify")(lambda: None)
    monkeypatch.setattr(root, "app", app)
    named = {"first": "verify", "second": "mine", "third": "mine", "fourth": None}
    found = {name: SimpleNamespace(name=name, title=name, command=command) for name, command in named.items()}
    monkeypatch.setattr("empirics.experiments.registry.experiments", lambda: found)
    spec = importlib.util.spec_from_file_location("short_again", short.__file__)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert [(g.name, g.typer_instance.info.help.split(":")[0]) for g in app.registered_groups] == [
        ("mine", "The experiment second")
    ]
    assert capsys.readouterr().err.splitlines() == [
        f"factbound: the command {named[name]} of the experiment {name} is refused: the name is taken; "
        f"--experiment {name} runs it"
        for name in ("first", "third")
    ]


def test_a_cluster_without_dask_leaves_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["verify", "--preset", "quick", "--cluster", "tcp://x", "--output", str(tmp_path / "o")]) == 2
    assert "--cluster needs dask.distributed; install it with: pip" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("settings", [[], ["--set", "world.subjects=20"], ["--set", "world.subjekts=2"]])
def test_what_a_file_has_wrong_is_told_with_its_name(settings, tmp_path, capsys):
    file = tmp_path / "mine.toml"
    file.write_text("[world]\nsubject = 3\n")
    assert run(["verify", "--config", str(file), *settings, "--dry-run"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"factbound: {file}: unknown key world.subject=3 in [world]; did you mean subjects?")
    file.write_text("[world]\nsubjects = 30\n")
    assert run(["verify", "--config", str(file), "--set", "world.subjekts=2", "--dry-run"]) == 2
    assert str(file) not in capsys.readouterr().err
