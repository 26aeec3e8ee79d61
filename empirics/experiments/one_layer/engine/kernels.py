"""Compiled elementwise passes of the engine, fused so that each row is touched while it is in the cache.

Matrix products stay with the library; these kernels do what stands between them: gather and mix the context, activate,
softmax, scatter back. All arrays are C-contiguous; float is float32 or float64. Notation as in docs/gradients.md.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from jaxtyping import Float, Float32, Float64, Int32
from numba.core import types
from numba.extending import intrinsic

from empirics.experiments.one_layer.engine.cache import kept

RELU, SMOOTHED, IDENTITY = 0, 1, 2

# Reassociation lets reductions use vector registers; NaN and infinity keep their meaning.
_COMPILE: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
    "error_model": "numpy",
    "boundscheck": False,
}


def compiled(kernel: Any) -> Any:
    """The kernel as Numba compiles it, kept in the user's cache folder."""
    return kept(nb.njit(**_COMPILE)(kernel))


@compiled
def forward(
    first: int,
    last: int,
    tokens: Int32[np.ndarray, "N n"],
    length: Int32[np.ndarray, " N"],
    entries: Int32[np.ndarray, "N n"],
    scores: Float[np.ndarray, " U"],
    attend: bool,
    residual: bool,
    weights: Float[np.ndarray, "mixed m"],
    activation: int,
    kappa: float,
    alpha: Float[np.ndarray, "N n"],
    hidden: Float[np.ndarray, "rows wide"],
):
    """Rows first..last-1: attention weights into ``alpha``, activated mixtures into ``hidden[0:last-first]``.

    ``weights`` holds what contexts mix: W e_v as rows, without the MLP the columns of the output matrix; then
    ``hidden`` is the logits, whose first m columns count.
    """
    width = weights.shape[1]
    one = weights.dtype.type(1.0)
    half = weights.dtype.type(0.5)
    zero = weights.dtype.type(0.0)
    kappa = weights.dtype.type(kappa)
    for i in range(first, last):
        n = length[i]
        if not attend:
            for k in range(n):
                alpha[i, k] = one / weights.dtype.type(n)
        elif n > 1:
            top = scores[entries[i, 0]]
            for k in range(1, n):
                top = max(top, scores[entries[i, k]])
            total = zero
            for k in range(n):
                alpha[i, k] = np.exp(scores[entries[i, k]] - top)
                total += alpha[i, k]
            for k in range(n):
                alpha[i, k] /= total
        row = hidden[i - first]
        if n == 2:
            a = alpha[i, 0]
            b = alpha[i, 1] + one if residual else alpha[i, 1]
            left, right = weights[tokens[i, 0]], weights[tokens[i, 1]]
            for h in range(width):
                row[h] = a * left[h] + b * right[h]
        else:
            for h in range(width):
                row[h] = zero
            for k in range(n):
                c = alpha[i, k]
                if residual and k == n - 1:
                    c += one
                source = weights[tokens[i, k]]
                for h in range(width):
                    row[h] += c * source[h]
        if activation == RELU:
            for h in range(width):
                row[h] = max(row[h], zero)
        elif activation == SMOOTHED:
            for h in range(width):
                x = max(row[h], zero)
                row[h] = half * x * x / kappa if x < kappa else x - half * kappa


@intrinsic
def _as_float32(typing_context: Any, bits: Any) -> Any:
    """The float32 with the bit pattern of an int32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float32))

    return types.float32(types.int32), generate


@compiled
def softmax_less_target(
    first: int,
    last: int,
    size: int,
    logits: Float32[np.ndarray, "rows aligned"],
    row_weight: Float32[np.ndarray, " N"],
    target_start: Int32[np.ndarray, " N+1"],
    targets: Int32[np.ndarray, " T"],
):
    """Rows of ``logits[0:last-first]`` become weight * (softmax - target), in place.

    The first ``size`` columns count; the targets of row i are targets[target_start[i]:target_start[i+1]].
    """
    as_integers = logits.view(np.int32)
    for i in range(first, last):
        row = logits[i - first]
        # The maximum over integers: flipping the lower bits of negative floats makes their order that of the
        # integers, and a maximum over integers, unlike one over floats, is compiled to vector instructions.
        integers = as_integers[i - first]
        highest = np.int32(-2147483648)
        for v in range(size):
            b = integers[v]
            highest = max(highest, b ^ ((b >> np.int32(31)) & np.int32(0x7FFFFFFF)))
        top = _as_float32(np.int32(highest ^ ((highest >> np.int32(31)) & np.int32(0x7FFFFFFF))))
        # exp(x) = 2^k exp(r) with x = k log 2 + r, |r| <= log(2)/2: a polynomial for exp(r) (Cephes), log 2 in two
        # parts so that r is exact to single precision, the exponent bits for 2^k.
        total = np.float32(0.0)
        for v in range(size):
            x = max(row[v] - top, np.float32(-87.0))
            k = np.int32(x * np.float32(1.4426950408889634) - np.float32(0.5))  # rounds to nearest: x <= 0
            r = x - np.float32(k) * np.float32(0.693359375)
            r = r + np.float32(k) * np.float32(2.12194440e-4)
            p = np.float32(1.9875691500e-4)
            p = p * r + np.float32(1.3981999507e-3)
            p = p * r + np.float32(8.3334519073e-3)
            p = p * r + np.float32(4.1665795894e-2)
            p = p * r + np.float32(1.6666665459e-1)
            p = p * r + np.float32(5.0000001201e-1)
            p = p * r * r + r + np.float32(1.0)
            e = p * _as_float32(np.int32((k + np.int32(127)) << np.int32(23)))
            row[v] = e
            total += e
        factor = row_weight[i] / total
        for v in range(size):
            row[v] *= factor
        start, stop = target_start[i], target_start[i + 1]
        mass = row_weight[i] / np.float32(stop - start)
        for j in range(start, stop):
            row[targets[j]] -= mass


@compiled
def softmax_less_target_double(
    first: int,
    last: int,
    size: int,
    logits: Float64[np.ndarray, "rows aligned"],
    row_weight: Float64[np.ndarray, " N"],
    target_start: Int32[np.ndarray, " N+1"],
    targets: Int32[np.ndarray, " T"],
):
    """The same in double precision, with the library's exponential."""
    for i in range(first, last):
        row = logits[i - first]
        top = row[0]
        for v in range(size):
            top = max(top, row[v])
        total = 0.0
        for v in range(size):
            row[v] = np.exp(row[v] - top)
            total += row[v]
        factor = row_weight[i] / total
        for v in range(size):
            row[v] *= factor
        start, stop = target_start[i], target_start[i + 1]
        mass = row_weight[i] / (stop - start)
        for j in range(start, stop):
            row[targets[j]] -= mass


