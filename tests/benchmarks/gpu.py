"""Models trained per second on one accelerator, beside one core of the same machine: correct first, then fast.

    python tests/benchmarks/gpu.py [--device cuda|cpu] [--minutes 8.5] [--output DIR]

1. Agreement: the same models on the device and, in double precision, on the processor. If they differ by more than the
   tolerances below, nothing is measured and the exit status is 1.
2. Speed: full-batch steps of pre-training (main grid of the default preset) of all models as one program, kernel by
   kernel and as a CUDA graph; beside it the product's engine on one core. A model is 4000 steps. Drawing worlds is not
   counted.

``gpu.json`` and ``gpu.md``, the table in docs/performance.md, are written after every part, so they hold what was
measured whenever it ends. ``--device cpu`` runs the same code with small sizes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import datetime
import faulthandler
import json
import math
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
import contenders

from empirics.experiments.one_layer.config import Model, Pretraining
from empirics.experiments.one_layer.corpus import Rows, pretraining_corpus
from empirics.experiments.one_layer.engine.captured import Captured
from empirics.experiments.one_layer.engine.stacked import StackedEngine, room
from empirics.experiments.one_layer.optimise import optimizer
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.train import Trained, descend, train
from empirics.runs.environment import processor

STAGE = Pretraining(learning_rate=contenders.RATE, attention_learning_rate=contenders.ATTENTION_RATE, steps=4000)
DISTINCT = 100  # worlds; larger stacks repeat them, which changes no speed
# Largest difference of a loss in nats, and root mean square of the weights' differences. After 300 steps single
# precision on a processor is 1e-6 and 2e-6 from double precision; single weights differ by 1e-3, where a unit switches
# off a step earlier or later. Products in TensorFloat-32 would fail.
TOLERANCES = {"float32": (1e-5, 3e-5), "float64": (1e-9, 1e-9)}


@dataclass(frozen=True)
class Sizes:
    """What is run: the shape (S, |R|, K, m), numbers of models, steps of the comparison."""

    shape: tuple[int, int, int, int]
    models: tuple[int, ...]
    steps: int


SIZES = {
    "cuda": Sizes((60, 60, 3, 64), (100, 1000, 10_000), 300),
    "cpu": Sizes((12, 8, 2, 16), (2, 5), 60),
}


class Clock:
    """The seconds that are left of all."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the end."""
        return self._end - time.monotonic()


def problem(shape: tuple[int, int, int, int], count: int) -> tuple[list[Parameters], list[Sequence[Rows]]]:
    """Initial weights and corpora of some models."""
    seeds = range(min(count, DISTINCT))
    weights = [contenders.weights_of(shape, seed) for seed in seeds]
    corpora = [pretraining_corpus(contenders.world_of(shape, seed)) for seed in seeds]
    repeated = [number % DISTINCT for number in range(count)]
    return [weights[i] for i in repeated], [corpora[i] for i in repeated]


def on_device(weights: Sequence[Parameters], corpora: Sequence[Sequence[Rows]], dtype: torch.dtype, device: str) -> Any:
    """The back end that an accelerator trains with, kernel by kernel."""
    place = torch.device(device)
    return StackedEngine([w.to(dtype, place) for w in weights], corpora, Model(width=weights[0].input.shape[1]))


def captured(engine: Any, device: str) -> Any:
    """The same as a CUDA graph where there are such."""
    return Captured(engine) if device == "cuda" else engine


def agreement(sizes: Sizes, device: str, models: int = 4) -> dict[str, Any]:
    """Losses at all recorded steps and final weights on the device, against double precision on the processor."""
    weights, corpora = problem(sizes.shape, models)
    stage, settings = STAGE.model_copy(update={"steps": sizes.steps}), Model(width=sizes.shape[3])
    seeds = range(models)
    exact = train([w.to(torch.float64) for w in weights], corpora, settings, stage, seeds=seeds)
    found: dict[str, Any] = {"models": models, "steps": sizes.steps, "agrees": True}
    found["float32 on the processor"] = distance(exact, train(weights, corpora, settings, stage, seeds=seeds))
    for name, (loss, weight) in TOLERANCES.items():
        engine = captured(on_device(weights, corpora, getattr(torch, name), device), device)
        apart = distance(exact, descend(engine, stage))
        found[f"{name} on the device"] = {**apart, "tolerance of losses": loss, "tolerance of weights": weight}
        found["agrees"] &= apart["losses, largest"] <= loss and apart["weights, root mean square"] <= weight
    return found


def distance(exact: Sequence[Trained], others: Sequence[Trained]) -> dict[str, float]:
    """How far losses and weights of models are from those of the reference."""
    losses, squares, count, largest = 0.0, 0.0, 0, 0.0
    for one, other in zip(exact, others, strict=True):
        if one.loss.steps != other.loss.steps:
            return dict.fromkeys(("losses, largest", "weights, root mean square", "weights, largest"), math.inf)
        losses = max(losses, *(abs(a - b) for a, b in zip(one.loss.values, other.loss.values, strict=True)))
        for name, tensor in one.weights.tensors().items():
            apart = tensor - other.weights.tensors()[name].cpu().double()
            squares, count = squares + float((apart**2).sum()), count + apart.numel()
            largest = max(largest, float(apart.abs().max()))
    mean = math.sqrt(squares / count)
    return {"losses, largest": losses, "weights, root mean square": mean, "weights, largest": largest}


