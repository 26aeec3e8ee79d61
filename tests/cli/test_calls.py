"""Commands parse, call and print: every option reaches what it is for, with the heavy work left out."""

import inspect
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from calls import Bar, kept, opened

from empirics.cli import certify, check, judge, map, options, plot, run
from empirics.cli.app import run as factbound
from empirics.errors import UsageError
from empirics.experiments.registry import experiments
from empirics.verification.baseline import Baseline, Finding, Level
from theory import Provenance
from theory.certify import Certificate
from theory.certify.formal_proofs import FormalProofError


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_judge(monkeypatch, capsys):
    judged = SimpleNamespace(exit_status=lambda *, strict: 3 if strict else 0)
    observable = kept(monkeypatch, "empirics.judging.measurements", "observable_of", "an observable")
    calls = kept(monkeypatch, "empirics.judging.measurements", "judge", judged)
    told = kept(monkeypatch, "empirics.report.judged", "print_judged")
    drawn = kept(monkeypatch, "empirics.report.judged", "write_judged_figure")
    kept(monkeypatch, "empirics.report.judged", "judged_document", {"verdict": "HOLDS"})
    assert factbound(["judge", "m.csv", "--claim", "c"]) == 0
    assert (observable[0][0], len(told), drawn) == (("c", None), 1, [])
    ((given, more),) = calls
    assert (given, more["assume"], more["observable"]) == ((Path("m.csv"), "c"), [], "an observable")
    words = ["--assume", "a", "--assume", "b", "--range", "0,2", "--set", "verdict.alpha=0.125", "--plot", "f.svg"]
    assert factbound(["judge", "m.csv", "--claim", "c", *words, "--strict", "--json"]) == 3
    assert printed(capsys) == {"verdict": "HOLDS"}
    assert (observable[1][0], len(told)) == (("c", "0,2"), 1)
    assert (calls[1][1]["assume"], calls[1][1]["settings"].alpha) == (["a", "b"], 0.125)
    assert drawn == [((judged, 0.125, Path("f.svg"), Path("m.csv")), {})]


DESIGN = SimpleNamespace(experiment="toy")


@pytest.fixture
def mapped(monkeypatch):
    """Stand-ins for everything that ``factbound map`` calls."""
    found = SimpleNamespace(complete=True, broken=[], model_dump=lambda *, mode: {"mode": mode})
    chosen = SimpleNamespace(compute=SimpleNamespace(device="cpu"))
    make, files = "empirics.regimes.make", "empirics.report.map_files"
    stand = SimpleNamespace(document=found, chosen=chosen, training=opened(("store", "progress")))
    stand.asked = kept(monkeypatch, map, "registered", SimpleNamespace(map_design=lambda: DESIGN))
    stand.settings = kept(monkeypatch, make, "load_map_settings", chosen)
    stand.variations = kept(monkeypatch, make, "variations_of", "variations")
    stand.arms = kept(monkeypatch, make, "map_arms", "arms")
    stand.size = kept(monkeypatch, "empirics.verification.size", "size_of", "size")
    stand.checked = kept(monkeypatch, "empirics.verification.size", "check_size")
    stand.made = kept(monkeypatch, make, "make_map", found)
    stand.device = kept(monkeypatch, "empirics.runs.environment", "resolved_device", ("cpu", ""))
    stand.written = kept(monkeypatch, files, "write_map_files")
    stand.printed = kept(monkeypatch, files, "print_map")
    # The last: modules that are first imported while it stands there would keep it.
    stand.prepared = kept(monkeypatch, "empirics.files", "prepare_directory", Path("there"))
    monkeypatch.setattr(map, "training", stand.training)
    return stand


def test_map(mapped, capsys):
    assert factbound(["map"]) == 0
    assert mapped.settings == [((DESIGN, "default", None, []), {})]
    assert mapped.variations == [((DESIGN, "default", None), {})]
    assert mapped.arms == [((DESIGN, mapped.chosen, "variations"), {})]
    assert (mapped.size, mapped.checked) == ([(("toy", "arms", None), {})], [(("size",), {})])
    assert mapped.prepared[0][0] == (Path("results/map"),)
    assert mapped.training.calls == [((Path("there"),), {"any_machine": False})]
    ((given, more),) = mapped.made
    assert given[:3] == (DESIGN, mapped.chosen, "variations")
    assert (given[3].success, given[3].failure) == (0.3, 0.7)
    expected = {"resamples": 100, "workers": None, "progress": "progress", "store": "store", "fresh": False}
    assert more == expected | {"cluster": None}
    assert mapped.written == [((mapped.document, Path("there")), {})]
    assert (mapped.printed[0][0][0], mapped.printed[0][0][2]) == (mapped.document, Path("there"))
    assert capsys.readouterr().out == ""