@compiled
def backward(
    first: int,
    last: int,
    tokens: Int32[np.ndarray, "N n"],
    length: Int32[np.ndarray, " N"],
    entries: Int32[np.ndarray, "N n"],
    attend: bool,
    train_weights: bool,
    residual: bool,
    weights: Float[np.ndarray, "mixed m"],
    activation: int,
    kappa: float,
    alpha: Float[np.ndarray, "N n"],
    hidden: Float[np.ndarray, "rows wide"],
    dhidden: Float[np.ndarray, "rows wide"],
    weights_grad: Float[np.ndarray, "mixed m"],
    scores_grad: Float[np.ndarray, " U"],
):
    """From dL/dH of rows first..last-1 to the gradients of W and of the queried entries of Z.

    They are set by the first rows and accumulated by all others. ``dhidden[0:last-first]`` is overwritten with dL/dP.
    """
    if first == 0:
        weights_grad[:] = 0
        scores_grad[:] = 0
    width = weights.shape[1]
    one = weights.dtype.type(1.0)
    two = weights.dtype.type(2.0)
    half = weights.dtype.type(0.5)
    zero = weights.dtype.type(0.0)
    kappa = weights.dtype.type(kappa)
    dalpha = np.empty(tokens.shape[1], dtype=weights.dtype)
    for i in range(first, last):
        row, d = hidden[i - first], dhidden[i - first]
        if activation == RELU:
            for h in range(width):
                d[h] = d[h] if row[h] > zero else zero
        elif activation == SMOOTHED:
            # H = P^2 / (2 kappa) below kappa/2: sigma' = P / kappa = sqrt(2 H / kappa); beyond it is 1.
            for h in range(width):
                d[h] *= np.sqrt(two * row[h] / kappa) if row[h] < half * kappa else one
        n = length[i]
        if attend and n == 2:
            left, right = weights[tokens[i, 0]], weights[tokens[i, 1]]
            slope = zero
            for h in range(width):
                slope += d[h] * (left[h] - right[h])
            slope *= alpha[i, 0] * alpha[i, 1]
            scores_grad[entries[i, 0]] += slope
            scores_grad[entries[i, 1]] -= slope
        elif attend and n > 2:
            mean = zero
            for k in range(n):
                source = weights[tokens[i, k]]
                dot = zero
                for h in range(width):
                    dot += d[h] * source[h]
                dalpha[k] = dot
                mean += alpha[i, k] * dot
            for k in range(n):
                scores_grad[entries[i, k]] += alpha[i, k] * (dalpha[k] - mean)
        if train_weights:
            for k in range(n):
                c = alpha[i, k]
                if residual and k == n - 1:
                    c += one
                sink = weights_grad[tokens[i, k]]
                for h in range(width):
                    sink[h] += c * d[h]


@compiled
def descend(parameter: Float[np.ndarray, " entries"], gradient: Float[np.ndarray, " entries"], rate: float):
    """``parameter -= rate * gradient``, flat and in place."""
    rate = parameter.dtype.type(rate)
    for i in range(parameter.shape[0]):
        parameter[i] -= rate * gradient[i]


@compiled
def transpose(matrix: Float[np.ndarray, "rows columns"], transposed: Float[np.ndarray, "columns rows"]):
    """``transposed[:] = matrix.T``: faster than the libraries' if all of it is in the cache."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            transposed[j, i] = matrix[i, j]
