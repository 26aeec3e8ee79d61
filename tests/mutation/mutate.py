"""Mutation testing: small faults are put into a copy of the tree, one at a time, and tests must notice.

``python tests/mutation/mutate.py --sample 30 --seed COMMIT`` (or ``make mutation MUTATION_ARGS="..."``). Mutants are
cosmic-ray's; they meet the test files that are few imports away from the mutated module, nearest first, in a process
forked from this one, which has loaded the libraries and nothing of ours. Each outcome is written down at once: a run that is
stopped goes on where it was, and what neither source nor tests have changed is not run again.
"""

from __future__ import annotations

import argparse
import ast
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

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from scipy.stats import beta

ROOT = Path(__file__).resolve().parents[2]
GROUPS = {
    "decision": (
        ("empirics/judging/*", "empirics/observables/*", "empirics/runs/key.py", "empirics/runs/store.py")
        + ("empirics/verification/assembly.py", "theory/coverage/*", "theory/numbers/*"),
        r"AddNot|ExceptionReplacer|NumberReplacer|Replace(AndWithOr|OrWithAnd|TrueWithFalse|FalseWithTrue)"
        r"|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ZeroIterationForLoop"
        r"|ReplaceUnaryOperator_(Delete_Not|Delete_USub|Delete_Invert)"
        r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is|Lt_(LtE|GtE)|LtE_(Lt|Gt)|Gt_(GtE|LtE)|GtE_(Gt|Lt))"
        r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|FloorDiv_Mul|Mod_Div|BitOr_BitAnd|BitAnd_BitOr)",
    ),
    "presentation": (
        ("empirics/report/**/*", "empirics/cli/*"),
        r"AddNot|Replace(AndWithOr|OrWithAnd|TrueWithFalse|FalseWithTrue)|ZeroIterationForLoop"
        r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is|Lt_GtE|LtE_Gt|Gt_LtE|GtE_Lt)"
        r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|BitOr_BitAnd|BitAnd_BitOr)",
    ),
}
LIBRARIES = "pytest hypothesis numpy scipy.stats scipy.optimize sympy flint pydantic typer rich jinja2 torch numba joblib"
LIBRARIES += " matplotlib.pyplot mpl_toolkits.mplot3d safetensors.torch jsonschema"


@dataclass(frozen=True)
class Mutant:
    """One fault: the n-th place in a module where an operator applies."""

    module: str
    operator: str
    occurrence: int
    line: int

    def source(self) -> str:
        operator = cosmic_ray.plugins.get_operator(self.operator)()
        return MutationVisitor.mutate_code((ROOT / self.module).read_text("utf-8"), operator, self.occurrence)

    def change(self) -> tuple[str, str]:
        """The line, before and after."""
        before, after = (t.splitlines() for t in ((ROOT / self.module).read_text("utf-8"), self.source()))
        first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), self.line - 1)
        return before[first].strip(), after[first].strip()


def mutants(group: str) -> list[Mutant]:
    """All mutants of a group, in a fixed order; what only types or decorates is left alone."""
    patterns, operators = GROUPS[group]
    names = [n for n in sorted(cosmic_ray.plugins.operator_names()) if re.fullmatch(f"core/({operators})", n)]
    found = []
    for path in sorted({p for pattern in patterns for p in ROOT.glob(pattern) if p.suffix == ".py"}):
        text = path.read_text("utf-8")
        nodes, skipped = list(ast_nodes(get_ast(text))), _skipped(ast.parse(text))
        for name in names:
            operator = cosmic_ray.plugins.get_operator(name)()
            places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
            for occurrence, start in enumerate(places):
                if not any(a <= start < b for a, b in skipped):
                    found.append(Mutant(path.relative_to(ROOT).as_posix(), name, occurrence, start[0]))
    return found


