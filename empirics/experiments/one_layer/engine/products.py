"""The engine's matrix products: the library's, or where those are slow in vector registers.

In registers six rows and up to four vectors of columns of the result are held while the inner index runs. Each entry is
one chain of fused multiply-adds in the order of the inner index: its bits depend neither on the tiles nor on the blocks
in which the inner index comes. Numba's loops do not become such code, so it is written in LLVM's instructions.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from jaxtyping import Float, Float32
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic
from torch import Tensor

from empirics.experiments.one_layer.engine.kernels import compiled

_CONFIG: Any = config
_HELP: Any = cgutils


def _preferred() -> bool:
    """Whether the processor is one of AMD's with AVX-512, whatever else it does at the moment (docs/performance.md)."""
    _, processor, features = cpu_target.target_context.codegen().magic_tuple()
    return processor.startswith("znver") and "+avx512f" in features.split(",") and not _CONFIG.DISABLE_JIT


_PREFERRED = _preferred()


class Product(Protocol):
    """A product that is ready to be computed, again and again."""

    def __call__(self) -> Any:
        """Compute it."""


def in_registers(dtype: torch.dtype) -> bool:
    """Whether this machine computes the products of this precision in registers."""
    return _PREFERRED and dtype == torch.float32


def prepared(
    a: Float[Tensor, "rows inner"],
    b: Float[Tensor, "inner columns"],
    out: Float[Tensor, "rows columns"],
    *,
    add: bool = False,
) -> Product:
    """``out = a @ b``, or with ``add`` ``out += a @ b``; in registers, rows of ``b`` and ``out`` must be contiguous."""
    if in_registers(out.dtype):
        return partial(multiply, a.numpy(), b.numpy(), out.numpy(), add)
    return partial(torch.addmm, out, a, b, out=out) if add else partial(torch.mm, a, b, out=out)


_LANES = 16  # numbers in a register of AVX-512, which has 32
_ROWS, _VECTORS = 6, 4  # 24 of them hold the result
_FLOAT, _INT, _LONG = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_VECTOR, _INTS, _MASK = (ir.VectorType(element, _LANES) for element in (_FLOAT, _INT, ir.IntType(1)))


class _Strip(NamedTuple):
    """Arguments of the compiled strips; addresses and strides are in bytes."""

    a: Any
    a_row: Any
    a_inner: Any
    b: Any
    b_inner: Any
    out: Any
    out_row: Any
    rows: Any
    inner: Any
    last: Any  # how many columns of the last vector count
    add: Any


