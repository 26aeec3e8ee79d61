"""The law of extraction: measured, its two constants fitted, tested on cells that were held out.

    python tests/studies/law.py measure results/law
    python tests/studies/law.py fit results/law docs/law.csv
    python tests/studies/law.py tell docs/law.csv docs/map.md

``measure`` trains (settings that are there are kept). ``fit`` writes the constants, and features of pre-trained models
at the sizes measured, to ``law.json``, and all cells to a table. ``tell`` writes the section of the page.
The law is tested as it ships: at a cell that is held out its features are interpolated between those that ship, which
are of other seeds and, for S <= 60, of other sizes. No such cell shares a pair (S, |R|), or a seed, with a cell that
constants are fitted to.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).parent))

from kept import replaced

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.predict.features import Features, features_of, mean_features
from empirics.experiments.one_layer.predict.law import Constants, extraction_error
from empirics.experiments.one_layer.predict.stored import FILE, StoredLaw, law_of
from empirics.experiments.one_layer.run import finetune, pretrain
from empirics.experiments.protocol import Point
from empirics.runs.pool import available_cores
from theory import claim

SIZES: Mapping[str, tuple[int, ...]] = {"S": (30, 60, 120), "R": (10, 20, 30, 45, 60), "K": (1, 2, 3, 4, 6)}
"""Where features are measured; the constants are fitted at the first two S."""
FITTED_FACTS, FITTED_SEEDS, FEATURE_SEEDS = (30, 60), 30, 4
FINETUNED = (1, 2, 3, 5, 8, 12, 20, 30, 40)
HELD_OUT_FINETUNED = (1, 2, 4, 6, 10, 15, 25, 35)
HELD_OUT = (
    *((60, *pair, 120) for pair in ((15, 2), (25, 3), (36, 3), (40, 4), (52, 2), (52, 5))),
    *((45, *pair, 120) for pair in ((25, 2), (40, 3), (40, 5))),
    *((120, *pair, 50) for pair in ((25, 2), (40, 3), (52, 2), (60, 4))),
)
"""S, |R|, K and the number of seeds; 120 is twice the largest S that the constants are fitted at."""
HELD_OUT_BASE = 5000
WORLDS = 30
"""Pre-trained models whose features are measured, at most, in each setting."""
FEWEST = 2
"""The least N_f, and the least K, that the law speaks of; |R| is at most S."""
_COLUMNS = ("part", "S", "R", "K", "N_f", "seeds", "error", "standard_error", "law", "some_unseen", "literal")


@dataclass(frozen=True)
class Setting:
    """One pair of R and K among S facts, and the seeds at which it is trained."""

    subjects: int
    templates: int
    multiplicity: int
    first: int
    seeds: int
    finetuned: tuple[int, ...]

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.subjects}-{self.templates}-{self.multiplicity}-{self.first}"

    @property
    def config(self) -> Config:
        """The default settings at this S."""
        world = {"subjects": self.subjects, "answers": self.subjects, "finetuned": (1,), "templates": (60,)}
        return Config.model_validate({"world": world})

    @property
    def rates(self) -> list[float]:
        """Of each step of fine-tuning."""
        stage = self.config.finetuning
        return [stage.learning_rate] * stage.steps

    @property
    def held_out(self) -> bool:
        """Whether the constants are tested here."""
        return self.first == HELD_OUT_BASE

    @property
    def fitted(self) -> bool:
        """Whether the constants are fitted here."""
        spoken_of = self.multiplicity >= FEWEST and self.templates <= self.subjects
        return not self.held_out and self.subjects in FITTED_FACTS and spoken_of


def settings() -> list[Setting]:
    """All that is trained."""
    found = [Setting(s, r, k, HELD_OUT_BASE, n, HELD_OUT_FINETUNED) for s, r, k, n in HELD_OUT]
    for s, r, k in product(*SIZES.values()):
        fitted = s in FITTED_FACTS
        found.append(Setting(s, r, k, 0, FITTED_SEEDS if fitted else FEATURE_SEEDS, FINETUNED if fitted else ()))
    return found


def measure(directory: Path) -> None:
    """Train what is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    missing = [s for s in settings() if not (directory / f"{s.name}.npz").exists()]
    missing.sort(key=lambda s: -s.subjects)
    with get_context("spawn").Pool(min(available_cores(), max(len(missing), 1))) as pool:
        for setting in pool.imap_unordered(_measured, [(s, directory) for s in missing]):
            print(setting, flush=True)