def _skipped(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    nodes: list[ast.expr | ast.stmt] = []
    for node in ast.walk(tree):
        nodes += [a for a in (getattr(node, "annotation", None), getattr(node, "returns", None)) if a is not None]
        nodes += getattr(node, "decorator_list", [])
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            nodes.append(node)
    return [((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0)) for n in nodes]


def equivalents() -> dict[tuple[str, str, str], str]:
    """(module, line, mutated line) -> why nothing can notice it; an entry whose line is gone is refused."""
    listed = {}
    text = Path(__file__).with_name("equivalent.txt").read_text("utf-8")
    for entry in re.split(r"\n\s*\n", text.strip()):
        lines = [line for line in entry.splitlines() if not line.startswith("#")]
        if not lines:
            continue
        module, before, after, *why = lines
        before, after = before.removeprefix("- ").strip(), after.removeprefix("+ ").strip()
        if before not in [line.strip() for line in (ROOT / module).read_text("utf-8").splitlines()]:
            sys.exit(f"equivalent.txt: {module} has no line {before!r} any more")
        listed[module, before, after] = " ".join(why)
    return listed


def imports() -> dict[str, set[str]]:
    """For every file of ours: the files that import it, at the top or inside a function."""
    files = [p.relative_to(ROOT).as_posix() for top in ("theory", "empirics", "tests") for p in (ROOT / top).rglob("*.py")]
    names = {f.removesuffix(".py").removesuffix("/__init__").replace("/", "."): f for f in files}
    names |= {Path(f).stem: f for f in files if f.startswith("tests/") and not f.endswith(("conftest.py", "__init__.py"))}
    importers: dict[str, set[str]] = defaultdict(set)
    for file in files:
        wanted = set()
        for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                below = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= below & names.keys() or {node.module}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
                wanted.add(node.value.partition(":")[0])  # a route, "theory.coverage.floats:log_none_seen"
        for name in wanted & names.keys():
            importers[names[name]].add(file)
        if file.startswith("theory/claims/"):
            importers[file].add("theory/registry.py")  # finds them by their place
        if Path(file).name == "conftest.py":
            importers[file] |= {f for f in files if f.startswith(f"{Path(file).parent.as_posix()}/test_")}
    return importers


def nearest(module: str, importers: dict[str, set[str]], steps: int) -> list[str]:
    """Test files within so many imports of a module, nearest first; among equals those of the same folder."""
    distance, queue = {module: 0}, deque([module])
    while queue:
        here = queue.popleft()
        for file in importers[here]:
            if file not in distance and distance[here] < steps:
                distance[file] = distance[here] + 1
                queue.append(file)
    tests = [f for f in distance if re.match(r"tests/(?!browser|docs|example_project).*/?test_\w+\.py$", f)]
    folder = f"tests/{module.removeprefix('empirics/').rpartition('/')[0]}/"
    return sorted(tests, key=lambda test: (distance[test], not test.startswith(folder), test))


@cache
def digest(file: str) -> str:
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:12]


