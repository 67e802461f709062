"""A layer of an LSTM, in one direction, as one node: what PyTorch's library for the processor computes at once.

Rests on declare and core/blas; recurrent.py calls it. A padded batch is (steps, batch, features); of a packed one the rows of
all steps lie one after the other, and `batch_sizes` says how many each step has.

All inputs are projected by one product. A step is then a product of the state, and passes over an array of all four gates: with
σ(x) = ½ tanh(½x) + ½, and the halves in the weights, a single tanh serves them. The states of a batch are kept at full size,
and a step works on the first rows of them. So a sequence that has ended keeps its last state, and one that has not begun, where
time runs backwards, its first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints
from autogradkit.core.blas import matmul

Gradients = Sequence[Any]


def _spans(input: Array, batch_sizes: Ints, reverse: bool) -> list[tuple[int, int]]:
    """(first row, row after the last) of each step, in the order of time."""
    sizes = batch_sizes or (input.shape[1],) * input.shape[0]
    spans, end = [], 0
    for size in sizes:
        spans.append((end, end + size))
        end += size
    return spans[::-1] if reverse else spans


def _before(states: Array, first: Array, spans: list[tuple[int, int]]) -> Array:
    """The state that each row began with."""
    before, now = np.empty_like(states), first.copy()
    for a, b in spans:
        before[a:b] = now[: b - a]
        now[: b - a] = states[a:b]
    return before


def _meta(
    input: Array, weight0: Array, weight1: Array, weight2: Array | None, weight3: Array | None, hx_: Array, cx_: Array,
    reverse: bool, batch_sizes: Ints,
) -> Any:  # fmt: skip
    hidden, kind = weight1.shape[1], input.dtype
    rows = input.size // max(1, input.shape[-1])
    return (
        ((*input.shape[:-1], hidden), kind),
        (hx_.shape, kind),
        (cx_.shape, kind),
        ((rows, 4 * hidden), kind),
        ((rows, hidden), kind),
    )


def _computed(
    input: Array, weight0: Array, weight1: Array, weight2: Array | None, weight3: Array | None, hx_: Array, cx_: Array,
    g: Gradients, reverse: bool, batch_sizes: Ints, results: Sequence[Array], needs: Sequence[bool],
) -> list[Any]:  # fmt: skip
    y, gates, cells = results
    spans = _spans(input, batch_sizes, reverse)
    hidden = weight1.shape[1]
    flat_input, flat_y = input.reshape(-1, input.shape[-1]), y.reshape(-1, hidden)
    i, f, z, o = _gates(gates)
    level = np.tanh(cells)
    # What a gradient of the cell (of the output for the last gate) is multiplied by on its way before each gate.
    slopes = np.empty_like(gates)
    by_gate = slopes.reshape(-1, 4, hidden)
    by_i, by_f, by_z, by_o = by_gate.swapaxes(0, 1)
    np.multiply(z, i * (1 - i), by_i)
    np.multiply(_before(cells, cx_, spans), f * (1 - f), by_f)
    np.multiply(i, 1 - z * z, by_z)
    np.multiply(level, o * (1 - o), by_o)
    into_cell = o * (1 - level * level)
    to_y = None if g[0] is None else g[0].reshape(-1, hidden)
    to_h, to_c = (
        np.zeros_like(state) if each is None else each.copy() for state, each in zip((hx_, cx_), g[1:], strict=True)
    )
    for a, b in reversed(spans):
        h, c, slope = to_h[: b - a], to_c[: b - a], by_gate[a:b]
        if to_y is not None:
            h += to_y[a:b]
        c += h * into_cell[a:b]
        slope[:, :3] *= c[:, None]
        slope[:, 3] *= h
        c *= f[a:b]
        matmul(slopes[a:b], weight1, h)
    found: list[Any] = [None] * 7
    if needs[0]:
        found[0] = matmul(slopes, weight0).reshape(input.shape)
    if needs[1]:
        found[1] = matmul(slopes.T, flat_input)
    if needs[2]:
        found[2] = matmul(slopes.T, _before(flat_y, hx_, spans))
    if needs[3] or needs[4]:
        total = slopes.sum(0)
        found[3:5] = [each if need else None for each, need in zip((total, total.copy()), needs[3:5], strict=True)]
    found[5:] = [each if need else None for each, need in zip((to_h, to_c), needs[5:], strict=True)]
    return found


@k.on_arrays(_computed)
def _gradients(
    input: Any, weight0: Any, weight1: Any, weight2: Any, weight3: Any, hx_: Any, cx_: Any, g: Gradients, reverse: bool,
    batch_sizes: Ints, results: Sequence[Any], needs: Sequence[bool],
) -> Any:  # fmt: skip
    given = input, weight0, weight1, weight2, weight3, hx_, cx_
    return k.lstm_layer_gradients(g, given, reverse, batch_sizes, needs)


def _backward(
    g: Gradients, input: Any, weight0: Any, weight1: Any, weight2: Any, weight3: Any, hx_: Any, cx_: Any, reverse: bool,
    batch_sizes: Ints, result0: Any, result3: Any, result4: Any, needs: Any,
) -> Any:  # fmt: skip
    given = input, weight0, weight1, weight2, weight3, hx_, cx_
    return _gradients(*given, g, reverse, batch_sizes, (result0, result3, result4), needs)


def _gates(rows: Array) -> Iterator[Array]:
    """The gates of all rows in the order of the weights: in, forget, the new content, out."""
    hidden = rows.shape[1] // 4
    return (rows[:, n * hidden : (n + 1) * hidden] for n in range(4))


@op(
    variants="",
    node="MkldnnRnnLayerBackward0",
    meta=_meta,
    outputs="result0 result1 result2 result3 result4",
    differentiable_outputs=3,
    out=False,
    samples=lambda t: [
        (t(2, 2, 1), t(8, 1), t(8, 2), t(8), t(8), t(2, 2), t(2, 2), False, ()),
        (t(2, 2, 3), t(4, 3), t(4, 1), None, None, t(2, 1), t(2, 1), True, ()),
        (t(6, 2), t(4, 2), t(4, 1), t(4), t(4), t(3, 1), t(3, 1), False, (3, 2, 1)),
        (t(5, 1), t(4, 1), t(4, 1), t(4), t(4), t(3, 1), t(3, 1), True, (3, 2)),
    ],
    group=("input weight0 weight1 weight2 weight3 hx_ cx_", _backward),
    rule=(
        "∂input = ∂gates · weight0, ∂gates what ∂ gives before the gates, from the last step to the first\n"
        "∂weight0 = ∂gatesᵀ · input\n∂weight1 = ∂gatesᵀ · the states before each step\n∂weight2 = Σ∂gates\n∂weight3 = Σ∂gates\n"
        "∂hx_ = ∂gates of the first step · weight1\n∂cx_ = ∂ of the first cell · its forget gate"
    ),
)
def lstm_layer(
    input: Array,
    weight0: Array,
    weight1: Array,
    weight2: Array | None,
    weight3: Array | None,
    hx_: Array,
    cx_: Array,
    reverse: bool,
    batch_sizes: Ints,
    *,
    out: tuple[Array, Array, Array, Array, Array],
) -> None:
    """(outputs of all steps, last state, last cell; the gates and the cells of all rows, for backward)."""
    y, h_all, c_all, gates, cells = out
    hidden = weight1.shape[1]
    kind = gates.dtype.type
    halves, ones = np.full(4 * hidden, 0.5, kind), np.full(4 * hidden, 0.5, kind)
    halves[2 * hidden : 3 * hidden], ones[2 * hidden : 3 * hidden] = 1, 0  # the new content is a tanh itself
    matmul(input.reshape(-1, input.shape[-1]), (weight0 * halves[:, None]).T, gates)
    if weight2 is not None:
        gates += (weight2 + weight3) * halves
    turned = (weight1 * halves[:, None]).T
    h_all[...], c_all[...] = hx_, cx_
    flat_y = y.reshape(-1, hidden)
    by_state, kept = np.empty((len(h_all), 4 * hidden), kind), np.empty_like(c_all)
    for a, b in _spans(input, batch_sizes, reverse):
        n = b - a
        h, c, rows, part, new = h_all[:n], c_all[:n], gates[a:b], by_state[:n], kept[:n]
        matmul(h, turned, part)
        rows += part
        np.tanh(rows, rows)
        rows *= halves
        rows += ones
        i, f, z, o = _gates(rows)
        c *= f
        np.multiply(i, z, new)
        c += new
        cells[a:b] = c
        np.tanh(c, new)
        np.multiply(o, new, h)
        flat_y[a:b] = h