def test_the_figures_of_an_earlier_map_are_removed(mapped, monkeypatch, capsys):
    read = kept(monkeypatch, "empirics.report.earlier", "earlier", "old")
    data = kept(monkeypatch, "empirics.report.map_files", "data_of", {"map": "csv"})
    removed = kept(monkeypatch, "empirics.report.earlier", "remove_outdated", [Path("plots/moves.svg")])
    assert factbound(["map"]) == 0
    assert read[0][0][1] == Path("there/map.json")
    assert [given for (given,), _ in data] == ["old", mapped.document]
    assert removed == [(({"map": "csv"}, {"map": "csv"}, Path("there/plots")), {})]
    assert capsys.readouterr().err == "factbound: removed figures of the earlier results: plots/moves.svg\n"


def test_a_map_says_what_a_defect_ended(mapped, capsys):
    mapped.document.broken.append("experiment mine (mine.py, line 3): ValueError: no; 1 failed run (seed 0)")
    assert factbound(["map"]) == 70
    (line,) = mapped.document.broken
    assert capsys.readouterr().err == f"factbound: BROKEN, {line}; it is left out\n"


def test_a_dry_run_of_a_map(mapped, monkeypatch, capsys):
    found = SimpleNamespace(broken=[], model_dump=lambda *, mode: {"arms": mode})
    asked = kept(monkeypatch, "empirics.regimes.forecast", "forecast_map", found)
    told = kept(monkeypatch, "empirics.cli.dry_run", "print_map_forecast")
    assert factbound(["map", "--dry-run", "--workers", "3", "--success", "0.2", "--output", "o"]) == 0
    ((given, more),) = asked
    assert (given[:3], given[3].success) == ((SimpleNamespace(experiment="toy"), mapped.chosen, "variations"), 0.2)
    assert more == {"stored": Path("o/runs.sqlite"), "workers": 3}
    assert told[0][0][0] is found
    assert factbound(["map", "--dry-run", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"arms": "json"}
    assert err.splitlines() == ["factbound: timing a few runs (Ctrl-C skips this)"] * 2
    found.broken.append("experiment mine: no")
    assert factbound(["map", "--dry-run"]) == 70
    assert factbound(["map", "--dry-run", "--workers", "0"]) == 2
    assert mapped.prepared == mapped.made == []


def test_map_with_every_option(mapped, capsys):
    mapped.document.complete = False
    words = ["--experiment", "toy", "--preset", "quick", "--config", "c.toml", "--set", "a.b=1", "--vary", "a.c=[1]"]
    words += ["--success", "0.2", "--failure", "0.9", "--resamples", "70", "--output", "o", "--workers", "2"]
    assert factbound(["map", *words, "--cluster", "tcp://x", "--fresh", "--any-machine", "--json"]) == 130
    assert mapped.asked == [(("toy",), {})]
    assert mapped.settings == [((DESIGN, "quick", Path("c.toml"), ["a.b=1"]), {})]
    assert mapped.variations == [((DESIGN, "quick", ["a.c=[1]"]), {})]
    ((given, more),) = mapped.made
    assert (given[3].success, given[3].failure) == (0.2, 0.9)
    assert (more["resamples"], more["workers"], more["cluster"], more["fresh"]) == (70, 2, "tcp://x", True)
    assert mapped.prepared[0][0] == (Path("o"),)
    assert mapped.training.calls[0][1] == {"any_machine": True}
    assert (printed(capsys), mapped.printed) == ({"mode": "json"}, [])


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """Stand-ins for the rerun and the comparison of ``factbound check``; ``findings`` is what is found."""
    place = "empirics.verification.baseline"
    stand = SimpleNamespace(new=Baseline(preset="quick", claims={}), findings=[], path=tmp_path / "b[x].json")
    results = SimpleNamespace(claims=[SimpleNamespace(id="c")], defects=[])
    stand.loaded = kept(monkeypatch, check, "load_config", "settings")
    stand.verified = kept(monkeypatch, "empirics.verification.verify", "verify", results)
    stand.steps = kept(monkeypatch, "theory.certify.record", "proved_steps", "steps")
    stand.baseline = kept(monkeypatch, place, "baseline_of", stand.new)
    stand.compared = kept(monkeypatch, place, "compare", stand.findings)
    stand.read = kept(monkeypatch, place, "read_baseline", "old")
    stand.written = kept(monkeypatch, place, "write_baseline")
    return stand


def checking(stand, *words, name="b[x].json"):
    return factbound(["check", "--baseline", str(stand.path.with_name(name)), *words])


def test_check(checked, capsys):
    checked.path.write_text("there")
    assert checking(checked) == 0
    assert checked.loaded == [(("quick",), {"experiment": None})]
    assert checked.verified == [(("settings",), {"experiment": None, "workers": None})]
    assert checked.baseline == [(("quick", checked.verified and checked.baseline[0][0][1], "steps"), {})]
    assert checked.compared == [(("old", checked.new), {})]
    assert checked.written == []
    assert capsys.readouterr().out == "No change: 0 claims, 0 cells as in the baseline.\n"
    words = ["--experiment", "toy", "--preset", "full", "--workers", "3"]
    assert checking(checked, *words) == 0
    assert checked.loaded[1] == (("full",), {"experiment": "toy"})
    assert checked.verified[1] == (("settings",), {"experiment": "toy", "workers": 3})


@pytest.mark.parametrize(("level", "status"), [(Level.FAILURE, 1), (Level.WARNING, 0), (Level.NOTE, 0)])
def test_only_failures_fail_a_check(checked, capsys, level, status):
    checked.findings += [Finding(Level.NOTE, "c", "", "new"), Finding(level, "c", "K=1", "worse")]
    assert checking(checked) == status
    assert "worse" in capsys.readouterr().out
    assert checking(checked, "--json") == status
    assert printed(capsys)["findings"][1] == {"level": level, "claim": "c", "where": "K=1", "what": "worse"}
    assert checking(checked, "--update") == 0


def test_files_of_a_check(checked, tmp_path, capsys):
    checked.findings.append(Finding(Level.WARNING, "c", "K=1", "wider"))
    summary, junit = tmp_path / "s.md", tmp_path / "j.xml"
    words = ["--markdown", str(summary), "--junit", str(junit)]
    assert checking(checked, *words) == checking(checked, *words) == 0
    assert summary.read_text().count("## Theorems") == 2, "a summary is appended"
    assert junit.read_text().count("<testsuite") == 1, "JUnit's file is replaced"


def test_updates_of_a_baseline(checked, capsys):
    assert checking(checked, "--update") == 0
    assert (checked.read, checked.compared) == ([], []), "there is none yet"
    assert checked.written == [((checked.new, checked.path), {})]
    assert capsys.readouterr().out.endswith(f"{checked.path} written\n")
    checked.path.write_text("there")
    assert checking(checked, "--update") == 0
    assert len(checked.read) == 1
    assert capsys.readouterr().out.endswith(f"{checked.path} rewritten\n")
    assert checking(checked, "--update", "--json") == 0
    assert printed(capsys) == {"baseline": str(checked.path), "findings": []}
    checking(checked, name="none.json")
    assert checked.read[-1] == ((checked.path.with_name("none.json"),), {}), "which refuses a file that is missing"


def test_plot(monkeypatch, capsys, tmp_path):
    figures = [SimpleNamespace(title="One [x] " + 20 * "longer "), SimpleNamespace(title="Two")]
    every = kept(monkeypatch, "empirics.report.files", "directory_figures", figures)
    bound = kept(monkeypatch, "empirics.report.figures.bounds", "claim_figure", figures[0])
    written = kept(monkeypatch, "empirics.report.files", "write_figures", [Path("a.svg"), Path("b.svg")])
    assert factbound(["plot", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"a.svg  {figures[0].title}\nb.svg  Two\n"
    assert every == [((tmp_path, None), {})]
    assert written == [((figures, tmp_path / "plots", "svg"), {})]
    assert factbound(["plot", str(tmp_path), "--only", "x", "--format", "pdf", "--output", "o"]) == 0
    assert (every[1][0], written[1][0]) == ((tmp_path, "x"), (figures, Path("o"), "pdf"))
    written.clear()
    kept(monkeypatch, "empirics.report.files", "write_figures", [Path("c.svg")])
    assert factbound(["plot", "my-claim", "K=2"]) == factbound(["plot", "my-claim"]) == 0
    assert [call[0] for call in bound] == [("my-claim", ["K=2"]), ("my-claim", [])]
    assert bound[0][1] == {"style": "paper", "width": None, "command": "factbound plot my-claim K=2"}
    assert factbound(["plot", "my-claim", "--style", "slides", "--width", "127mm"]) == 0
    again = "factbound plot my-claim --style slides --width 127mm"
    assert bound[2][1] == {"style": "slides", "width": pytest.approx(5), "command": again}
    written = kept(monkeypatch, "empirics.report.files", "write_figures", [Path("c.svg")])
    assert factbound(["plot", "my-claim"]) == factbound(["plot", "my-claim", "--output", "o"]) == 0
    assert [call[0] for call in written] == [([figures[0]], Path(), "svg"), ([figures[0]], Path("o"), "svg")]
    capsys.readouterr()
    assert factbound(["plot", str(tmp_path), "K=2"]) == factbound(["plot", "my-claim", "--only", "x"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"factbound: K=2 goes with a claim, and {tmp_path} is a directory"
    assert second == "factbound: --only=x goes with a directory, and my-claim is none that is there"


def test_plot_of_an_observable(monkeypatch, tmp_path):
    figure = SimpleNamespace(title="Own")
    kept(monkeypatch, "empirics.report.files", "read_directory", "results")
    drawn = kept(monkeypatch, "empirics.report.figures.observable_figure", "observable_figure", figure)
    written = kept(monkeypatch, "empirics.report.files", "write_figures", [Path("a.svg")])
    assert factbound(["plot", str(tmp_path), "--y", "e"]) == 0
    given = {"x": None, "by": None, "panel": None, "at": {}, "claims": (), "arm": None, "log": "", "style": "paper"}
    assert drawn == [(("results", "e"), {**given, "width": None, "command": "factbound plot . --y e"})]
    assert written[0][0] == ([figure], tmp_path / "plots", "svg")
    words = ["--x", "n", "--by", "K", "--panel", "R", "--at", "S=1", "--at", "c=a b", "--claims", "p, q", "--arm", "w"]
    assert (
        factbound(["plot", str(tmp_path), "--y", "e", *words, "--log", "xy", "--style", "poster", "--width", "9in"])
        == 0
    )
    given = {"x": "n", "by": "K", "panel": "R", "at": {"S": "1", "c": "a b"}, "claims": ["p", "q"], "arm": "w"}
    again = "factbound plot . --y e --x n --by K --panel R --at S=1 --at 'c=a b' --claims 'p, q' --arm w --log xy"
    look = {"style": "poster", "width": 9.0, "command": f"{again} --style poster --width 9in"}
    assert drawn[1] == (("results", "e"), {**given, "log": "xy", **look})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{}", "--by", "K"], "--by=K goes with --y=OBSERVABLE"),
        (["{}", "--at", "K=1"], "--at=K=1 goes with --y=OBSERVABLE"),
        (
            ["{}", "--width", "3in"],
            "--width=3in goes with --y=OBSERVABLE or a claim: the other figures are laid out for",
        ),
        (["{}", "--y", "e", "--only", "x"], "--only=x goes with the figures of the results; --y draws another one"),
        (["{}", "--y", "e", "--at", "K"], "--at=K is refused: allowed is AXIS=VALUE, as in K=3"),
        (["ood-error-literal", "--y", "e"], "--y=e goes with a directory, and ood-error-literal is none"),
        (["ood-error-literal", "--style", "web"], "style=web is unknown; known are paper, slides, poster"),
        (
            ["ood-error-literal", "--width", "3"],
            "width=3 is refused: allowed is a number with in, cm, mm, pt, as in 3.25in",
        ),
        (["ood-error-literal", "--width", "1mm"], "from 1.5 to 100 inches"),
    ],
)
def test_options_of_a_plot_that_do_not_go_together(words, told, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert factbound(["plot", *(word.format(tmp_path) for word in words)]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_report(monkeypatch, capsys, tmp_path):
    kept(monkeypatch, "empirics.report.files", "read_directory", "results")
    written = kept(monkeypatch, "empirics.report.files", "write_page", ["the figure x"])
    kept(monkeypatch, "empirics.report.tables", "answer", "No claim [x] is violated. " + 20 * "longer ")
    assert plot.report_command(tmp_path) == 70
    assert written == [(("results", tmp_path), {})]
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'report.html'}\nNo claim [x] is violated. {20 * 'longer '}\n"
    assert err == "factbound: BROKEN, the figure x; it is left out\n"


def test_run(monkeypatch, capsys):
    finished = SimpleNamespace(observables={"ood_error": 0.5}, curves={"loss": "curve"})
    chosen = kept(monkeypatch, run, "registered", "experiment")
    kept(monkeypatch, run.single, "check_inspected")
    parsed = kept(monkeypatch, run.single, "parsed", "point")
    kept(monkeypatch, run.single, "settings_at", ["world.templates=[6]"])
    loaded = kept(monkeypatch, run, "load_settings", "settings")
    inspected = kept(monkeypatch, run.single, "inspect", finished)
    saved = kept(monkeypatch, run.single, "save")
    kept(monkeypatch, run.single, "document", {"seed": 4})
    told = kept(monkeypatch, "empirics.report.terminal", "print_run")
    assert factbound(["run"]) == 0
    assert (chosen, parsed) == ([((None,), {})], [(("experiment", {}), {})])
    assert loaded == [(("experiment", "default", None, ["world.templates=[6]"]), {"say": run.quiet})]
    assert inspected == [(("experiment", "settings", "point", 0), {})]
    assert told[0][0][:3] == ({"ood_error": 0.5}, {"ood_error": "fraction"}, {"loss": "curve"})
    assert saved == []
    words = ["--experiment", "toy", "--seed", "4", "--preset", "quick", "--config", "c.toml", "--set", "a.b=1"]
    assert factbound(["run", *words, "--templates", "6", "--save", "there", "--json"]) == 0
    assert printed(capsys) == {"seed": 4}
    assert (chosen[1][0], parsed[1][0]) == (("toy",), ("experiment", {"templates": "6"}))
    assert loaded[1][0] == ("experiment", "quick", Path("c.toml"), ["a.b=1", "world.templates=[6]"])
    assert (inspected[1][0][3], saved) == (4, [((finished, Path("there")), {})])
    assert len(told) == 1


def test_run_draws(monkeypatch, capsys):
    finished = SimpleNamespace(observables={}, curves={})
    kept(monkeypatch, run, "registered", "experiment")
    for name, result in (("check_inspected", None), ("parsed", "point"), ("settings_at", []), ("inspect", finished)):
        kept(monkeypatch, run.single, name, result)
    kept(monkeypatch, run, "load_settings", "settings")
    kept(monkeypatch, "empirics.report.terminal", "print_run")
    checked = kept(monkeypatch, run.single, "check_pictured")
    prepared = kept(monkeypatch, "empirics.report.files", "prepare_figures")
    pictures = kept(monkeypatch, run.single, "pictures", ["data"])
    drawn = kept(monkeypatch, "empirics.report.figures.plots", "draw", SimpleNamespace(title="One"))
    written = kept(monkeypatch, "empirics.report.files", "write_figures", [Path("there/one.pdf")])
    words = ["--templates", "6", "--seed", "4", "--preset", "quick", "--config", "c.toml", "--set", "a.b=1"]
    assert factbound(["run", *words, "--plot", "there", "--format", "pdf"]) == 0
    assert (checked, prepared) == ([(("experiment",), {})], [((Path("there"), "pdf"), {})])
    assert pictures == [(("experiment", "settings", "point", finished), {})]
    again = "factbound run --templates 6 --seed 4 --preset quick --config c.toml --set a.b=1 --plot ."
    assert drawn == [(("data", again), {})]
    assert written[0][0][1:] == (Path("there"), "pdf")
    assert capsys.readouterr().out == "there/one.pdf  One\n"


def test_run_has_an_option_for_each_axis_once():
    found = inspect.signature(run.run_command).parameters
    axes = {item.column(symbol): item.notation[symbol] for item in experiments().values() for symbol in item.axes}
    own = [name for name in inspect.get_annotations(inspect.unwrap(run.run_command)) if name in found]
    assert list(found)[: len(axes)] == list(axes)
    assert set(found) - set(axes) == {
        "experiment",
        "seed",
        "preset",
        "config",
        "settings",
        "save",
        "as_json",
        "plot",
        "form",
    }
    assert set(found) <= {*own, *axes}
    for name in axes:
        assert (found[name].default, found[name].kind) == (None, inspect.Parameter.KEYWORD_ONLY)
        hint = run.run_command.__annotations__[name].__metadata__[0]
        assert hint.metavar in {s.name for e in experiments().values() for s in e.notation.values()}
        assert hint.help.endswith(".")


def certificate(claim, *, proved, seconds=0.25):
    more = {"step": "page.1", "statement": "a < b" + 20 * " and b", "domain": "a > 0", "method": "exact"}
    return Certificate(claim=claim, proved=proved, detail="why", seconds=seconds, **more)


@pytest.mark.parametrize(
    ("proved", "refuted", "status"), [(True, True, 0), (False, True, 1), (True, False, 1)], ids=str
)
def test_certify(monkeypatch, capsys, proved, refuted, status):
    proofs = [certificate("c", proved=True), certificate("c", proved=proved)]
    mutants = [certificate("c:m", proved=not refuted, seconds=1.5)]
    place = "theory.certify"
    kept(monkeypatch, "theory", "claim", SimpleNamespace(provenance=Provenance.DERIVED))
    counted = kept(monkeypatch, place, "count_of_steps", 3)
    kept(monkeypatch, place, "certificates", proofs)
    kept(monkeypatch, place, "mutants", mutants)
    document = {"all_proved": proved, "all_mutants_refuted": refuted}
    summed = kept(monkeypatch, place, "document", document)
    monkeypatch.setattr("rich.progress.Progress", Bar)
    assert factbound(["certify", "c"]) == status
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [*(p.line() for p in proofs), *(m.line(mutant=True) for m in mutants)]
    summary = f"{1 + proved} of 2 certificates proved, {int(refuted)} of 1 mutant refuted, 2.0 s"
    assert lines[3:] == ["formal proof of c: none", summary]
    task = {"advance": 1, "description": "c page.1"}
    assert Bar.last.told == [task, task, task | {"description": "c:m page.1"}]
    assert (Bar.last.tasks[0].total, Bar.last.transient, Bar.last.console.stderr) == (3, True, True)
    assert (counted, summed) == ([(("c",), {})], [((proofs, mutants), {})])
    assert factbound(["certify", "--json"]) == status
    assert printed(capsys) == document | {"formal": {"c": None}}


def test_certify_compiles_the_formal_proofs_if_asked(monkeypatch, capsys):
    identifier = "covering-none-seen"
    proofs = [certificate(identifier, proved=True)]
    for name, value in (("count_of_steps", 1), ("certificates", proofs), ("mutants", [])):
        kept(monkeypatch, "theory.certify", name, value)
    kept(monkeypatch, "theory.certify.formal_proofs", "coq_version", "9.9")
    checked = kept(monkeypatch, "theory.certify.formal_proofs", "check", {})
    kept(monkeypatch, "theory.certify.formal_proofs", "available", result=False)
    assert factbound(["certify", identifier, "--formal"]) == 2
    assert "make proofs" in capsys.readouterr().err
    kept(monkeypatch, "theory.certify.formal_proofs", "available", result=True)
    assert factbound(["certify", identifier]) == 0
    assert "), on record; to check it again: make proofs" in capsys.readouterr().out
    assert checked == []
    assert factbound(["certify", identifier, "--formal"]) == 0
    told = capsys.readouterr().out
    assert f"formal proof of {identifier}: proved in Coq 9.9 (prob_none_seen, " in told
    assert "), checked here\n" in told
    assert checked == [((), {})]

    def refused():
        raise FormalProofError("world.v: no")

    monkeypatch.setattr("theory.certify.formal_proofs.check", refused)
    assert factbound(["certify", identifier, "--formal"]) == 1
    assert capsys.readouterr().out == "NOT PROVED  formal proofs  world.v: no\n"


def test_certify_of_what_is_no_theorem(monkeypatch, capsys):
    kept(monkeypatch, "theory.certify", "count_of_steps", 0)
    kept(monkeypatch, "theory", "claim", SimpleNamespace(provenance=Provenance.DERIVED))
    for name in ("certificates", "mutants"):
        kept(monkeypatch, "theory.certify", name, [])
    assert certify.certify_command("c[x]") is None
    assert capsys.readouterr().out == "c[x]: not a theorem of this project; nothing to certify\n"


def test_options_that_several_commands_share():
    assert options.with_device(None, None) == []
    assert options.with_device(["a.b=1"], "cuda") == ["a.b=1", "compute.device='cuda'"]
    options.check_workers(None)
    options.check_workers(1)
    with pytest.raises(UsageError, match="--workers=0 is refused: allowed is an integer >= 1"):
        options.check_workers(0)
    assert judge.judge_command.__doc__.startswith("Judge a claim on measurements")
