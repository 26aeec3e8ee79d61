"""Every figure of docs/performance.md in one run, as Markdown: machine and date, then one table after another.

    python tests/benchmarks/all.py [--only NAME,NAME] [--rounds 7] [--output FILE]

Commands are timed from outside, each in a process of its own, by the clock: it is what the user waits. Short ones run
in turn, round after round, so that their differences are pairs. Nothing else should run on the machine.
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
from collections.abc import Callable, Sequence
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


def run(words: Sequence[str], folder: Path) -> tuple[float, str]:
    """Seconds and output of a process of this Python, with this source tree, in a folder; SystemExit: it failed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):  # 1: a verdict
        raise SystemExit(f"{' '.join(words)} ended with status {done.returncode}:\n{done.stderr}")
    return seconds, done.stdout


def short(names: Sequence[str], rounds: int, folder: Path) -> str:
    """Commands that take about a second, in turn, and what each takes beyond importing SymPy."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names:
            took, _ = run(SHORT[name], folder)
            if number:  # the first round warms the disk's cache
                seconds[name].append(took)
    lines = ["| command | seconds, median | least | beyond `import sympy` |", "| --- | --- | --- | --- |"]
    for name in names:
        beyond = ""
        if "sympy" in names and name != "sympy":
            pairs = zip(seconds[name], seconds["sympy"], strict=True)
            beyond = f"{statistics.median(one - other for one, other in pairs):.2f}"
        middle, least = statistics.median(seconds[name]), min(seconds[name])
        lines.append(f"| `{shown(SHORT[name])}` | {middle:.2f} | {least:.2f} | {beyond} |")
    return "\n".join(lines)


def long(names: Sequence[str], folder: Path) -> str:
    """Verifications and what is done with their directories, once each."""
    finished: dict[str, Path] = {}

    def verify(preset: str) -> tuple[Sequence[str], float]:
        words = (*FACTBOUND, "verify", "--preset", preset, "--output", preset)
        seconds, _ = run(words, folder)
        finished[preset] = folder / preset
        return words, seconds

    def directory() -> Path:
        """The latest that is finished; a quick one, which is not counted, if there is none."""
        if not finished:
            verify("quick")
        return list(finished.values())[-1]

    def again(preset: str) -> tuple[Sequence[str], float]:
        if preset not in finished:
            verify(preset)
        return verify(preset)

    def timed(*words: str) -> tuple[Sequence[str], float]:
        return words, run(words, folder)[0]

    def plot() -> tuple[Sequence[str], float]:
        figure = min((directory() / "plots").glob("*.svg")).stem
        return timed(*FACTBOUND, "plot", directory().name, "--only", figure, "--output", "figures")

    measures: dict[str, Callable[[], tuple[Sequence[str], float]]] = {
        "quick": lambda: verify("quick"),
        "quick-again": lambda: again("quick"),
        "default": lambda: verify("default"),
        "default-again": lambda: again("default"),
        "report": lambda: timed(*FACTBOUND, "report", directory().name),
        "plot": plot,
        "check": lambda: timed(*FACTBOUND, "check", "--baseline", str(ROOT / "tests" / "baseline" / "quick.json")),
    }
    lines = ["| figure | seconds | command |", "| --- | --- | --- |"]
    for name in names:
        words, seconds = measures[name]()
        lines.append(f"| {LONG[name]} | {seconds:.1f} | `{shown(words)}` |")
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
    parser.add_argument("--output", type=Path, help="write here as well")
    chosen = parser.parse_args(arguments)
    names = chosen.only.split(",")
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"--only={unknown[0]} is none of {', '.join(NAMES)}")
    written: list[str] = []

    def tell(text: str) -> None:
        written.append(text)
        print(text + "\n", flush=True)
        if chosen.output is not None:
            chosen.output.write_text("\n\n".join(written) + "\n", encoding="utf-8")

    tell(heading())
    with tempfile.TemporaryDirectory(prefix="factbound-benchmark-") as place:
        if some := [name for name in SHORT if name in names]:
            tell(short(some, chosen.rounds, Path(place)))
        if some := [name for name in LONG if name in names]:
            tell(long(some, Path(place)))
        for name in (name for name in SCRIPTS if name in names):
            script, *options = SCRIPTS[name]
            _, output = run([str(Path(__file__).with_name(script)), *options], Path(place))
            tell(f"`python tests/benchmarks/{' '.join([script, *options])}`\n\n{output.strip()}")


if __name__ == "__main__":
    main()
