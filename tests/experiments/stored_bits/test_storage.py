"""Weights as bits: written to a string and read again; stored bits as the length of an arithmetic code."""

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
import torch

from empirics.experiments.stored_bits.storage import TEMPERATURES, codes, read, rounded, stored, written_bits


def matrix(seed: int, shape: tuple[int, int] = (3, 5)) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).float()


def write(weights: dict[str, torch.Tensor], bits: int, temperature: int) -> str:
    """The bits themselves: of each matrix the scale, then the codes; then the number of the temperature."""
    text = ""
    for value in weights.values():
        whole, step = codes(value, bits)
        (scale,) = struct.unpack(">I", struct.pack(">f", float(step)))
        text += f"{scale:032b}" + "".join(f"{int(k):0{bits}b}" for k in whole.flatten())
    return text + f"{temperature:04b}"


def read_again(text: str, shapes: dict[str, tuple[int, int]], bits: int) -> dict[str, torch.Tensor]:
    found, place = {}, 0
    for name, (rows, columns) in shapes.items():
        (step,) = struct.unpack(">f", struct.pack(">I", int(text[place : place + 32], 2)))
        place += 32
        whole = [int(text[place + i * bits : place + (i + 1) * bits], 2) for i in range(rows * columns)]
        place += rows * columns * bits
        found[name] = read(torch.tensor(whole).float().view(rows, columns), torch.tensor(step), bits)
    return found


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 8, 16])
def test_the_weights_come_back_from_as_many_bits_as_are_counted(bits: int) -> None:
    weights = {"in": matrix(0), "out": matrix(1, (2, 3))}
    text = write(weights, bits, temperature=7)
    assert len(text) == written_bits(15 + 6, 2, bits)
    found = read_again(text, {name: tuple(value.shape) for name, value in weights.items()}, bits)
    for name, value in rounded(weights, bits).items():
        assert torch.equal(found[name], value)
        assert len(value.unique()) <= 2**bits


def test_bits_of_floats_and_of_signs() -> None:
    assert written_bits(100, 3, 32) == 3204
    assert written_bits(100, 1, 1, binary=True) == 104
    assert len(TEMPERATURES) == 2**4
    weights = {"in": matrix(0)}
    assert torch.equal(rounded(weights, 32)["in"], weights["in"])


def test_more_bits_lie_nearer_and_one_bit_is_best_among_its_steps() -> None:
    weights = {"in": matrix(3, (20, 20))}
    errors = [float((rounded(weights, b)["in"] - weights["in"]).square().sum()) for b in (1, 2, 3, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-6 * errors[0]
    signs = torch.where(weights["in"] >= 0, 1.0, -1.0)
    largest = float(weights["in"].abs().max())
    by_hand = min(float((signs * part / 20 * largest / 2 - weights["in"]).square().sum()) for part in range(2, 21))
    assert errors[0] == pytest.approx(by_hand, rel=1e-6)


def arithmetic_code(tables: list[list[Fraction]], answers: list[int]) -> str:
    """The shortest binary fraction whose whole interval lies in that of the answers."""
    low, width = Fraction(0), Fraction(1)
    for table, answer in zip(tables, answers, strict=True):
        low, width = low + width * sum(table[:answer], Fraction(0)), width * table[answer]
    length = 0
    while True:
        first = math.ceil(low * 2**length)
        if Fraction(first + 1, 2**length) <= low + width:
            return f"{first:0{length}b}" if length else ""
        length += 1


def decode(text: str, tables: list[list[Fraction]]) -> list[int]:
    point, low, width, found = Fraction(int(text or "0", 2), 2 ** len(text)), Fraction(0), Fraction(1), []
    for table in tables:
        ends = [low + width * sum(table[:a], Fraction(0)) for a in range(len(table) + 1)]
        answer = max(a for a in range(len(table)) if ends[a] <= point)
        low, width = ends[answer], width * table[answer]
        found.append(answer)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_stored_bits_are_what_an_arithmetic_coder_saves(seed: int) -> None:
    draw = np.random.default_rng(seed)
    S, A = 12, 5
    answers = draw.integers(0, A, size=S)
    logits = draw.standard_normal((S, A)) + 2.0 * np.eye(A)[answers]
    best = 0.0
    for beta in TEMPERATURES:
        weights = np.exp(beta * logits)
        tables = [[Fraction(float(w)) / sum(map(Fraction, map(float, row))) for w in row] for row in weights]
        text = arithmetic_code(tables, answers.tolist())
        assert decode(text, tables) == answers.tolist()
        best = max(best, S * math.log2(A) - len(text))
    found = stored(torch.from_numpy(logits), torch.from_numpy(answers))
    assert best <= found <= best + 2


def test_stored_bits_between_nothing_and_everything() -> None:
    answers = torch.tensor([0, 1, 2, 1])
    sure = 1000.0 * torch.eye(3)[answers]
    assert stored(sure, answers) == pytest.approx(4 * math.log2(3), abs=1e-12)
    assert stored(-sure, answers) == 0.0
    assert stored(torch.zeros(4, 3), answers) == pytest.approx(0.0, abs=1e-12)


def test_the_temperature_is_the_best_of_those_written() -> None:
    draw = np.random.default_rng(5)
    logits, answers = draw.standard_normal((30, 4)), draw.integers(0, 4, size=30)
    logits[np.arange(30), answers] += 0.5
    by_hand = []
    for beta in TEMPERATURES:
        p = np.exp(beta * logits) / np.exp(beta * logits).sum(axis=1, keepdims=True)
        by_hand.append(60 + np.log2(p[np.arange(30), answers]).sum())
    found = stored(torch.from_numpy(logits), torch.from_numpy(answers))
    assert found == pytest.approx(max(by_hand), rel=1e-12)
    assert by_hand[0] == pytest.approx(0.0, abs=1e-12)
