"""Every command and every code block of README.md, CONTRIBUTING.md and docs/ is run.

Python blocks of a page share a namespace and a working directory; console blocks
run there too and print what the page shows. A verification runs as written but on
a small grid; what needs another machine is listed, with what is checked instead.
"""

import contextlib
import io
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, metadata
from pathlib import Path

import pytest
import yaml
from docs_blocks import blocks_of, commands_of, matches

from empirics.cli.app import run
from empirics.experiments.language_models.facts.templates import load_templates
from empirics.experiments.load import load_config
from empirics.observables.definition import Observable
from empirics.verification.results import read_results
from theory import Claim

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    p
    for p in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    if not {"_build", "generated", "jupyter_execute"} & set(p.relative_to(ROOT).parts)
)
TINY = (
    "world.subjects=12",
    "world.answers=12",
    "world.templates=[6]",
    "world.multiplicity=[2]",
    "world.finetuned=[2]",
    "pretraining.steps=100",
    "seeds.minimum=3",
    "seeds.maximum=3",
    "arms.run=[]",
)
MAP = ("--workers", "1", "--resamples", "20", "--vary", "model.width=[8]")
MAP += ("--set", "arms.templates=[6]", "--set", "arms.multiplicity=[2]", "--set", "arms.finetuned=[2]")
LM_TINY = (
    "facts.number=12",
    "world.templates=[4]",
    "world.multiplicity=[1,2]",
    "world.finetuned=[4]",
    "model.width=16",
    "model.heads=2",
    "pretraining.steps=4",
    "finetuning.steps=2",
    "seeds.minimum=1",
    "seeds.maximum=1",
)
# What cannot run here as it stands, and the command that is run in its place.
INSTEAD = {
    "dask scheduler --scheduler-file scheduler.json": "dask scheduler --help",
    "dask worker --scheduler-file scheduler.json --nworkers 16 --nthreads 1": "dask worker --help",
    # Its own test (tests/runs/test_cluster.py) has a scheduler; here the option is parsed, and refused.
    "factbound verify --cluster tcp://SCHEDULER:8786 --output results": "factbound verify --help",
    # They need a table and weights that are not at hand; their options are parsed.
    'factbound lm run --set facts.source=popQA.tsv --set facts.relations=\'["capital","author"]\' '
    "--output results-popqa": "factbound lm run --help",
    "factbound lm run --config gpt2.toml --output results-gpt2": "factbound lm run --help",
    # It would change the shell of whoever runs the tests.
    "factbound --install-completion": "factbound --help",
    # A benchmark of minutes.
    "OMP_NUM_THREADS=1 python tests/benchmarks/engine.py": "python tests/benchmarks/engine.py --help",
}


SITE = "site"  # where a page's own package is installed


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_block_runs_and_prints_what_is_shown(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text, encoding="utf-8")
        where = f"{relative(page)}, line {block.line}"
        if "/" in (block.file or "") or block.file == "pyproject.toml":
            continue  # part of a package, which the page installs and then uses
        if block.language == "python" and not (block.file or "").startswith("test_"):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, where, "exec"), namespace)
        elif block.language == "console":
            for command in commands_of(block):
                _run(command, where, capsys)
        elif block.language == "toml":
            _check_toml(block.text, tmp_path)
        elif block.language == "yaml":
            for step in yaml.safe_load(block.text):
                _parse(step["run"], capsys)


