"""Every figure of docs/performance.md in one run, as Markdown: machine and date, then one table after another.

    python tests/benchmarks/all.py [--only NAME,NAME] [--rounds 7] [--beside TREE] [--output FILE]

Commands are timed from outside, each in a process of its own, by the clock: it is what the user waits. Short ones run
in turn, round after round, so that their differences are pairs. With the source tree of an older version (``--beside``)
each command runs in both, one after the other. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from empirics.runs.environment import processor

ROOT = Path(__file__).resolve().parents[2]
FACTBOUND = ("-m", "empirics")
SHORT = {
    "sympy": ("-c", "import sympy"),
    "version": (*FACTBOUND, "--version"),
    "claims": (*FACTBOUND, "claims"),
    "bound": (*FACTBOUND, "bound", "ood-error-literal", "N_f=40", "K=3", "R=60"),
}
LONG = {
    "quick": "verify, preset quick",
    "quick-again": "the same again",
    "default": "verify, preset default",
    "default-again": "the same again",
    "report": "report of that directory",
    "plot": "plot of one of its figures",
    "check": "check",
}
SCRIPTS = {
    "engine": ("engine.py",),
    "products": ("products.py",),
    "scaling": ("engine.py", "--scaling"),
    "processes": ("engine.py", "--processes"),
    "memory": ("engine.py", "--memory"),
    "store": ("store.py",),
    "imports": ("import_time.py",),
}
NAMES = (*SHORT, *LONG, *SCRIPTS)


def run(words: Sequence[str], folder: Path, tree: Path = ROOT) -> tuple[float, str]:
    """Seconds and output of a process of this Python, with a source tree, in a folder; SystemExit: it failed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree), *filter(None, [os.getenv("PYTHONPATH")])])}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):  # 1: a verdict
        raise SystemExit(f"{' '.join(words)} ended with status {done.returncode}:\n{done.stderr}")
    return seconds, done.stdout


def short(names: Sequence[str], rounds: int, folder: Path, trees: Sequence[Path]) -> str:
    """Commands that take about a second, in turn, and what each takes beyond importing SymPy."""
    seconds: dict[tuple[str, Path], list[float]] = {(name, tree): [] for name in names for tree in trees}
    for number in range(rounds + 1):
        for name, tree in seconds:
            took, _ = run(SHORT[name], folder, tree)
            if number:  # the first round warms the disk's cache
                seconds[name, tree].append(took)
    heads = ["command", *_heads(trees, "seconds, median"), "least", "beyond `import sympy`"]
    lines = [_row(*heads), _row(*["---"] * len(heads))]
    for name in names:
        beyond = ""
        if "sympy" in names and name != "sympy":
            pairs = zip(seconds[name, ROOT], seconds["sympy", ROOT], strict=True)
            beyond = f"{statistics.median(one - other for one, other in pairs):.2f}"
        middles = [f"{statistics.median(seconds[name, tree]):.2f}" for tree in trees]
        lines.append(_row(f"`{shown(SHORT[name])}`", *middles, f"{min(seconds[name, ROOT]):.2f}", beyond))
    return "\n".join(lines)


def _heads(trees: Sequence[Path], alone: str) -> list[str]:
    return [alone] if len(trees) == 1 else [f"before ({trees[0].name})", "now"]


def _row(*fields: str) -> str:
    return f"| {' | '.join(fields)} |"


class Verifications:
    """Verifications of one source tree, and what is done with their directories."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.tree, self.folder = tree, folder
        self.folder.mkdir()
        self._finished: list[str] = []

    def measured(self, name: str) -> tuple[Sequence[str], float]:
        """The command of a figure, and its seconds."""
        if name == "report":
            return self._timed("report", self._directory())
        if name == "plot":
            directory = self._directory()
            figure = min((self.folder / directory / "plots").glob("*.svg")).stem
            return self._timed("plot", directory, "--only", figure, "--output", "figures")
        if name == "check":
            return self._timed("check", "--baseline", str(self.tree / "tests" / "baseline" / "quick.json"))
        preset, _, again = name.partition("-")
        if again and preset not in self._finished:
            self._verify(preset)
        return self._verify(preset)

    def _verify(self, preset: str) -> tuple[Sequence[str], float]:
        timed = self._timed("verify", "--preset", preset, "--output", preset)
        self._finished.append(preset)
        return timed

    def _directory(self) -> str:
        """The latest that is finished; a quick one, which is not counted, if there is none."""
        if not self._finished:
            self._verify("quick")
        return self._finished[-1]

    def _timed(self, *words: str) -> tuple[Sequence[str], float]:
        return (*FACTBOUND, *words), run((*FACTBOUND, *words), self.folder, self.tree)[0]


def long(names: Sequence[str], folder: Path, trees: Sequence[Path]) -> str:
    """Verifications and what is done with their directories, once each."""
    places = [Verifications(tree, folder / str(number)) for number, tree in enumerate(trees)]
    heads = ["figure", *_heads(trees, "seconds"), "command"]
    lines = [_row(*heads), _row(*["---"] * len(heads))]
    for name in names:
        timed = [place.measured(name) for place in places]
        lines.append(_row(LONG[name], *(f"{seconds:.1f}" for _, seconds in timed), f"`{shown(timed[-1][0])}`"))
    return "\n".join(lines)


def shown(words: Sequence[str]) -> str:
    """The command as a user types it."""
    words = ("factbound", *words[2:]) if tuple(words[:2]) == FACTBOUND else ("python", *words)
    return " ".join(word.replace(str(ROOT) + os.sep, "") for word in words)


def heading() -> str:
    """Machine, versions, date, and how busy the machine is."""
    libraries = [name for name in ("torch", "numpy", "numba", "sympy", "jax") if importlib.util.find_spec(name)]
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{date}: {processor()}, {os.cpu_count()} cores{busy}; Python {platform.python_version()}, {versions}."


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is chosen and print it as it comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME,NAME", default=",".join(NAMES), help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=7, help="of the short commands (default: 7)")
    parser.add_argument("--beside", type=Path, metavar="TREE", help="a source tree that the commands run in as well")
    parser.add_argument("--output", type=Path, help="write here as well")
    chosen = parser.parse_args(arguments)
    names = chosen.only.split(",")
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"--only={unknown[0]} is none of {', '.join(NAMES)}")
    trees = [*([chosen.beside.resolve()] if chosen.beside else []), ROOT]
    written: list[str] = []

    def tell(text: str) -> None:
        written.append(text)
        print(text + "\n", flush=True)
        if chosen.output is not None:
            chosen.output.write_text("\n\n".join(written) + "\n", encoding="utf-8")

    tell(heading())
    with tempfile.TemporaryDirectory(prefix="factbound-benchmark-") as place:
        if some := [name for name in SHORT if name in names]:
            tell(short(some, chosen.rounds, Path(place), trees))
        if some := [name for name in LONG if name in names]:
            tell(long(some, Path(place), trees))
        for name in (name for name in SCRIPTS if name in names):
            script, *options = SCRIPTS[name]
            _, output = run([str(Path(__file__).with_name(script)), *options], Path(place))
            tell(f"`python tests/benchmarks/{' '.join([script, *options])}`\n\n{output.strip()}")


if __name__ == "__main__":
    main()
