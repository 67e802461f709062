"""Which strides images have that came through a layer: those of channels-last where an operand's say so, as in PyTorch.

Also where they say both: images of one channel, or of one pixel, are contiguous either way, and PyTorch goes by the strides.
"""

from __future__ import annotations

from typing import Any

from tests.every_case import every_case

from .outcomes import assert_same

LAYERS: dict[str, Any] = {
    "max_pool2d": lambda m, x: m.nn.functional.max_pool2d(x, 1),
    "avg_pool2d": lambda m, x: m.nn.functional.avg_pool2d(x, 1),
    "one mean": lambda m, x: m.nn.functional.adaptive_avg_pool2d(x, 1),
    "means": lambda m, x: m.nn.functional.adaptive_avg_pool2d(x, 2),
    "maxima": lambda m, x: m.nn.functional.adaptive_max_pool2d(x, 1),
    "batch_norm": lambda m, x: m.nn.functional.batch_norm(x, None, None, None, None, True),
    "group_norm": lambda m, x: m.nn.functional.group_norm(x, 1),
    "nearest": lambda m, x: m.nn.functional.interpolate(x, scale_factor=2),
    "bilinear": lambda m, x: m.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"),
    "zeros around": lambda m, x: m.nn.functional.pad(x, (1, 1)),
    "reflected": lambda m, x: m.nn.functional.pad(x, (0, 0, 0, 0), mode="reflect"),
    "replicated": lambda m, x: m.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate"),
    "pixel_unshuffle": lambda m, x: m.nn.functional.pixel_unshuffle(x, 1),
    "rolled": lambda m, x: x.roll((1, -2), (-1, 2)),
    "rolled by nothing": lambda m, x: x.roll(0, 1),
    "stacked": lambda m, x: m.stack([x, x]),
    "stacked, with contiguous ones": lambda m, x: m.stack([x, x.contiguous()], 2),
    "stacked channels": lambda m, x: m.stack([x[0], x[0]], -1),
    "logsigmoid": lambda m, x: m.nn.functional.logsigmoid(x),
    "transposed": lambda m, x: m.nn.functional.conv_transpose2d(x, m.ones(x.shape[1], 2, 2, 2)),
}


@every_case("shape", [(2, 1, 4, 4), (2, 3, 1, 1), (2, 3, 4, 5)])
@every_case("layer", LAYERS)
def test_layer(layer: str, shape: tuple[int, ...]) -> None:
    def run(m: Any) -> Any:
        x = m.arange(float(m.Size(shape).numel())).view(shape).to(memory_format=m.channels_last).requires_grad_()
        y = LAYERS[layer](m, x)
        return [each.stride() for each in (y, *m.autograd.grad(y.sum(), x))]

    assert_same(run)


VOLUMES: dict[str, Any] = {
    "max_pool3d": lambda m, x: m.nn.functional.max_pool3d(x, 2, 1),
    "avg_pool3d": lambda m, x: m.nn.functional.avg_pool3d(x, 2, 1),
    "one mean": lambda m, x: m.nn.functional.adaptive_avg_pool3d(x, 1),
    "zeros around": lambda m, x: m.nn.functional.pad(x, (1, 1)),
    "reflected": lambda m, x: m.nn.functional.pad(x, (1, 0, 1, 1, 0, 0), mode="reflect"),
    "replicated": lambda m, x: m.nn.functional.pad(x, (1, 1, 1, 1, 1, 1), mode="replicate"),
    "shuffled": lambda m, x: m.nn.functional.channel_shuffle(x, 2),
    "convolved": lambda m, x: m.nn.functional.conv3d(x, m.arange(96.0).reshape(3, 4, 2, 2, 2)),
    "rolled": lambda m, x: x.roll((1, -2), (-1, 2)),
    "rolled by nothing": lambda m, x: x.roll(0, 1),
    "stacked": lambda m, x: m.stack([x, x]),
    "stacked, with contiguous ones": lambda m, x: m.stack([x, x.contiguous()], 2),
    "stacked channels": lambda m, x: m.stack([x[0], x[0]], -1),
    "logsigmoid": lambda m, x: m.nn.functional.logsigmoid(x),
    "transposed": lambda m, x: m.nn.functional.conv_transpose3d(x, m.arange(96.0).reshape(4, 3, 2, 2, 2)),
}


@every_case("layer", VOLUMES)
def test_volumes(layer: str) -> None:
    def run(m: Any) -> Any:
        x = (m.arange(480.0) % 7 - 2).reshape(2, 4, 3, 4, 5).to(memory_format=m.channels_last_3d).requires_grad_()
        y = VOLUMES[layer](m, x)
        found = (y, *m.autograd.grad((y * y).sum(), x))
        return [(each.stride(), each.detach().round(decimals=5).tolist()) for each in found]

    assert_same(run)


@every_case("which", ["input", "weight", "both", "neither"])
@every_case("channels", [(1, 1), (1, 8), (8, 4)])
@every_case("kernel", [1, 3])
def test_convolution(kernel: int, channels: tuple[int, int], which: str) -> None:
    def run(m: Any) -> Any:
        layer = m.nn.Conv2d(*channels, kernel)
        x = m.arange(32.0 * channels[0]).view(2, channels[0], 4, 4)
        if which in ("weight", "both"):
            layer.to(memory_format=m.channels_last)
        if which in ("input", "both"):
            x = x.to(memory_format=m.channels_last)
        y = layer(x.requires_grad_())
        return [each.stride() for each in (y, *m.autograd.grad(y.sum(), (x, layer.weight)))]

    assert_same(run)