def _run(command, where, capsys):
    words = shlex.split(INSTEAD.get(command.words, command.words), comments=True)
    capsys.readouterr()
    if words[0] == "make":
        # Targets run for minutes and have their own jobs in CI; that they exist is checked, and what they would do.
        planned = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert planned.returncode == 0, f"{where}: {planned.stderr}"
        _compare_with_stored(command, words, where)
        return
    if words == ["pip", "install", "."]:
        _install(where)
        return
    if words[:2] == ["pip", "install"]:
        extra = re.fullmatch(r"factbound\[(\w+)\]", words[2]).group(1)
        assert extra in metadata("factbound").get_all("Provides-Extra")
        return
    if words[0] == "factbound" and Path(SITE).exists():
        actual = _with_installed(words[1:], where)
    elif words[0] == "factbound":
        more = [*MAP, *(w for setting in TINY for w in ("--set", setting))] if words[1] == "map" else []
        if words[1] == "verify" and "--help" not in words:
            more = ["--workers", "1", *(w for setting in TINY for w in ("--set", setting))]
        if words[1:3] in (["lm", "run"], ["lm", "plan"]) and "--help" not in words:
            more = ["--workers", "1", *(w for setting in LM_TINY for w in ("--set", setting))]
        allowed = (0, 3) if more else (0,)  # on the small grid no cell may be in scope
        assert run([*words[1:], *more]) in allowed, f"{where}: {command.words}\n{capsys.readouterr().err}"
        actual = [] if more else capsys.readouterr().out.splitlines()
    else:
        program = {"pytest": [sys.executable, "-m", "pytest"], "python": [sys.executable], "dask": [_beside("dask")]}
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        cwd = ROOT if words[0] == "python" else None
        finished = subprocess.run(
            [*program[words[0]], *words[1:]], env=environment, cwd=cwd, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, f"{where}: {command.words}\n{finished.stdout}{finished.stderr}"
        actual = finished.stdout.splitlines()
    if command.shown:
        assert matches(command.shown, [line.rstrip() for line in actual]), f"{where}: {command.words}\n{actual}"


def _install(where):
    """The page's package, into a folder of its own; what follows on the page sees it."""
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "--target", SITE]
    done = subprocess.run([*pip, "."], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{where}: {done.stderr}"


def _with_installed(words, where):
    """What a command prints in a process that sees the page's package."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(SITE).resolve())])}
    done = subprocess.run(
        [sys.executable, "-m", "empirics", *words],
        env=environment | {"COLUMNS": "132"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{where}: {done.stdout}"
    return done.stdout.splitlines()


def _compare_with_stored(command, words, where):
    """What the README shows below ``make verify`` is what a verification with the stored results prints."""
    if words[1] != "verify" or not command.shown:
        assert words[1] == "test" or not command.shown
        return
    from rich.console import Console

    from empirics.report.terminal import print_results

    stream = io.StringIO()
    printed = Console(file=stream, width=132, highlight=False, soft_wrap=False)
    print_results(read_results(ROOT / "docs" / "stored" / "default.json"), printed, Path("results"))
    actual = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert matches(command.shown, actual), f"{where}:\n" + "\n".join(actual)


def _beside(name):
    return str(Path(sys.executable).with_name(name))


def _parse(command, capsys):
    """A step of a workflow: the command and its options exist (running it is continuous integration itself)."""
    words = shlex.split(command)
    assert words[0] == "factbound"
    assert run([words[1], "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in words if word.startswith("--"))


def _check_toml(text, directory):
    """Templates and configurations are read as such; entry points name what the page's own files define."""
    document = tomllib.loads(text)
    if "relation" in document:
        path = directory / "templates.toml"
        path.write_text(text, encoding="utf-8")
        assert set(document["relation"]) <= set(load_templates(path))
        return
    if {"facts", "model"} & set(document):
        path = directory / "lm.toml"
        path.write_text(text, encoding="utf-8")
        load_config(file=path, experiment="language-model")
        return
    groups = document["project"]["entry-points"]
    kinds = {"factbound.claims": Claim, "factbound.observables": Observable}
    assert set(groups) == set(kinds)
    sys.path.insert(0, str(directory))
    try:
        for group, kind in kinds.items():
            for name, value in groups[group].items():
                assert isinstance(EntryPoint(name, value, group).load(), kind)
    finally:
        sys.path.remove(str(directory))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"```.*?```|\$.*?\$", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        generated = "generated/" in target  # made by the build, and checked by it
        assert generated or (page.parent / target).exists(), f"{relative(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_names_and_paths_that_a_page_mentions_exist(page):
    text = page.read_text(encoding="utf-8").replace("docs/claims/ID.md", "docs/claims/low-rank.md")
    for name in set(re.findall(r"\b(?:empirics|theory)(?:\.\w+)+", text)):
        pkgutil.resolve_name(name)
    for path in set(re.findall(r"\b(?:empirics|theory|tests|docs)/[\w./*-]*\w", text)):
        assert list(ROOT.glob(path)), f"{relative(page)} names {path}"


def test_the_pictures_that_are_committed_are_those_that_the_build_draws(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import figures

    drawn = {figure.name: figure for figure in figures.figures()}
    proofs, measured = {"frontier", "linear-memory-rate"}, {"ood-error", "pretraining-gap", "claim-failure-regime"}
    findings = {f"findings-{number}" for number in range(1, 11)}
    own = {"ood_error-N_f-K-R", "pretraining_gap-step-K-R"}
    of_a_run = {f"run-{part}" for part in ("training", "mechanism", "attention", "features", "spectrum")}
    others = {"language-models", "capacity", "law", "heat"}
    assert set(drawn) == {*proofs, *measured, *findings, *own, *of_a_run, *others}
    stored = figures.README_FIGURE.read_bytes()
    assert stored == drawn["ood-error"].render("svg"), "run: python docs/figures.py"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("    factbound claims\n", "indented"),
        ("```\nfactbound claims\n```\n", "language ''"),
        ("```bash\nfactbound claims\n```\n", "language 'bash'"),
        ("```text\nsome output\n```\n", "must be a file"),
        ("```{unknown}\n```\n", "unknown"),
    ],
)
def test_a_block_that_nothing_runs_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        blocks_of(text)


def test_shown_output_is_compared():
    assert matches(("a", "...", "d"), ["a", "b", "c", "d"])
    assert matches(("a ...",), ["a 1 2"])
    assert not matches(("a", "c"), ["a", "b", "c"])
    assert not matches(("a",), ["a", "b"])
    assert not matches(("a", "..."), ["b"])


def test_commands_named_in_the_readme_exist_and_show_an_example(capsys):
    named = set(re.findall(r"factbound ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"verify", "run", "claims", "plan", "judge", "check", "plot", "certify", "bound"} <= named
    for name in named - {"checks"}:
        assert run([name, "--help"] if name != "lm" else ["lm", "plan", "--help"]) == 0
        assert "Example: factbound" in capsys.readouterr().out
    assert run(["--help"]) == 0
    assert "factbound verify --preset quick" in capsys.readouterr().out