class _Tile:
    """Writes the instructions for some rows and some vectors of columns."""

    def __init__(self, builder: Any, strip: _Strip, vectors: int) -> None:
        self._builder, self._strip = builder, strip
        limit = self._spread(builder.trunc(strip.last, _INT), _INTS)
        mask = builder.icmp_signed("<", ir.Constant(_INTS, list(range(_LANES))), limit)
        self._masks = [None] * (vectors - 1) + [mask]

    def write(self, first: Any, rows: int) -> None:
        """The rows first..first+rows-1 of the result."""
        builder, strip = self._builder, self._strip
        places = [builder.add(first, _LONG(row)) for row in range(rows)]
        outs = [self._at(strip.out, strip.out_row, place) for place in places]
        heads = [self._at(strip.a, strip.a_row, place) for place in places]
        sums = [[_HELP.alloca_once(builder, _VECTOR) for _ in self._masks] for _ in places]
        for row, out in zip(sums, outs, strict=True):
            for held in row:
                builder.store(_VECTOR(None), held)
            with builder.if_then(strip.add):
                for held, value in zip(row, self._load(out), strict=True):
                    builder.store(value, held)
        with _HELP.for_range(builder, strip.inner) as loop:
            right = self._load(self._at(strip.b, strip.b_inner, loop.index))
            for row, head in zip(sums, heads, strict=True):
                place = builder.inttoptr(self._at(head, strip.a_inner, loop.index), _FLOAT.as_pointer())
                left = self._spread(builder.load(place), _VECTOR)
                for held, value in zip(row, right, strict=True):
                    builder.store(self._call("fma", _VECTOR, left, value, builder.load(held)), held)
        for row, out in zip(sums, outs, strict=True):
            self._store([builder.load(held) for held in row], out)

    def _at(self, base: Any, stride: Any, index: Any) -> Any:
        return self._builder.add(base, self._builder.mul(stride, index))

    def _vectors(self, address: Any) -> list[tuple[Any, Any]]:
        """Where the vectors of a row start, and which of their lanes count."""
        starts = [self._builder.add(address, _LONG(4 * _LANES * j)) for j in range(len(self._masks))]
        pointers = [self._builder.inttoptr(start, _VECTOR.as_pointer()) for start in starts]
        return list(zip(pointers, self._masks, strict=True))

    def _load(self, address: Any) -> list[Any]:
        return [
            self._builder.load(place, align=4)
            if mask is None
            else self._call("masked.load", _VECTOR, place, _INT(4), mask, _VECTOR(None))
            for place, mask in self._vectors(address)
        ]

    def _store(self, values: list[Any], address: Any) -> None:
        for value, (place, mask) in zip(values, self._vectors(address), strict=True):
            if mask is None:
                self._builder.store(value, place, align=4)
            else:
                self._call("masked.store", ir.VoidType(), value, place, _INT(4), mask)

    def _call(self, name: str, result: Any, *arguments: Any) -> Any:
        """An intrinsic function of LLVM."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.{name}.v{_LANES}f32{'.p0' if 'masked' in name else ''}"
        return self._builder.call(_HELP.get_or_insert_function(self._builder.module, kind, name), arguments)

    def _spread(self, value: Any, kind: Any) -> Any:
        """A vector of one value."""
        nothing = ir.Constant(kind, ir.Undefined)
        one = self._builder.insert_element(nothing, value, _INT(0))
        return self._builder.shuffle_vector(one, nothing, ir.Constant(_INTS, [0] * _LANES))


def _strip(vectors: int) -> Any:
    """All rows of some vectors of columns: tiles of several rows, then row by row."""

    @intrinsic
    def strip(
        typing: Any,
        a: Any,
        a_row: Any,
        a_inner: Any,
        b: Any,
        b_inner: Any,
        out: Any,
        out_row: Any,
        rows: Any,
        inner: Any,
        last: Any,
        add: Any,
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            given = _Strip(*arguments)
            tile, height = _Tile(builder, given, vectors), _LONG(_ROWS)
            tiles = builder.sdiv(given.rows, height)
            with _HELP.for_range(builder, tiles) as loop:
                tile.write(builder.mul(loop.index, height), _ROWS)
            with _HELP.for_range_slice(builder, builder.mul(tiles, height), given.rows, _LONG(1)) as (row, _):
                tile.write(row, 1)
            return context.get_dummy_value()

        return types.void(*[types.intp] * 10, types.boolean), generate

    return strip


_one, _two, _three, _four = (_strip(vectors) for vectors in (1, 2, 3, 4))


@compiled
def _multiply(
    a: int, a_row: int, a_inner: int, b: int, b_inner: int, out: int, out_row: int, rows: int, inner: int,
    columns: int, add: bool,
) -> None:  # fmt: skip
    for first in range(0, columns, _VECTORS * _LANES):
        left = min(columns - first, _VECTORS * _LANES)
        vectors = (left + _LANES - 1) // _LANES
        last = left - (vectors - 1) * _LANES
        right, target = b + 4 * first, out + 4 * first
        if vectors == 4:
            _four(a, a_row, a_inner, right, b_inner, target, out_row, rows, inner, last, add)
        elif vectors == 3:
            _three(a, a_row, a_inner, right, b_inner, target, out_row, rows, inner, last, add)
        elif vectors == 2:
            _two(a, a_row, a_inner, right, b_inner, target, out_row, rows, inner, last, add)
        else:
            _one(a, a_row, a_inner, right, b_inner, target, out_row, rows, inner, last, add)


@compiled
def multiply(
    a: Float32[np.ndarray, "rows inner"],
    b: Float32[np.ndarray, "inner columns"],
    out: Float32[np.ndarray, "rows columns"],
    add: bool,
) -> None:
    """``out = a @ b``, or ``out += a @ b``; the rows of ``b`` and ``out`` are contiguous."""
    left, right, target = np.intp(a.ctypes.data), np.intp(b.ctypes.data), np.intp(out.ctypes.data)
    (rows, inner), columns = a.shape, out.shape[1]
    steps = a.strides[0], a.strides[1], b.strides[0], out.strides[0]
    _multiply(left, steps[0], steps[1], right, steps[2], target, steps[3], rows, inner, columns, add)
