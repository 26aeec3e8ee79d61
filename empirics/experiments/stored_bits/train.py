"""Training: Adam on full batches; for binary weights through their signs, with single signs flipped at the end."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from empirics.experiments.stored_bits.config import Settings
from empirics.experiments.stored_bits.models import Given, logits
from empirics.experiments.stored_bits.storage import TEMPERATURES

_WARM = 20  # steps in which the learning rate rises
_SLOPE_RATE = 0.03  # learning rate of the inverse temperature of binary weights
_LEAST_GAIN = 1e-6  # nats that a flip must gain: rounding alone never does


def train(settings: Settings, given: Given, answers: Tensor, exposures: int) -> dict[str, Tensor]:
    """The weights after so many exposures; binary ones are +1 or -1."""
    if settings.training.binary:
        return {"memory": _binary(settings, given, answers, exposures)}
    weights = {name: value.clone().requires_grad_() for name, value in given.initial.items()}
    optimiser = torch.optim.Adam(weights.values(), lr=settings.training.learning_rate)
    for step in range(exposures):
        _set_rate(optimiser, settings.training.learning_rate, step, exposures)
        optimiser.zero_grad()
        functional.cross_entropy(logits(settings.model, given, weights), answers).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return {name: value.detach() for name, value in weights.items()}


def _set_rate(optimiser: torch.optim.Optimizer, rate: float, step: int, steps: int) -> None:
    optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / _WARM) * (1.0 - step / steps)


def _binary(settings: Settings, given: Given, answers: Tensor, exposures: int) -> Tensor:
    """Straight-through training of the signs, from the best step on by flips of one sign each."""
    latent = given.initial["memory"].clone().requires_grad_()
    slope = torch.zeros((), requires_grad=True)
    rate = settings.training.learning_rate
    optimiser = torch.optim.Adam([{"params": [latent], "lr": rate}, {"params": [slope], "lr": _SLOPE_RATE}])
    least, best = math.inf, _signs(latent)
    for step in range(exposures):
        _set_rate(optimiser, rate, step, exposures)
        optimiser.zero_grad()
        through = latent + (_signs(latent) - latent).detach()
        loss = functional.cross_entropy(slope.exp() * logits(settings.model, given, {"memory": through}), answers)
        if loss.item() < least:
            least, best = loss.item(), _signs(latent)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            latent.clamp_(-1.0, 1.0)
    return flipped(given, answers, best)


def _signs(latent: Tensor) -> Tensor:
    return torch.where(latent.detach() >= 0, 1.0, -1.0)


def flipped(given: Given, answers: Tensor, signs: Tensor) -> Tensor:
    """Flip the one sign that lowers the loss most, at the best temperature before it, until none does; in float64."""
    subjects, codes, signs = given.subjects.double(), given.codes.double(), signs.double()
    while True:
        now = subjects @ signs.T @ codes.T
        slope, loss = _best_slope(now, answers)
        change = signs[:, :, None, None] * subjects.T[None, :, :, None] * codes.T[:, None, None, :]
        losses = _losses(slope * (now - 2.0 * change).flatten(0, 1), answers)
        place = int(losses.argmin())
        if losses[place] >= loss - _LEAST_GAIN:
            return signs.float()
        signs.view(-1)[place] *= -1.0


def _losses(moved: Tensor, answers: Tensor) -> Tensor:
    wanted = answers.expand(len(moved), -1)
    each = functional.cross_entropy(moved.flatten(0, 1), wanted.flatten(), reduction="none")
    return each.view(len(moved), -1).sum(dim=1)


def _best_slope(found: Tensor, answers: Tensor) -> tuple[float, float]:
    """The best inverse temperature above 0, at which every flip matters, and the loss there."""
    losses = {b: float(functional.cross_entropy(b * found, answers, reduction="sum")) for b in TEMPERATURES if b > 0}
    best = min(losses, key=losses.__getitem__)
    return best, losses[best]
