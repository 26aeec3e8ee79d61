"""Mutation testing: small faults are put into a copy of the tree, one at a time, and tests must notice.

Mutants are cosmic-ray's. They meet the test files that are few imports away from the mutated module, nearest first, in
a process forked from this one, which has loaded the libraries and nothing of ours. Each outcome is written down at once
(results/mutation): a run that is stopped resumes where it stopped, and what did not change is not run again.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from compileall import compile_dir
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator, operator_names
from scipy.stats import beta

ROOT = Path(__file__).resolve().parents[2]
FEWER = (
    r"AddNot|Replace(AndWithOr|OrWithAnd|TrueWithFalse|FalseWithTrue)|ZeroIterationForLoop"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is|Lt_GtE|LtE_Gt|Gt_LtE|GtE_Lt)"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|BitOr_BitAnd|BitAnd_BitOr)"
)
ALL = FEWER + (
    r"|NumberReplacer|Replace(BreakWithContinue|ContinueWithBreak)|ReplaceUnaryOperator_Delete_\w+"
    r"|ReplaceComparisonOperator_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt)|ReplaceBinaryOperator_(Pow_Mul|FloorDiv_Mul|Mod_Div)"
)
DECISION = "empirics/judging/* empirics/observables/* empirics/runs/source.py empirics/runs/store.py "
DECISION += "empirics/verification/assembly.py theory/coverage/* theory/numbers/*"
GROUPS = {"decision": (DECISION, ALL), "presentation": ("empirics/report/**/* empirics/cli/*", FEWER)}
LIBRARIES = "pytest hypothesis numpy scipy.stats scipy.optimize sympy flint pydantic typer rich jinja2 torch numba "
LIBRARIES += "joblib matplotlib.pyplot mpl_toolkits.mplot3d safetensors.torch jsonschema"


@dataclass(frozen=True)
class Mutant:
    """One fault: the n-th place in a module to which an operator applies."""

    module: str
    operator: str
    occurrence: int
    line: int

    def source(self) -> str:
        return MutationVisitor.mutate_code(read(self.module), get_operator(self.operator)(), self.occurrence)

    def change(self) -> tuple[str, str]:
        """The line, before and after."""
        lines = zip(read(self.module).splitlines(), self.source().splitlines(), strict=False)
        before, after = next((a, b) for a, b in lines if a != b)
        return before.strip(), after.strip()


@cache
def read(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


@cache
def digest(file: str) -> str:
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:12]


def mutants(group: str) -> list[Mutant]:
    """All mutants of a group, in a fixed order; annotations, decorators and imports for types are left alone."""
    patterns, operators = GROUPS[group]
    names = [n for n in sorted(operator_names()) if re.fullmatch(f"core/({operators})", n)]
    found = []
    for path in sorted({p for pattern in patterns.split() for p in ROOT.glob(pattern) if p.suffix == ".py"}):
        module, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
        nodes, (skipped, binary) = list(ast_nodes(get_ast(text))), _spans(ast.parse(text))
        for name in names:
            starts = [start for node in nodes for start, _ in get_operator(name)().mutation_positions(node)]
            kept = [(n, at) for n, at in enumerate(starts) if not any(a <= at < b for a, b in skipped)]
            if "Binary" in name:  # cosmic-ray takes the star of *names for one
                kept = [(n, at) for n, at in kept if any(a <= at < b for a, b in binary)]
            found += [Mutant(module, name, n, at[0]) for n, at in kept]
    return found


def _spans(tree: ast.Module) -> tuple[list[tuple], list[tuple]]:
    """What is left alone, and where binary operators stand: pairs of (line, column)."""
    skipped, binary = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            binary.append(
                ((node.left.end_lineno, node.left.end_col_offset), (node.right.lineno, node.right.col_offset))
            )
        types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        asides = [getattr(node, name, None) for name in ("annotation", "returns")] + getattr(node, "decorator_list", [])
        skipped += [n for n in [*asides, node if types else None] if n is not None]
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in skipped], binary


def equivalents() -> dict[tuple[str, ...], str]:
    """(module, line, mutated line) -> why no test can notice; an entry whose line is gone is refused."""
    listed = {}
    text = re.sub(r"(?m)^#.*\n", "", Path(__file__).with_name("equivalent.txt").read_text("utf-8"))
    for entry in filter(None, re.split(r"\n\s*\n", text.strip())):
        module, before, after, *why = entry.splitlines()
        before, after = before.removeprefix("-").strip(), after.removeprefix("+").strip()
        if before not in map(str.strip, read(module).splitlines()):
            sys.exit(f"equivalent.txt: {module} has no line {before!r} any more")
        listed[module, before, after] = " ".join(why)
    return listed


def imports() -> dict[str, set[str]]:
    """For every file of ours: the files that import it, at the top or inside a function, or name it as a route."""
    files = [p.relative_to(ROOT).as_posix() for p in ROOT.glob("[te]*/**/*.py")]
    names = {f.removesuffix(".py").removesuffix("/__init__").replace("/", "."): f for f in files}
    names |= {Path(f).stem: f for f in files if re.match(r"tests/(?!.*/(conftest|__init__)\.py)", f)}
    importers: dict[str, set[str]] = defaultdict(set)
    for file in files:
        wanted = set()
        for node in ast.walk(ast.parse(read(file))):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted |= {f"{node.module}.{alias.name}" for alias in node.names} & names.keys() or {node.module}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                wanted.add(node.value.partition(":")[0])  # "theory.coverage.floats:log_none_seen"
        for name in wanted & names.keys():
            importers[names[name]].add(file)
        if file.startswith("theory/claims/"):
            importers[file].add("theory/registry.py")  # which finds them by their place
        if Path(file).name == "conftest.py":
            importers[file] |= {f for f in files if f.startswith(f"{Path(file).parent.as_posix()}/test_")}
    return importers


def nearest(module: str, importers: dict[str, set[str]], steps: int) -> list[str]:
    """Test files within so many imports of a module, nearest first; among equals those in folders of like name."""
    distance, queue = {module: 0}, deque([module])
    while queue:
        here = queue.popleft()
        new = importers[here] - distance.keys() if distance[here] < steps else set()
        distance |= dict.fromkeys(new, distance[here] + 1)
        queue.extend(sorted(new))
    tests = [f for f in distance if re.match(r"tests/(?!browser/|docs/|example_project/).*?test_\w+\.py$", f)]
    mirror = f"tests/{module.removeprefix('empirics/')}"
    return sorted(tests, key=lambda test: (distance[test], -len(os.path.commonpath([test, mirror])), test))


class Bench:
    """A copy of the tree to put mutants into, and the record of what came out."""

    def __init__(self, directory: Path, budget: float, steps: int) -> None:
        self.tree, self.log, self.budget, self.steps = directory / "tree", directory / "log", budget, steps
        self.importers = imports()
        git = ["git", "ls-files", "-co", "--exclude-standard"]
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        files = [f for f in listed if (ROOT / f).is_file()]
        for file in files:
            (self.tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, self.tree / file)
        compile_dir(self.tree, quiet=2)
        program = sorted(f for f in files if f.startswith(("theory/", "empirics/")))
        self.record = (
            ROOT / "results/mutation" / hashlib.sha256("".join(map(digest, program)).encode()).hexdigest()[:12]
        )
        self.record.parent.mkdir(parents=True, exist_ok=True)
        lines = self.record.read_text("utf-8").splitlines() if self.record.exists() else []
        known = map(json.loads, lines)
        self.known = {e["what"]: e for e in known if all(t in files and digest(t) == d for t, d in e["tests"].items())}

    def remember(self, what: str, outcome: str, tests: list[str], **more: object) -> dict:
        self.known[what] = {"what": what, "outcome": outcome, "tests": {t: digest(t) for t in tests}, **more}
        with self.record.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(self.known[what]) + "\n")
        return self.known[what]

    def run(self, tests: list[str], limit: float) -> tuple[str, str, float]:
        """passed or failed; what failed; seconds of processor time, of which each process has at most ``limit``."""
        start, child = time.monotonic(), os.fork()
        if child == 0:
            self._child(tests, limit)
        try:
            while not (ended := os.wait4(child, os.WNOHANG))[0]:
                if time.monotonic() - start > 60 + 5 * limit:  # it waits for something that will not come
                    os.killpg(child, signal.SIGKILL)
                time.sleep(0.05)
        finally:
            with contextlib.suppress(ProcessLookupError):  # what it started, if that is left
                os.killpg(child, signal.SIGKILL)
        text = self.log.read_text("utf-8", "replace")
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", text, re.M)
        outcome = "passed" if text.rstrip().endswith(("\nexit 0", "\nexit 5")) else "failed"
        why = "" if outcome == "passed" else failed[1] if failed else text[-200:] if "\nexit" in text else "out of time"
        return outcome, why, round(ended[2].ru_utime + ended[2].ru_stime, 2)

    def _child(self, tests: list[str], limit: float) -> None:
        os.setsid()
        os.chdir(self.tree)
        os.environ |= {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1", "CI": "true", "MPLBACKEND": "Agg"}
        os.environ["OMP_NUM_THREADS"] = "1"
        sys.dont_write_bytecode = True
        sys.path[:] = [str(self.tree), *(p for p in sys.path if p and ROOT not in (Path(p), *Path(p).parents[:3]))]
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
        stream = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        status = 1
        try:
            status = int(sys.modules["pytest"].main(["-x", "--tb=line", "-p", "no:cacheprovider", *tests]))
        finally:
            sys.stdout.flush()
            os.write(1, f"\nexit {status}\n".encode())
            os._exit(status)

    def tests_of(self, module: str) -> dict[str, float]:
        """The nearest test files that pass without a mutant, with their seconds, as far as the budget goes.

        A file that takes more than half of the budget is left out: its tests belong into smaller ones.
        """
        chosen: dict[str, float] = {}
        for test in nearest(module, self.importers, self.steps):
            left = self.budget - sum(chosen.values())
            if left < 0.2 * self.budget:
                break
            if (clean := self.known.get(test)) is None:
                outcome, why, seconds = self.run([test], self.budget / 2)
                clean = self.remember(test, outcome, [test], seconds=seconds, why=why)
            if clean["outcome"] == "passed" and clean["seconds"] < min(self.budget / 2, left):
                chosen[test] = clean["seconds"]
        return chosen

    def judge(self, mutant: Mutant) -> dict:
        """The record of a mutant; made now if there is none that still holds."""
        name = f"{mutant.module} {mutant.operator} {mutant.occurrence}"
        tests = self.tests_of(mutant.module)
        known = self.known.get(name)
        if known and (known["outcome"] == "killed" or set(known["tests"]) == set(tests)):
            return known
        (self.tree / mutant.module).write_text(mutant.source(), "utf-8")
        try:
            outcome, why, seconds = self.run([*tests], 30 + 3 * sum(tests.values())) if tests else ("passed", "", 0.0)
        finally:
            shutil.copy2(ROOT / mutant.module, self.tree / mutant.module)
        killer = why.partition("::")[0]
        used = [killer] if killer in tests else [*tests]
        return self.remember(name, "survived" if outcome == "passed" else "killed", used, seconds=seconds, why=why)


def interval(successes: int, number: int) -> tuple[float, float]:
    """Clopper-Pearson, 95 %."""
    low = float(beta.ppf(0.025, successes, number - successes + 1)) if successes else 0.0
    return low, float(beta.ppf(0.975, successes + 1, number - successes)) if successes < number else 1.0


def print_table(counts: dict[str, Counter[str]]) -> None:
    print("\n| folder | mutants | killed | survived | equivalent | score | 95 % |\n" + "| --- " * 7 + "|")
    for folder, c in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        killed, differ = c["killed"], c["killed"] + c["survived"]
        low, high = interval(killed, differ)
        score = f"{killed / differ:.0%} | {low:.0%} to {high:.0%}" if differ else "- | -"
        print(f"| {folder} | {c.total()} | {killed} | {c['survived']} | {c['equivalent']} | {score} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", choices=[*GROUPS, "all"], default="all")
    parser.add_argument("--only", default="", help="modules whose path contains this")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random (default: all)")
    parser.add_argument("--seed", default="", help="of the sample; a commit, say")
    parser.add_argument("--steps", type=int, default=4, help="tests at most so many imports away")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds of tests for each mutant")
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    arguments = parser.parse_args()
    found = [m for g in GROUPS if arguments.group in (g, "all") for m in mutants(g) if arguments.only in m.module]
    number = len(found) if arguments.sample is None else min(arguments.sample, len(found))
    chosen = found if number == len(found) else random.Random(arguments.seed).sample(found, number)
    print(f"{number} of {len(found)} mutants, seed {arguments.seed!r}", flush=True)
    listed, counts = equivalents(), defaultdict(Counter)
    for library in LIBRARIES.split():
        importlib.import_module(library)
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        bench = None if arguments.list else Bench(Path(directory), arguments.budget, arguments.steps)
        for mutant in chosen:
            change = mutant.change()
            outcome, why = "equivalent", listed.get((mutant.module, *change), "")
            if not why:
                entry = bench.judge(mutant) if bench else {"outcome": "listed", "why": mutant.operator}
                outcome, why = entry["outcome"], entry["why"]
            counts[mutant.module.rpartition("/")[0]][outcome] += 1
            print(f"{outcome:10} {mutant.module}:{mutant.line}  {why}", flush=True)
            if outcome in ("survived", "listed"):
                print("           - {}\n           + {}".format(*change), flush=True)
    print_table(counts)


if __name__ == "__main__":
    main()
