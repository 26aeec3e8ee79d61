"""Products in vector registers: right on every machine, used on the processors that profit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from one_layer_builders import same, start

from empirics.experiments.one_layer.config import Model, Pretraining
from empirics.experiments.one_layer.corpus import pretraining_corpus
from empirics.experiments.one_layer.engine import products
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.train import train

GUARD = 7.0


def arrays(rows, inner, columns, *, transposed=False, seed=0):
    """Two factors and room for the result; the rows of the second and of the result are longer than what counts."""
    draw = np.random.default_rng(seed)
    shape = (inner, rows) if transposed else (rows, inner)
    a = draw.standard_normal(shape).astype(np.float32)
    b = draw.standard_normal((inner, columns + 3)).astype(np.float32)[:, :columns]
    out = np.full((rows + 1, columns + 3), GUARD, np.float32)
    return (a.T if transposed else a), b, out


def limit(a, b):
    """How far a chain of roundings may be from the product."""
    return a.shape[1] * 2.0**-24 * 1.01 * (np.abs(a).astype(np.float64) @ np.abs(b)) + 1e-30


@settings(deadline=None)
@given(rows=st.integers(1, 20), inner=st.integers(1, 40), columns=st.integers(1, 140), transposed=st.booleans())
def test_a_product_is_right_to_rounding_and_touches_nothing_else(rows, inner, columns, transposed):
    a, b, out = arrays(rows, inner, columns, transposed=transposed)
    exact = a.astype(np.float64) @ b
    products.multiply(a, b, out[:rows, :columns], False)
    assert (np.abs(out[:rows, :columns] - exact) <= limit(a, b)).all()
    products.multiply(a, b, out[:rows, :columns], True)
    assert (np.abs(out[:rows, :columns] - 2 * exact) <= 3 * limit(a, b)).all()
    assert (out[rows:] == GUARD).all()
    assert (out[:, columns:] == GUARD).all()


def test_bits_depend_neither_on_blocks_nor_on_tiles():
    a, b, out = arrays(23, 57, 90)
    products.multiply(a, b, out[:23, :90], False)
    whole = out[:23, :90].copy()
    parts, single = np.empty_like(whole), np.empty_like(whole)
    for first in range(0, 57, 10):
        products.multiply(a[:, first : first + 10], b[first : first + 10], parts, first > 0)
    for row in range(23):
        for column in range(0, 90, 7):
            target = single[row : row + 1, column : column + 7]
            products.multiply(a[row : row + 1], b[:, column : column + 7], target, False)
    assert (parts == whole).all()
    assert (single == whole).all()


def test_what_is_not_finite_stays_so():
    a, b, out = arrays(7, 5, 20)
    a[2, 1], b[3, 4] = np.nan, np.inf
    products.multiply(a, b, out[:7, :20], False)
    found = np.isfinite(out[:7, :20])
    assert not found[2].any()
    assert not found[:, 4].any()
    assert found.sum() == 6 * 19


@pytest.mark.parametrize("merged", [False, True])
def test_both_kinds_of_products_train_alike(merged, monkeypatch):
    """In single precision, on any machine: they differ by roundings, and in registers blocks of rows change nothing."""
    model = Model(width=20, merge_never_targets=merged)
    worlds, weights = start([0], model, torch.float32)
    corpus, stage, results = pretraining_corpus(worlds[0]), Pretraining(steps=60), {}
    for preferred in (False, True):
        monkeypatch.setattr(products, "_PREFERRED", preferred)
        results[preferred] = train(weights, [corpus], model, stage, seeds=[0])[0]
    for name in ("attention", "input", "output"):
        library, registers = (getattr(results[preferred].weights, name) for preferred in (False, True))
        torch.testing.assert_close(registers, library, atol=2e-6, rtol=0)
    whole, parts = CompiledEngine(weights[0], corpus, model), CompiledEngine(weights[0], corpus, model)
    parts._allocate(5)
    for engine in (whole, parts):
        engine.gradients()
        engine.output.sub_(engine.output_grad)
    assert same(*whole.weights(), *parts.weights())


def test_double_precision_is_the_librarys(monkeypatch):
    monkeypatch.setattr(products, "_PREFERRED", True)
    assert products.in_registers(torch.float32)
    assert not products.in_registers(torch.float64)


@pytest.mark.parametrize(
    ("processor", "features", "expected"),
    [
        ("znver4", "+avx2,+avx512f", True),
        ("znver5", "+avx512f,+fma", True),
        ("znver4", "+avx2,-avx512f", False),
        ("znver3", "+avx2", False),
        ("sapphirerapids", "+avx2,+avx512f", False),
        ("apple-m1", "", False),
    ],
)
def test_the_processor_alone_decides(processor, features, expected, monkeypatch):
    codegen = type(products.cpu_target.target_context.codegen())
    monkeypatch.setattr(codegen, "magic_tuple", lambda self: ("linux", processor, features))
    assert products._preferred() == expected
    monkeypatch.setattr(products.config, "DISABLE_JIT", 1)
    assert not products._preferred()
