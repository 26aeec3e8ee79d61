"""Pictures of one run, as data: training, what attention weighs, relation features, singular values.

They draw what :mod:`empirics.experiments.one_layer.measure` measures, before it is averaged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.forward import last_attention
from empirics.experiments.one_layer.measure.linear_memory import is_linear_memory, smoothness
from empirics.experiments.one_layer.measure.mechanism import alignments
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.run import Finished
from empirics.experiments.presentation import FigureData, Scalar
from empirics.experiments.protocol import Curve
from empirics.experiments.sampling import spread, told
from theory import claim

_BEFORE, _AFTER, _CHANGE = "pre-trained", "fine-tuned", "change"
_SHOWN: Final = 60  # templates, facts and singular values
_NOISE: Final = 1e-6  # of the largest singular value: below is rounding
_RATE, _BOUND = "log² t / t", "pretraining-rate-linear"
_PAGE: Final = 6.9
_SHARES: Final = ("subject_attention", "template_attention", "distractor_attention", "feature_similarity")

Rows = list[dict[str, Scalar]]


def pictures(config: Config, run: Finished, finetuned: int) -> tuple[FigureData, ...]:
    """All that the model has: without attention or MLP their pictures are left out."""
    found = (
        _training(config, run),
        _along_training(run),
        _attention(config, run, finetuned) if config.model.attention else None,
        _features(run, finetuned) if config.model.mlp else None,
        _spectra(config, run),
    )
    return tuple(picture for picture in found if picture is not None)


def _curve(curve: Curve, **place: Scalar) -> Rows:
    """A row for each step that an axis of logarithms has."""
    points = zip(curve.steps, curve.values, strict=True)
    return [
        {**place, "step": step, "value": value, "lower": None, "upper": None}
        for step, value in points
        if step > 0 and math.isfinite(value)
    ]


def _training(config: Config, run: Finished) -> FigureData | None:
    gap, before = run.curves["pretraining_gap"], "pre-training gap"
    rows = _curve(gap, series="observed", stage=before)
    rows += _curve(run.curves["finetuning_loss"], series="observed", stage="fine-tuning loss")
    if not rows:
        return None
    lines = {_RATE: "rate $\\log^2 t / t$"}
    rows += _curve(_rate(gap), series=_RATE, stage=before)
    if is_linear_memory(config) and config.pretraining.learning_rate * smoothness(run.world) <= 1:
        world, item = run.world, claim(_BOUND)
        fixed: dict[str, float] = {
            "S": world.vocabulary.subjects,
            "A": world.vocabulary.answers,
            "R": world.vocabulary.templates,
        }
        fixed |= {"K": world.multiplicity, "eta": config.pretraining.learning_rate}
        steps = tuple(step for step in gap.steps if step > 0)
        bounds = tuple(float(item.bound(**fixed, t=step)) for step in steps)
        rows += _curve(Curve(steps, bounds), series=_BOUND, stage=before)
        lines[_BOUND] = "proved bound"
    return FigureData.of(
        "run-training",
        "Losses along training",
        "The pre-training gap, loss less log K, and the loss of fine-tuning. The rate begins at a tenth of the steps, "
        "from where on the claim pretraining-rate says that the gap falls no slower.",
        "series",
        rows,
        x="step",
        xlabel="gradient steps",
        ylabel="loss, nats",
        by="stage",
        lines=lines,
        log="xy",
        curves=True,
    )


def _rate(gap: Curve) -> Curve:
    """log^2 t / t through the first point of the last decade of steps."""
    late = [(t, g) for t, g in zip(gap.steps, gap.values, strict=True) if t >= max(2.0, gap.steps[-1] / 10)]
    shape = [math.log(t) ** 2 / t for t, _ in late]
    return Curve(tuple(t for t, _ in late), tuple(late[0][1] * s / shape[0] for s in shape) if late else ())


def _along_training(run: Finished) -> FigureData | None:
    rows = [
        row
        for name in _SHARES
        if name in run.curves
        for row in _curve(run.curves[name], series="observed", quantity=name.replace("_", " "))
    ]
    if not rows:
        return None
    return FigureData.of(
        "run-mechanism",
        "Attention and features along pre-training",
        "Mean attention of the template's position on subject and template, and the mean cosine of the relation "
        "features of two templates.",
        "series",
        rows,
        x="step",
        xlabel="gradient steps",
        ylabel="mean",
        by="quantity",
        log="x",
        curves=True,
    )


def _templates(run: Finished, finetuned: int) -> tuple[list[int], int]:
    """Templates, those most often shown in fine-tuning first, some if they are many; how many of them were shown."""
    shown = run.world.coverage(finetuned)
    order = sorted(range(len(shown)), key=lambda r: (-int(shown[r]), r))
    chosen = spread(order, _SHOWN)
    return chosen, sum(int(shown[r]) > 0 for r in chosen)


def _attention(config: Config, run: Finished, finetuned: int) -> FigureData:
    world = run.world
    templates, _ = _templates(run, finetuned)
    facts = spread([int(s) for s in world.finetuning_order], _SHOWN)
    among = {int(s) for s in world.finetuning_order[:finetuned]}
    asking = [(f"r{r}", world.vocabulary.first_template + r) for r in templates] + [("prompt", world.vocabulary.prompt)]
    rows: Rows = []
    for stage, weights in ((_BEFORE, run.pretrained), (_AFTER, run.finetuned)):
        values = _on_subject(weights.one_hot(), config, [token for _, token in asking], facts)
        for (name, _), line in zip(asking, values.tolist(), strict=True):
            rows += [
                {"stage": stage, "asking": name, "fact": f"s{s}", "attention": value}
                for s, value in zip(facts, line, strict=True)
            ]
    return FigureData.of(
        "run-attention",
        "What attention weighs",
        "Attention on the subject at the last position of [subject, template] and [subject, prompt]; the rest is on "
        "that position itself. Facts in the order of fine-tuning: left of the line they were fine-tuned. Templates "
        "in the order of how often fine-tuning showed them; the prompt is below the line."
        + told(len(facts), world.vocabulary.subjects, "facts", "--save"),
        "matrix",
        rows,
        x="fact",
        y="asking",
        value="attention",
        label="attention on the subject",
        xlabel="fact",
        ylabel="last position",
        panel="stage",
        across=sum(s in among for s in facts),
        down=len(templates),
    )


def _on_subject(
    weights: Parameters, config: Config, asking: Sequence[int], subjects: Sequence[int]
) -> Float64[Tensor, "q s"]:
    """Attention on the subject at the last position of [subject, asking]."""
    pairs: Int64[Tensor, "N n"] = torch.cartesian_prod(torch.tensor(asking), torch.tensor(subjects)).flip(1)
    exact = weights.to(torch.float64)
    return last_attention(exact, pairs, config.model)[:, 0].reshape(len(asking), len(subjects))


def _features(run: Finished, finetuned: int) -> FigureData:
    """Cosines of W e_r and W e_r', as in ``feature_similarity``; of W e_p's change and W e_r, as in ``alignments``."""
    templates, covered = _templates(run, finetuned)
    first = run.world.vocabulary.first_template
    rows: Rows = []
    for stage, weights in ((_BEFORE, run.pretrained), (_AFTER, run.finetuned)):
        features = weights.one_hot().input.to(torch.float64)[[first + r for r in templates]]
        unit = torch.nn.functional.normalize(features, dim=1)
        lines: dict[str, Iterable[float | None]] = {
            f"r{r}": line for r, line in zip(templates, (unit @ unit.T).tolist(), strict=True)
        }
        change = alignments(run.pretrained, run.finetuned, run.world)[templates].tolist()
        lines["prompt's change"] = change if stage == _AFTER else [None] * len(templates)
        for name, line in lines.items():
            rows += [
                {"stage": stage, "row": name, "column": f"r{r}", "cosine": _defined(value)}
                for r, value in zip(templates, line, strict=True)
            ]
    return FigureData.of(
        "run-features",
        "Relation features by template",
        "Cosine of the features W e_r of two templates; last row: of the change of the prompt's in fine-tuning with "
        "those before it. Templates in the order of how often fine-tuning showed them; beyond the line it never did."
        + told(len(templates), run.world.vocabulary.templates, "templates", "--save"),
        "matrix",
        rows,
        x="column",
        y="row",
        value="cosine",
        label="cosine",
        xlabel="template",
        ylabel="template",
        panel="stage",
        across=covered,
        down=covered,
    )


def _defined(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _spectra(config: Config, run: Finished) -> FigureData:
    """Singular values of each matrix before and after fine-tuning, and of its change."""
    before, after = run.pretrained.one_hot(), run.finetuned.one_hot()
    named = {"input": "W", "output": "V", "attention": "Z"}
    rows: Rows = []
    for name, letter in named.items():
        if (name == "input" and not config.model.mlp) or (name == "attention" and not config.model.attention):
            continue
        one, two = (getattr(weights, name).to(torch.float64) for weights in (before, after))
        for which, matrix in ((_BEFORE, one), (_AFTER, two), (_CHANGE, two - one)):
            for index, value in enumerate(_singular(matrix), start=1):
                place: Mapping[str, Scalar] = {"matrix": f"{letter}, {name}", "weights": which}
                rows.append(
                    {"series": "observed", **place, "index": index, "value": value, "lower": None, "upper": None}
                )
    return FigureData.of(
        "run-spectrum",
        "Singular values of the weights",
        f"The largest singular values of each matrix, at most {_SHOWN}, before and after fine-tuning, and of its "
        "change. Below the break: 0, and less than a millionth of the largest.",
        "series",
        rows,
        x="index",
        xlabel="index",
        ylabel="singular value",
        by="weights",
        panel="matrix",
        log="y",
        curves=True,
        width=_PAGE if len({row["matrix"] for row in rows}) > 1 else None,
    )


def _singular(matrix: Tensor) -> list[float]:
    values: list[float] = torch.linalg.svdvals(matrix)[:_SHOWN].tolist()
    return [value if value > _NOISE * values[0] else 0.0 for value in values]