def _measured(job: tuple[Setting, Path]) -> str:
    setting, directory = job
    torch.set_num_threads(1)
    config, unit = setting.config, Point.of(R=setting.templates, K=setting.multiplicity)
    errors, gaps, features = [], [], []
    for seed in range(setting.first, setting.first + setting.seeds):
        (model,) = pretrain(config, unit, [seed], "cpu")
        gaps.append(model.curves["pretraining_gap"].values[-1])
        if len(features) < WORLDS:
            features.append(features_of(model.trained.weights, model.world, config.model).vector())
        errors.append([_error(config, model, n) for n in setting.finetuned])
    file = directory / f"{setting.name}.npz"
    with file.with_suffix(".part").open("wb") as stream:
        np.savez(stream, errors=np.array(errors), gaps=np.array(gaps), features=np.array(features))
    file.with_suffix(".part").replace(file)
    return setting.name


def _error(config: Config, model: Any, finetuned: int) -> float:
    """The OOD error; NaN where fewer than a quarter of the facts would be held out."""
    from empirics.experiments.one_layer.measure.extraction import finetuning_observables

    if finetuned >= 0.75 * config.world.subjects:
        return math.nan
    (after,) = finetune(config, [model], finetuned)
    return float(finetuning_observables(after.weights, model.world, config.model, finetuned)["ood_error"] or 0.0)


@dataclass(frozen=True)
class Measured:
    """A setting's mean errors over seeds and their standard errors, shapes [n]; features of its pre-trained models."""

    setting: Setting
    finetuned: tuple[int, ...]
    errors: np.ndarray
    standard_errors: np.ndarray
    features: Features

    def law(self, constants: Constants) -> np.ndarray:
        """What the law says; shape [n]."""
        s = self.setting
        return extraction_error(self.features, constants, s.templates, s.multiplicity, self.finetuned, s.rates)

    @property
    def features_only(self) -> bool:
        """Whether its features ship."""
        return not self.setting.held_out

    @property
    def inside(self) -> np.ndarray:
        """The N_f that the law speaks of; shape [n]."""
        return np.array(self.finetuned) >= FEWEST


def measured(directory: Path) -> list[Measured]:
    """All settings; features are averages over the first worlds of each."""
    found = []
    for setting in settings():
        data = np.load(directory / f"{setting.name}.npz")
        features = mean_features([Features.of_vector(vector) for vector in data["features"]])
        known = np.isfinite(data["errors"]).all(axis=0)
        errors = data["errors"][:, known]
        spread = errors.std(axis=0, ddof=1) / math.sqrt(len(errors))
        numbers = tuple(n for n, is_known in zip(setting.finetuned, known, strict=True) if is_known)
        found.append(Measured(setting, numbers, errors.mean(axis=0), spread, features))
    return found


def fit_constants(fitted: Sequence[Measured]) -> Constants:
    """Least squares on errors, all cells alike; the logarithms of the constants are free."""

    def off(free: np.ndarray) -> np.ndarray:
        constants = Constants(*np.exp(free))
        return np.concatenate([(one.law(constants) - one.errors)[one.inside] for one in fitted])

    found = least_squares(off, np.log([1.3, 0.1]), diff_step=1e-3)
    return Constants(*(float(f"{value:.4g}") for value in np.exp(found.x)))


def fit(directory: Path, table: Path) -> None:
    """Write the law that ships, and the table of cells."""
    every = measured(directory)
    constants = fit_constants([one for one in every if one.setting.fitted])
    nodes = {(m.setting.subjects, m.setting.templates, m.setting.multiplicity): m for m in every if m.features_only}
    config = Config().model_dump(mode="json")
    document: dict[str, Any] = {
        "constants": {"gates": constants.gates, "fatigue": constants.fatigue},
        "deviation": math.nan,
        "ranges": {
            "S": [min(FITTED_FACTS), max(SIZES["S"])],
            "R": [SIZES["R"][0], SIZES["R"][-1]],
            "K": [FEWEST, SIZES["K"][-1]],
            "N_f": [FEWEST, FINETUNED[-1]],
        },
        "settings": {section: config[section] for section in ("model", "pretraining", "finetuning")},
        "sizes": SIZES,
        "features": [
            [float(f"{value:.5g}") for value in nodes[point].features.vector()] for point in product(*SIZES.values())
        ],
    }
    law = law_of(document)
    rows = [row for one in every if one.setting.seeds >= FITTED_SEEDS for row in _rows(one, law)]
    held = [(r["error"], r["law"]) for r in rows if r["part"] == "held out"]
    document["deviation"] = round(_deviation(held), 4)
    FILE.write_text(json.dumps(document) + "\n", encoding="utf-8")
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: f"{v:.5f}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)