def step_time(run: Callable[[int], None], seconds: float, wait: Callable[[], None]) -> float:
    """Median seconds of a step over rounds that fill the time; at least three rounds of at least one step."""
    steps, rounds, end = 1, [], time.monotonic() + seconds
    run(2)
    wait()
    while len(rounds) < 3 or time.monotonic() < end:
        start = time.perf_counter()
        run(steps)
        wait()
        took = time.perf_counter() - start
        if took < seconds / 50:  # too short to be timed
            steps *= 2
        else:
            rounds.append(took / steps)
    return statistics.median(rounds)


def descent(engine: Any) -> Callable[[int], None]:
    """Steps of gradient descent of a back end."""
    move = optimizer(engine.trained, STAGE)

    def run(steps: int) -> None:
        for _ in range(steps):
            engine.gradients()
            move.step(1.0)

    return run


def speed(sizes: Sizes, count: int, device: str, seconds: float, core: float) -> dict[str, Any]:
    """One row of the table: ``count`` models in stacks that fit, beside ``core`` models a second of one core."""
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    started = time.monotonic()
    weights, corpora = problem(sizes.shape, count)
    stack = min(count, room(weights[0].to(torch.float32, torch.device(device)), corpora[0]))
    engine = on_device(weights[:stack], corpora[:stack], torch.float32, device)
    prepared = time.monotonic() - started
    row: dict[str, Any] = {"stack": stack, "seconds to prepare": prepared}
    ways = {"kernel by kernel": engine}
    if device == "cuda":
        ways["as a graph"] = captured(engine, device)
    for way, backend in ways.items():
        step = step_time(descent(backend), (seconds - prepared) / len(ways), wait) * count / stack
        models = count / (step * STAGE.steps)
        row[way] = {"ms per step": step * 1e3, "models per second": models, "times one core": models / core}
    if device == "cuda":
        row["GiB at most"] = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
    return row


def surroundings(device: str) -> dict[str, str]:
    """Device, versions, date."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "none: the processor in its place",
        "processor": processor(),
        "torch": torch.__version__,
        "CUDA": str(torch.version.cuda),
        "Python": platform.python_version(),
    }


def measure(sizes: Sizes, device: str, clock: Clock, write: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """All parts, each within its share of the time; written after each."""
    result: dict[str, Any] = {**surroundings(device), "shape": sizes.shape, "steps of a model": STAGE.steps, "rows": []}
    result["agreement"] = agreement(sizes, device)
    write(result)
    if not result["agreement"]["agrees"]:
        return result
    step = step_time(contenders.engine(sizes.shape), 0.1 * clock.left(), lambda: None)
    core = 1 / (step * STAGE.steps)
    result["one core"] = {"ms per step": step * 1e3, "models per second": core}
    for position, count in enumerate(sizes.models):
        share = clock.left() / (len(sizes.models) - position)
        row = speed(sizes, count, device, 0.8 * share, core) if share > 0 else {"left out": "no time was left"}
        result["rows"].append({"models": count, **row})
        write(result)
    return result


def table(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [", ".join(f"{name}: {result[name]}" for name in surroundings("cpu")) + "."]
    apart = result["agreement"]
    lines += [
        "",
        f"After {apart['steps']} steps of {apart['models']} models, from double precision on the processor:",
        "",
    ]
    lines += ["| where | losses, largest | weights, root mean square | weights, largest |", "| --- | --- | --- | --- |"]
    for name, values in apart.items():
        if isinstance(values, dict):
            numbers = (values[key] for key in ("losses, largest", "weights, root mean square", "weights, largest"))
            lines.append(f"| {name} | " + " | ".join(f"{number:.1e}" for number in numbers) + " |")
    lines += [
        "",
        "They agree within the tolerances." if apart["agrees"] else "They do NOT agree: nothing was measured.",
    ]
    lines += [f"\nWarning: {warning}." for warning in result["warnings"]]
    if "one core" not in result:
        return "\n".join(lines) + "\n"
    core = result["one core"]
    lines += ["", f"(S, |R|, K, m) = {tuple(result['shape'])}, {result['steps of a model']} steps a model:", ""]
    lines += [
        "| models | way | ms per step of all | models per second | times one core |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines.append(f"| 1 | one core | {core['ms per step']:.3g} | {core['models per second']:.3g} | 1 |")
    for row in result["rows"]:
        if "left out" in row:
            lines.append(f"| {row['models']} | left out: {row['left out']} | | | |")
        for way in ("kernel by kernel", "as a graph"):
            if way in row:
                values = " | ".join(f"{value:.3g}" for value in row[way].values())
                lines.append(f"| {row['models']} | {way} | {values} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, measure, write; 1 if the results do not agree, 2 without the device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=sorted(SIZES), default="cuda")
    parser.add_argument("--minutes", type=float, default=8.5)
    parser.add_argument("--output", type=Path, default=Path("."))
    chosen = parser.parse_args(arguments)
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print("this machine, or this build of torch, has no CUDA device; allowed here: --device cpu", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    chosen.output.mkdir(parents=True, exist_ok=True)
    seconds = 60 * chosen.minutes
    if chosen.device == "cuda":  # a launch that never ends is ended too, half a minute later
        faulthandler.dump_traceback_later(seconds + 25, exit=True)

    def write(result: dict[str, Any]) -> None:
        result["warnings"] = [str(warning.message) for warning in told]
        (chosen.output / "gpu.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (chosen.output / "gpu.md").write_text(table(result), encoding="utf-8")

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = measure(SIZES[chosen.device], chosen.device, Clock(seconds), write)
    faulthandler.cancel_dump_traceback_later()
    print(table(result), end="")
    return 0 if result["agreement"]["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