class Bench:
    """A copy of the tree, with what is known about it."""

    def __init__(self, directory: Path, budget: float) -> None:
        self.tree, self.log, self.budget = directory / "tree", directory / "log", budget
        self.importers = imports()
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
        files = [f for f in listed.stdout.splitlines() if (ROOT / f).is_file()]
        for file in files:
            (self.tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, self.tree / file)
        compile_dir(self.tree, quiet=2)
        program = sorted(f for f in files if f.startswith(("theory/", "empirics/")) or "conftest" in f)
        self.program = hashlib.sha256("".join(digest(f) for f in program).encode()).hexdigest()[:12]
        self.record = ROOT / "results" / "mutation" / f"{self.program}.jsonl"
        self.record.parent.mkdir(parents=True, exist_ok=True)
        lines = self.record.read_text("utf-8").splitlines() if self.record.exists() else []
        self.known = {entry["what"]: entry for entry in map(json.loads, lines) if self._holds(entry)}

    @staticmethod
    def _holds(entry: dict) -> bool:
        return all((ROOT / file).is_file() and digest(file) == sha for file, sha in entry["tests"].items())

    def remember(self, what: str, outcome: str, tests: list[str], **more: object) -> dict:
        entry = {"what": what, "outcome": outcome, "tests": {t: digest(t) for t in tests}, **more}
        self.known[what] = entry
        with self.record.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
        return entry

    def run(self, tests: list[str], limit: float) -> tuple[str, str, float]:
        """passed or failed; the test that failed; seconds of processor time, of which each process has at most ``limit``."""
        start, child = time.monotonic(), os.fork()
        if child == 0:
            self._child(tests, limit)
        while not (ended := os.wait4(child, os.WNOHANG))[0]:
            if time.monotonic() - start > 60 + 10 * limit:  # it waits for something that will not come
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.05)
        text = self.log.read_text("utf-8", "replace")
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", text, re.M)
        outcome = "passed" if text.rstrip().endswith(("exit 0", "exit 5")) else "failed"
        why = "" if outcome == "passed" else failed[1] if failed else text[-200:] if "exit" in text else "out of time"
        return outcome, why, round(ended[2].ru_utime + ended[2].ru_stime, 2)

    def _child(self, tests: list[str], limit: float) -> None:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
        os.chdir(self.tree)
        os.environ |= {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1", "CI": "true", "MPLBACKEND": "Agg"}
        sys.dont_write_bytecode = True
        sys.path[:] = [str(self.tree), *(p for p in sys.path if p and not Path(p).resolve().is_relative_to(ROOT / "tests"))]
        stream = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        status = 1
        try:
            import pytest

            status = int(pytest.main(["-x", "--tb=line", "-p", "no:cacheprovider", *tests]))
        finally:
            sys.stdout.flush()
            os.write(1, f"\nexit {status}\n".encode())
            os._exit(status)

    def tests_of(self, module: str, steps: int) -> list[tuple[str, float]]:
        """The nearest test files that pass without any mutant, with their seconds, until the budget is spent.

        A file that takes more than half of the budget has no place: its tests belong into smaller ones.
        """
        chosen, spent = [], 0.0
        for test in nearest(module, self.importers, steps):
            if spent > 0.8 * self.budget:
                break
            clean = self.known.get(test)
            if clean is None:
                outcome, why, seconds = self.run([test], self.budget)
                clean = self.remember(test, outcome, [test], seconds=seconds, why=why)
            if clean["outcome"] == "passed" and clean["seconds"] < min(self.budget / 2, self.budget - spent):
                chosen.append((test, clean["seconds"]))
                spent += clean["seconds"]
        return chosen

    def judge(self, mutant: Mutant, name: str, steps: int) -> dict:
        known = self.known.get(name)
        tests = self.tests_of(mutant.module, steps)
        files = [t for t, _ in tests]
        if known and (known["outcome"] == "killed" or set(known["tests"]) == set(files)):
            return known
        (self.tree / mutant.module).write_text(mutant.source(), "utf-8")
        try:
            outcome, why, seconds = self.run(files, 30 + 3 * sum(s for _, s in tests)) if files else ("passed", "", 0.0)
        finally:
            shutil.copy2(ROOT / mutant.module, self.tree / mutant.module)
        killer = [why.partition("::")[0]] if why.partition("::")[0] in files else files
        if outcome == "passed":
            return self.remember(name, "survived", files, seconds=seconds)
        return self.remember(name, "killed", killer, seconds=seconds, why=why or outcome)


def interval(successes: int, number: int) -> tuple[float, float]:
    """Clopper-Pearson, 95 %."""
    low = float(beta.ppf(0.025, successes, number - successes + 1)) if successes else 0.0
    return low, float(beta.ppf(0.975, successes + 1, number - successes)) if successes < number else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", choices=[*GROUPS, "all"], default="all")
    parser.add_argument("--only", default="", help="modules whose path contains this")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random (default: all)")
    parser.add_argument("--seed", default="", help="of the sample; a commit, say")
    parser.add_argument("--steps", type=int, default=4, help="tests at most so many imports away")
    parser.add_argument("--budget", type=float, default=40.0, help="seconds of tests for each mutant")
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    arguments = parser.parse_args()
    everything = [m for g in GROUPS if arguments.group in (g, "all") for m in mutants(g) if arguments.only in m.module]
    chosen = everything
    if arguments.sample is not None and arguments.sample < len(everything):
        chosen = random.Random(arguments.seed).sample(everything, arguments.sample)
    print(f"{len(chosen)} of {len(everything)} mutants, seed {arguments.seed!r}", flush=True)
    listed, counts = equivalents(), defaultdict(Counter)  # type: ignore[var-annotated]
    for library in LIBRARIES.split():
        importlib.import_module(library)
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        bench = None if arguments.list else Bench(Path(directory), arguments.budget)
        for mutant in chosen:
            before, after = mutant.change()
            folder = mutant.module.rpartition("/")[0]
            if (mutant.module, before, after) in listed:
                outcome, why = "equivalent", listed[mutant.module, before, after]
            elif bench is None:
                outcome, why = "listed", mutant.operator
            else:
                name = f"{mutant.module} {mutant.operator} {mutant.occurrence}"
                entry = bench.judge(mutant, name, arguments.steps)
                outcome, why = entry["outcome"], entry.get("why", "")
            counts[folder][outcome] += 1
            print(f"{outcome:10} {mutant.module}:{mutant.line}  {why}", flush=True)
            if outcome in ("survived", "listed"):
                print(f"           - {before}\n           + {after}", flush=True)
    _print_table(counts)


def _print_table(counts: dict[str, Counter[str]]) -> None:
    print("\n| folder | mutants | killed | survived | equivalent | killed of those that differ | 95 % |\n" + "| --- " * 7 + "|")
    for folder in [*sorted(counts), "all"]:
        c = counts[folder] if folder in counts else sum(counts.values(), Counter())
        killed, differ = c["killed"], c["killed"] + c["survived"]
        low, high = interval(killed, differ)
        share = f"{killed / differ:.0%}" if differ else ""
        row = [folder, c.total(), killed, c["survived"], c["equivalent"], share, f"{low:.0%} to {high:.0%}"]
        print("| " + " | ".join(map(str, row)) + " |")


if __name__ == "__main__":
    main()