def _rows(one: Measured, law: StoredLaw) -> Iterable[dict[str, Any]]:
    """Every cell of a setting with what the law, exact coverage and the bound say of it."""
    s = one.setting
    features = law.features_at(s.subjects, s.templates, s.multiplicity)
    laws = extraction_error(features, law.constants, s.templates, s.multiplicity, one.finetuned, s.rates)
    for n, error, spread, value in zip(one.finetuned, one.errors, one.standard_errors, laws, strict=True):
        at = {"N_f": n, "K": s.multiplicity, "R": s.templates}
        part = "held out" if s.held_out else "fitted"
        yield {
            "part": part if n >= FEWEST and (s.held_out or s.fitted) else "outside",
            "S": s.subjects,
            **at,
            "seeds": s.seeds,
            "error": float(error),
            "standard_error": float(spread),
            "law": float(value),
            "some_unseen": float(claim("covering-some-unseen").bound(**at)),
            "literal": float(claim("ood-error-literal").bound(**at)),
        }


def _deviation(pairs: Iterable[tuple[float, float]]) -> float:
    """95 % of pairs of errors are this close on the scale of arcsin sqrt, on which shares of any size vary alike."""
    angles = [[math.asin(math.sqrt(x)) for x in pair] for pair in pairs]
    return float(np.quantile([abs(a - b) for a, b in angles], 0.95))


def tell(table: Path, page: Path) -> None:
    """Write the page's table and sentences."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    page.write_text(replaced(page.read_text(encoding="utf-8"), "law", "\n".join(lines(rows))), encoding="utf-8")


def lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The section: how far the law is off, by part of the data; then every setting that was held out."""
    law = json.loads(FILE.read_text(encoding="utf-8"))
    gates, fatigue = law["constants"]["gates"], law["constants"]["fatigue"]
    held = [r for r in rows if r["part"] == "held out"]
    aside = [r for r in rows if r["part"] == "outside" and int(r["S"]) >= int(r["R"])]
    groups = {
        "fitted": [r for r in rows if r["part"] == "fitted"],
        "held out, $S \\le 60$": [r for r in held if int(r["S"]) <= max(FITTED_FACTS)],
        "held out, $S = 120$": [r for r in held if int(r["S"]) > max(FITTED_FACTS)],
        "outside, $K = 1$": [r for r in aside if int(r["K"]) == 1 and int(r["N_f"]) > 1],
        "outside, $N_f = 1$": [r for r in aside if int(r["K"]) > 1],
    }
    found = [
        f"Fitted: gates {gates:g}, fatigue {fatigue:g}. Limits: 95 % of all cells that were held out lie within "
        f"{law['deviation']:g} of the law on the scale of arcsin √error, the limits of `factbound predict`.",
        "",
        "| cells | number | mean deviation | within 0.03 | within 0.05 | largest | largest standard error |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, part in groups.items():
        off = np.array([abs(float(r["law"]) - float(r["error"])) for r in part])
        noise = max(float(r["standard_error"]) for r in part)
        within = [f"{np.mean(off <= limit):.0%}" for limit in (0.03, 0.05)]
        found.append(
            f"| {name} | {len(part)} | {off.mean():.3f} | {within[0]} | {within[1]} | {off.max():.3f} | {noise:.3f} |"
        )
    numbers = sorted({int(r["N_f"]) for r in held})
    found += [
        "",
        "Held out: measured error, and what the law says, at each $N_f$.",
        "",
        "| $S$ | $\\lvert R\\rvert$ | $K$ | seeds | " + " | ".join(f"{n}" for n in numbers) + " |",
        "| --- " * (4 + len(numbers)) + "|",
    ]
    for setting in (s for s in settings() if s.held_out):
        sizes = {"S": setting.subjects, "R": setting.templates, "K": setting.multiplicity}
        mine = {int(r["N_f"]): r for r in held if all(int(r[symbol]) == number for symbol, number in sizes.items())}
        entries = [f"{float(mine[n]['error']):.3f}, {float(mine[n]['law']):.3f}" if n in mine else "–" for n in numbers]
        found.append(f"| {' | '.join(map(str, sizes.values()))} | {setting.seeds} | {' | '.join(entries)} |")
    return found


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    {"measure": measure, "fit": fit, "tell": tell}[command](*map(Path, paths))
