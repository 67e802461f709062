"""The calls that `benchmarks.ops` measures: what teaching code uses, on operands of any number of elements.

Rests on NumPy and `operations`; the frameworks compile the spellings and convert the operands.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.operations import Operation

# Of these the forward alone is measured: their results are no floats, or are made of none.
_FORWARD = """
x < w; x == w; torch.isnan(x); torch.logical_and(mask, mask); torch.sign(x); torch.floor(x); torch.round(x); x.argmax(1)
x.any(1); torch.unique(labels); torch.bincount(labels); F.one_hot(labels, 10); whole + whole; whole // 3; torch.nonzero(mask)
torch.argsort(x); torch.searchsorted(line, x); torch.zeros_like(x); torch.arange(x.numel()); x.to(torch.float64); x.clone()
x.contiguous(); x.t().contiguous(); torch.eye(x.shape[0]); torch.histc(x, 10); x.sort(1)[1]; x.cummax(1)[0]; whole.sort(1)[0]
whole.mode(1)[0]; torch.unique(whole); torch.bincount(labels, share.view(-1)); torch.nonzero(x); torch.isin(whole, rows)
torch.bucketize(x, line); x.argmin(); x.argmax(0); torch.count_nonzero(x); mask.any(); mask.all(1); mask.sum(); mask.sum(1)
whole.sum(); whole.sum(0); whole.sum(1); whole.max(); whole.max(1)[0]; whole.cumsum(1); whole.prod(); whole * 2; whole % 7
whole / 3; ~mask; mask & mask; (x > 0).float().mean(); x // 2; torch.isfinite(x); torch.allclose(x, x); torch.equal(x, x)
x.half(); x.bfloat16(); x.long(); whole.float(); mask.float(); half.float(); half + half; half * half; half.exp(); half.sum(1)
half @ half.t(); half.bfloat16() * half.bfloat16(); double + double; double.exp(); double.sum(1)
image.permute(0, 2, 3, 1).contiguous(); torch.tril_indices(*x.shape); torch.rand(x.shape); torch.randn(x.shape)
torch.randint(0, 10, x.shape); torch.randperm(x.numel()); torch.bernoulli(share); torch.linspace(0, 1, x.numel())
torch.full(x.shape, 3.0); torch.zeros(len(labels), 10).scatter_(1, labels[:, None], 1.0); x.clone().tril_()
x.clone().clamp_(0, 1); x.clone().masked_fill_(mask, 0.0); x.clone().copy_(w); x.clone().index_add_(0, rows, w)
"""

# x, w, line, column and image require gradients here, and the backward is measured too.
_BOTH = """
x + w; x * w; x / w; x - line; x * column; -x; x.abs(); x.exp(); torch.expm1(x); x.abs().log(); torch.log1p(x.abs())
x.abs().sqrt(); x ** 2; x ** 3; x.abs() ** 0.5; x.abs() ** w; x.sin(); x.cos(); x.tan(); torch.atan(x); torch.atan2(x, w)
torch.erf(x); x.clamp(-1, 1); torch.where(mask, x, w); torch.maximum(x, w); x.masked_fill(mask, 0.0); torch.lerp(x, w, 0.3)
F.relu(x); F.leaky_relu(x); F.elu(x); F.selu(x); F.celu(x); F.gelu(x); F.gelu(x, approximate='tanh'); F.silu(x); F.mish(x)
F.softplus(x); F.softsign(x); F.logsigmoid(x); F.hardtanh(x); F.relu6(x); F.hardswish(x); F.hardsigmoid(x); F.tanhshrink(x)
F.softshrink(x); F.hardshrink(x); F.threshold(x, 0.1, 0.0); F.prelu(x, one); F.glu(x); torch.sigmoid(x); torch.tanh(x)
F.softmax(x, 1); F.log_softmax(x, 1); torch.logsumexp(x, 1); F.normalize(x); F.layer_norm(x, x.shape[1:])
F.rms_norm(x, x.shape[1:]); F.group_norm(image, 2); F.instance_norm(image); F.batch_norm(image, None, None, training=True)
F.local_response_norm(image, 3); F.mse_loss(x, w); F.l1_loss(x, w); F.smooth_l1_loss(x, w); F.huber_loss(x, w)
F.cross_entropy(x, classes); F.binary_cross_entropy_with_logits(x, share); F.binary_cross_entropy(torch.sigmoid(x), share)
F.kl_div(x, share); F.cosine_similarity(x, w); F.pairwise_distance(x, w); F.conv2d(image, kernel, padding=1)
F.max_pool2d(image, 2); F.avg_pool2d(image, 2); F.adaptive_avg_pool2d(image, 5); F.adaptive_max_pool2d(image, 5)
F.adaptive_avg_pool2d(image, 1); F.pad(image, (1, 1, 1, 1)); F.pad(image, (1, 1, 1, 1), mode='reflect')
F.interpolate(image, scale_factor=2); F.interpolate(image, scale_factor=2, mode='bilinear'); F.unfold(image, 3)
F.embedding(labels % 10, table); x.sum(); x.sum(0); x.sum(1); x.mean(); x.mean(1); x.var(); x.var(1); x.std(0); x.max()
x.max(1)[0]; x.amax(1); x.prod(); x.norm(); x.norm(dim=1); x.median(); x.median(1)[0]; x.cumsum(1); x.cumsum(0); x.cumprod(1)
x.sort(1)[0]; x.topk(5, 1)[0]; x.kthvalue(3, 1)[0]; x @ w.t(); torch.outer(line, line); torch.cat((x, w)); torch.stack((x, w))
x.flip(0); x.roll(1, 0); x.repeat(2, 1); torch.tril(x); x.gather(1, index); torch.zeros_like(x).scatter(1, index, x)
torch.zeros_like(x).scatter_add(1, index, x); x.index_select(0, rows); x[rows]; x[mask]; x[::2]; x[:, places]
x.repeat_interleave(2, 0); torch.diff(x); F.dropout(x); x.square(); x.reciprocal(); x.abs().rsqrt(); x.abs().log2(); x.sinh()
x.asinh(); torch.erfc(x); torch.sinc(x); torch.hypot(x, w); torch.logaddexp(x, w); x % 2; torch.remainder(x, w); x.clamp(min=0)
x.clamp(w, w); torch.minimum(x, w); torch.nan_to_num(x); torch.addcmul(x, w, w); torch.addcdiv(x, w, w.abs() + 1)
torch.lerp(x, w, share); torch.where(mask, x, 0.0); x.masked_select(mask); x.index_put((rows,), w)
x.index_put((rows,), w, accumulate=True); x.index_add(0, rows, w); x.index_copy(0, rows, w); x.index_fill(0, rows, 1.0)
x.take(index); x.index_select(1, places); x.logcumsumexp(1); x.triu(1); x.prod(1); x.prod(0); x.var(0); x.std(); x.norm(1)
x.norm(dim=0); torch.linalg.matrix_norm(x); torch.logsumexp(x, 0); x.nansum(); x.nanmean(); x.nanmedian(); x.quantile(0.3)
x.quantile(0.3, 1); x.min(); x.min(0)[0]; x.median(0)[0]; x.topk(5, 0)[0]; x.view(-1).topk(5)[0]; x.t().sum(0); x.t() * w.t()
image.mean((0, 2, 3)); image.var((0, 2, 3)); image.amax((2, 3)); torch.einsum('ij,kj->ik', x, w)
torch.einsum('ij,ij->i', x, w); torch.cdist(points, points); torch.dot(x.view(-1), w.view(-1)); x.flip(1); x.rot90()
x.roll((1, 1), (0, 1)); x.tile((1, 2)); torch.cat((x, w), 1); torch.stack((x, w), 1); x.split(20)[1] * 1; x.diagonal() * 1
x.unfold(1, 3, 1) * 1; F.pad(x, (1, 2)); F.pad(x, (1, 2, 3, 4), value=1.0); F.pad(image, (2, 2, 2, 2), mode='replicate')
F.pad(image, (2, 2, 2, 2), mode='circular'); F.softmax(x, 0); F.log_softmax(image, 1); F.nll_loss(x, classes)
F.cross_entropy(image, pixels); F.cross_entropy(x, classes, label_smoothing=0.1); F.dropout2d(image)
F.batch_norm(x, None, None, training=True); F.layer_norm(image, image.shape[1:]); F.max_pool1d(signals, 2)
F.max_pool2d(image, 3, 2, 1); F.avg_pool2d(image, 3, 1, 1); F.max_pool3d(volume, 2); F.avg_pool3d(volume, 2)
F.lp_pool2d(image, 2, 2); F.avg_pool1d(signals, 2); F.adaptive_avg_pool1d(signals, 7)
F.conv1d(signals, kernel[..., 0], padding=1); F.conv2d(image, kernel, stride=2)
F.conv2d(image, kernel[:, :1], groups=10, padding=1); F.conv_transpose2d(image, kernel, stride=2)
F.conv3d(volume, kernel[:5, :5, None]); F.interpolate(image, scale_factor=0.5); F.interpolate(image, size=(7, 7), mode='area')
F.interpolate(image, scale_factor=2, mode='bicubic'); F.fold(F.unfold(image, 2, stride=2), image.shape[2:], 2, stride=2)
F.rrelu(x); F.gumbel_softmax(x); F.poisson_nll_loss(x, share); F.gaussian_nll_loss(x, w, share)
F.multi_margin_loss(x, classes); F.scaled_dot_product_attention(heads, heads, heads)
"""


def _operations(text: str) -> tuple[Operation, ...]:
    return tuple(Operation(code, code) for line in text.strip().splitlines() for code in line.split("; "))


FORWARD = _operations(_FORWARD)
BOTH = _operations(_BOTH)
DIFFERENTIATED = (
    *("x", "w", "line", "column", "image", "kernel", "table", "one"),
    *("signals", "volume", "heads", "points"),
)


def sized_operands(elements: int) -> dict[str, np.ndarray[Any, Any]]:
    """What the calls name: `x`, `w` and `image` have that many elements, 1,000 or a million."""
    side, channels, height, volume, heads = {
        1_000: ((25, 40), (1, 10), 10, (1, 5, 8, 5, 5), (1, 2, 20, 25)),
        1_000_000: ((1_000, 1_000), (10, 10), 100, (2, 5, 40, 50, 50), (2, 8, 250, 250)),
    }[elements]
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
        "places": stream.permutation(side[1]),
        "pixels": stream.integers(0, 10, (channels[0], height, height)),
        "signals": normal(*channels, height * height),
        "volume": normal(*volume),
        "heads": normal(*heads),
        "points": normal(side[0], 5),
        "half": normal(*side).astype(np.float16),
        "double": stream.standard_normal(side),
    }
