"""What networks call of convolution: conv1d, conv2d and conv3d, with their padding by word, and their transposed forms.

Compositions over `convolution`, which takes batches only. `nn.functional` publishes them, the layers in `nn` use them.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Array, Pair, Single, SymInt, Triple
from autogradkit._ops.network.conv import convolution
from autogradkit._ops.network.conv_refusals import for_each, require_bias
from autogradkit._ops.network.padding import constant_pad_nd
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.warning import warn_once

Shape = tuple[int, ...]


def _require_batch(name: str, dims: int, x: Any, weight: Any, stride: Shape) -> None:
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}{dims}d, but got input of size: "
            f"{list(x.shape)}"
        )
    if 2 < weight.ndim != dims + 2 and len(stride) > 1:
        for_each(stride, "stride", weight.ndim - 2)


def _convolved(
    dims: int, x: Any, weight: Any, bias: Any, stride: Shape, padding: Shape, dilation: Shape, groups: int,
    output_padding: Shape | None = None,
) -> Any:  # fmt: skip
    """The convolution of a batch, or of one sample; transposed where it has an `output_padding`."""
    transposed = output_padding is not None
    _require_batch("conv_transpose" if transposed else "conv", dims, x, weight, stride)
    how = stride, padding, dilation, transposed, output_padding or (0,) * dims, groups
    if x.ndim == dims + 2:
        return convolution.straight(x, weight, bias, *how)
    return squeeze_dim.straight(convolution.straight(unsqueeze.straight(x, 0), weight, bias, *how), 0)


def _padded(
    dims: int, x: Any, weight: Any, bias: Any, stride: Shape, padding: str, dilation: Shape, groups: int
) -> Any:
    """The convolution with a padding by word."""
    if padding == "same" and 2 < weight.ndim < x.ndim:
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight{list(weight.shape)}, but got "
            f"{x.ndim}-dimensional input of size {list(x.shape)} instead"
        )
    _require_batch("conv", dims, x, weight, stride)
    batched = x.ndim == dims + 2
    if not batched:
        x = unsqueeze.straight(x, 0)
    around: Shape = (0,) * dims
    if padding == "same":
        if max(for_each(stride, "stride", dims)) != 1:
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        gaps = for_each(dilation, "dilation", dims)
        total = [d * (n - 1) for n, d in zip(weight.shape[2:], gaps, strict=True)]
        if any(each % 2 for each in total):
            warn_once(
                "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be "
                "created"
            )
            # An even kernel needs one more after than before.
            x = constant_pad_nd.straight(x, tuple([n for each in reversed(total) for n in (0, each % 2)]))
        around = tuple([each // 2 for each in total])
    elif padding != "valid":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    result = convolution.straight(x, weight, bias, stride, around, dilation, False, (0,) * dims, groups)
    return result if batched else squeeze_dim.straight(result, 0)


# -- conv1d ----------------------------------------------------------------------------------------------------------

conv1d = function("conv1d", variants="function")


@conv1d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Single = (1,),
    padding: Single = (0,),
    dilation: Single = (1,),
    groups: SymInt = 1,
) -> Any:
    """1-D convolution (cross-correlation) of sequences (N, C, L), or of one without N, with `weight`.

    `weight` is (O, C/groups, …), `bias` (O). `padding` may be "valid" (none) or "same" (the result keeps its sizes).
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv1d(torch.ones(1, 3), torch.ones(2, 1, 3), padding="same").shape
    torch.Size([2, 3])
    """
    require_bias(input, bias)
    if input.ndim == 3 and weight.ndim == 3:
        return convolution.straight(input, weight, bias, stride, padding, dilation, False, (0,), groups)
    return _convolved(1, input, weight, bias, stride, padding, dilation, groups)


@conv1d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Single = (1,),
    padding: str = "valid",
    dilation: Single = (1,),
    groups: SymInt = 1,
) -> Any:
    return _padded(1, input, weight, bias, stride, padding, dilation, groups)


# -- conv2d ----------------------------------------------------------------------------------------------------------

conv2d = function("conv2d", variants="function")


@conv2d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: SymInt = 1,
) -> Any:
    """2-D convolution (cross-correlation) of images (N, C, H, W), or of one without N, with `weight`.

    `weight` is (O, C/groups, …), `bias` (O). `padding` may be "valid" (none) or "same" (the result keeps its sizes).
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv2d(torch.ones(1, 3, 3), torch.ones(2, 1, 3, 3), padding="same").shape
    torch.Size([2, 3, 3])
    """
    require_bias(input, bias)
    if input.ndim == 4 and weight.ndim == 4:
        return convolution.straight(input, weight, bias, stride, padding, dilation, False, (0, 0), groups)
    return _convolved(2, input, weight, bias, stride, padding, dilation, groups)


@conv2d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Pair = (1, 1),
    padding: str = "valid",
    dilation: Pair = (1, 1),
    groups: SymInt = 1,
) -> Any:
    return _padded(2, input, weight, bias, stride, padding, dilation, groups)


# -- conv3d ----------------------------------------------------------------------------------------------------------

conv3d = function("conv3d", variants="function")


@conv3d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Triple = (1, 1, 1),
    padding: Triple = (0, 0, 0),
    dilation: Triple = (1, 1, 1),
    groups: SymInt = 1,
) -> Any:
    """3-D convolution (cross-correlation) of volumes (N, C, D, H, W), or of one without N, with `weight`.

    `weight` is (O, C/groups, …), `bias` (O). `padding` may be "valid" (none) or "same" (the result keeps its sizes).
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv3d(torch.ones(1, 3, 3, 3), torch.ones(2, 1, 3, 3, 3), padding="same").shape
    torch.Size([2, 3, 3, 3])
    """
    require_bias(input, bias)
    if input.ndim == 5 and weight.ndim == 5:
        return convolution.straight(input, weight, bias, stride, padding, dilation, False, (0, 0, 0), groups)
    return _convolved(3, input, weight, bias, stride, padding, dilation, groups)


@conv3d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Triple = (1, 1, 1),
    padding: str = "valid",
    dilation: Triple = (1, 1, 1),
    groups: SymInt = 1,
) -> Any:
    return _padded(3, input, weight, bias, stride, padding, dilation, groups)


# -- transposed ---------------------------------------------------------------------------------------------------------


@op(variants="function", composition=True)
def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Single = (1,),
    padding: Single = (0,),
    output_padding: Single = (0,),
    groups: SymInt = 1,
    dilation: Single = (1,),
) -> Any:
    """The 1-D convolution turned round, of sequences (N, C, L), or of one without N: each number spreads the kernel.

    `weight` is (C, O/groups, …). Its sizes are (n − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv_transpose1d(torch.ones(1, 2), torch.ones(1, 2, 2), stride=2).shape
    torch.Size([2, 4])
    """
    return _convolved(1, input, weight, bias, stride, padding, dilation, groups, output_padding)


@op(variants="function", composition=True)
def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    output_padding: Pair = (0, 0),
    groups: SymInt = 1,
    dilation: Pair = (1, 1),
) -> Any:
    """The 2-D convolution turned round, of images (N, C, H, W), or of one without N: each number spreads the kernel.

    `weight` is (C, O/groups, …). Its sizes are (n − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv_transpose2d(torch.ones(1, 2, 2), torch.ones(1, 2, 2, 2), stride=2).shape
    torch.Size([2, 4, 4])
    """
    return _convolved(2, input, weight, bias, stride, padding, dilation, groups, output_padding)


@op(variants="function", composition=True)
def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Triple = (1, 1, 1),
    padding: Triple = (0, 0, 0),
    output_padding: Triple = (0, 0, 0),
    groups: SymInt = 1,
    dilation: Triple = (1, 1, 1),
) -> Any:
    """The 3-D convolution turned round, of volumes (N, C, D, H, W), or of one without N: each number spreads the kernel.

    `weight` is (C, O/groups, …). Its sizes are (n − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv_transpose3d(torch.ones(1, 2, 2, 2), torch.ones(1, 2, 2, 2, 2), stride=2).shape
    torch.Size([2, 4, 4, 4])
    """
    return _convolved(3, input, weight, bias, stride, padding, dilation, groups, output_padding)
