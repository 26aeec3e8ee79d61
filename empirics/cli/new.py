"""``factbound new``: a working file for a theorem or an experiment of one's own, to be changed."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from importlib import resources
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from empirics.cli.output import console
from empirics.cli.root import Commands, app, without_command
from empirics.errors import UsageError
from empirics.experiments.registry import experiments
from empirics.files import prepare_directory, write_atomically
from theory import all_claims

_GROUP = typer.Typer(
    cls=Commands,
    help="Write a working file for a theorem or an experiment of yours.\n\nExample: factbound new claim my-bound",
    rich_markup_mode=None,
)
_GROUP.callback(invoke_without_command=True)(without_command)
_POINTS = {
    "claim": '[project.entry-points."factbound.claims"]\n$id = "$module:CLAIM"\n',
    "experiment": '[project.entry-points."factbound.claims"]\n$id = "$module:CLAIM"\n\n'
    '[project.entry-points."factbound.experiments"]\n$id = "$module:EXPERIMENT"\n',
}
_NEXT = {"claim": ("--claims", "--preset", "quick"), "experiment": ("--experiment", "--mutants")}
Name = Annotated[str, typer.Argument(metavar="NAME", help="Lower case, with dashes, as in my-bound.")]
Into = Annotated[Path | None, typer.Option("--output", metavar="DIR", help="A new folder; NAME if not given.")]


@_GROUP.command("claim")
def claim_command(name: Name, output: Into = None) -> None:
    """Write a theorem with its test and its entry point.

    Example: factbound new claim my-bound
    """
    if name in {item.id for item in all_claims()}:
        raise UsageError(f"NAME={name} is refused: a claim of that name is there already")
    _write("claim", name, output)


@_GROUP.command("experiment")
def experiment_command(name: Name, output: Into = None) -> None:
    """Write an experiment and a theorem that it tests, with a test and entry points.

    Example: factbound new experiment my-experiment
    """
    if name in experiments():
        raise UsageError(f"NAME={name} is refused: an experiment of that name is there already")
    _write("experiment", name, output)


def _write(kind: str, name: str, output: Path | None) -> None:
    module = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or iskeyword(module):
        allowed = "lower case letters, digits and dashes from a letter on, as in my-bound; no word of Python's"
        raise UsageError(f"NAME={name} is refused: allowed are {allowed}")
    folder = Path(name) if output is None else output
    if _is_installed(module):
        raise UsageError(f"NAME={name} is refused: {module} is a module of Python's, or an installed one")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--output={folder} is refused: it is there already; nothing is overwritten")
    words = {
        "id": name,
        "module": module,
        "title": name.replace("-", " ").capitalize(),
        "class": "".join(part.capitalize() for part in name.split("-")),
        "observable": f"{module}_off",
    }
    words["points"] = Template(_POINTS[kind]).substitute(words)
    prepare_directory(folder)
    for source, target in (
        (f"{kind}.py", f"{module}.py"),
        (f"test_{kind}.py", f"test_{module}.py"),
        ("pyproject.toml", "pyproject.toml"),
    ):
        text = (resources.files("empirics.cli") / "scaffold" / f"{source}.txt").read_text(encoding="utf-8")
        write_atomically(folder / target, Template(text).substitute(words))
    out = console()
    option, *more = _NEXT[kind]
    verify = ("verify", "--with", str(folder / f"{module}.py"), option, name, *more)
    without = find_spec("pytest") is None
    for line in (
        f"{folder} written: {module}.py, test_{module}.py, pyproject.toml. To test and to verify it:",
        *([f"  {shlex.join([sys.executable, '-m', 'pip', 'install', 'pytest'])}"] if without else []),
        f"  {_typed('pytest', 'pytest', str(folder))}",
        f"  {_typed('factbound', 'empirics', *verify, '--output', str(folder / 'results'))}",
    ):
        out.print(line, markup=False, soft_wrap=True)


def _is_installed(module: str) -> bool:
    """Whether the new file would hide, or be hidden by, a module that is not one of the working directory."""
    found = find_spec(module)
    elsewhere = found is not None and found.origin is not None and Path(found.origin).parent != Path.cwd()
    return elsewhere or module in sys.stdlib_module_names


def _typed(program: str, module: str, *arguments: str) -> str:
    """A command as it can be typed here: by its name if the shell would find this environment's program."""
    found = shutil.which(program)
    here = found is not None and Path(found).parent == Path(sys.executable).parent
    return shlex.join([*([program] if here else [sys.executable, "-m", module]), *arguments])


app.add_typer(_GROUP, name="new")
