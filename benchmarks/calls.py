"""The calls that `benchmarks.ops` measures: what teaching code uses, on operands of any number of elements.

Rests on NumPy and `operations`; the frameworks compile the spellings and convert the operands.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.operations import Operation

# Of these the forward alone is measured: their results are no floats, or are made of none.
_FORWARD = """
x < w; x == w; torch.isnan(x); torch.logical_and(mask, mask); torch.sign(x); torch.floor(x); torch.round(x)
x.argmax(1); x.any(1); torch.unique(labels); torch.bincount(labels); F.one_hot(labels, 10); whole + whole; whole // 3
torch.nonzero(mask); torch.argsort(x); torch.searchsorted(line, x); torch.zeros_like(x); torch.arange(x.numel())
x.to(torch.float64); x.clone(); x.contiguous(); x.t().contiguous(); torch.eye(x.shape[0]); torch.histc(x, 10)
"""

# x, w, line, column and image require gradients here, and the backward is measured too.
_BOTH = """
x + w; x * w; x / w; x - line; x * column; -x; x.abs(); x.exp(); torch.expm1(x); x.abs().log(); torch.log1p(x.abs())
x.abs().sqrt(); x ** 2; x ** 3; x.abs() ** 0.5; x.abs() ** w; x.sin(); x.cos(); x.tan(); torch.atan(x); torch.atan2(x, w)
torch.erf(x); x.clamp(-1, 1); torch.where(mask, x, w); torch.maximum(x, w); x.masked_fill(mask, 0.0); torch.lerp(x, w, 0.3)
F.relu(x); F.leaky_relu(x); F.elu(x); F.selu(x); F.celu(x); F.gelu(x); F.gelu(x, approximate='tanh'); F.silu(x); F.mish(x)
F.softplus(x); F.softsign(x); F.logsigmoid(x); F.hardtanh(x); F.relu6(x); F.hardswish(x); F.hardsigmoid(x); F.tanhshrink(x)
F.softshrink(x); F.hardshrink(x); F.threshold(x, 0.1, 0.0); F.prelu(x, one); F.glu(x); torch.sigmoid(x); torch.tanh(x)
F.softmax(x, 1); F.log_softmax(x, 1); torch.logsumexp(x, 1); F.normalize(x)
F.layer_norm(x, x.shape[1:]); F.rms_norm(x, x.shape[1:]); F.group_norm(image, 2); F.instance_norm(image)
F.batch_norm(image, None, None, training=True); F.local_response_norm(image, 3)
F.mse_loss(x, w); F.l1_loss(x, w); F.smooth_l1_loss(x, w); F.huber_loss(x, w); F.cross_entropy(x, classes)
F.binary_cross_entropy_with_logits(x, share); F.binary_cross_entropy(torch.sigmoid(x), share); F.kl_div(x, share)
F.cosine_similarity(x, w); F.pairwise_distance(x, w)
F.conv2d(image, kernel, padding=1); F.max_pool2d(image, 2); F.avg_pool2d(image, 2); F.adaptive_avg_pool2d(image, 5)
F.adaptive_max_pool2d(image, 5); F.adaptive_avg_pool2d(image, 1); F.pad(image, (1, 1, 1, 1))
F.pad(image, (1, 1, 1, 1), mode='reflect'); F.interpolate(image, scale_factor=2)
F.interpolate(image, scale_factor=2, mode='bilinear'); F.unfold(image, 3); F.embedding(labels % 10, table)
x.sum(); x.sum(0); x.sum(1); x.mean(); x.mean(1); x.var(); x.var(1); x.std(0); x.max(); x.max(1)[0]; x.amax(1); x.prod()
x.norm(); x.norm(dim=1); x.median(); x.median(1)[0]; x.cumsum(1); x.cumsum(0); x.cumprod(1); x.sort(1)[0]
x.topk(5, 1)[0]; x.kthvalue(3, 1)[0]
x @ w.t(); torch.outer(line, line); torch.cat((x, w)); torch.stack((x, w)); x.flip(0); x.roll(1, 0); x.repeat(2, 1)
torch.tril(x); x.gather(1, index); torch.zeros_like(x).scatter(1, index, x); torch.zeros_like(x).scatter_add(1, index, x)
x.index_select(0, rows); x[rows]; x[mask]; x[::2]; x[:, rows]; x.repeat_interleave(2, 0); torch.diff(x); F.dropout(x)
"""


def _operations(text: str) -> tuple[Operation, ...]:
    return tuple(Operation(code, code) for line in text.strip().splitlines() for code in line.split("; "))


FORWARD = _operations(_FORWARD)
BOTH = _operations(_BOTH)
DIFFERENTIATED = ("x", "w", "line", "column", "image", "kernel", "table", "one")


def sized_operands(elements: int) -> dict[str, np.ndarray[Any, Any]]:
    """What the calls name: `x`, `w` and `image` have that many elements, 1,000 or a million."""
    side, channels, height = {1_000: ((25, 40), (1, 10), 10), 1_000_000: ((1_000, 1_000), (10, 10), 100)}[elements]
    stream = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray[Any, Any]:
        return stream.standard_normal(shape, np.float32)

    return {
        "x": normal(*side),
        "w": normal(*side),
        "line": np.sort(normal(side[1])),
        "column": normal(side[0], 1),
        "image": normal(*channels, height, height),
        "kernel": normal(10, 10, 3, 3),
        "table": normal(10, 8),
        "one": np.full(1, 0.25, np.float32),
        "share": stream.random(side, np.float32),
        "mask": stream.random(side) < 0.5,
        "whole": stream.integers(0, 100, side),
        "index": stream.integers(0, side[1], side),
        "rows": stream.permutation(side[0]),
        "classes": stream.integers(0, side[1], side[0]),
        "labels": stream.integers(0, 10, elements),
    }
