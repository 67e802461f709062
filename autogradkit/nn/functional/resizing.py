"""Images, sequences and volumes of another size, and their pixels in another order.

Rests on the declared ops of `_ops/network`; interpolate chooses among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autogradkit._ops.declare.kinds import is_integer, is_number
from autogradkit._ops.network import rearranging
from autogradkit._ops.network.resampling import UPSAMPLES
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.functional.poolings import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

__all__ = [
    "channel_shuffle", "fold", "interpolate", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "unfold",
    "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip

channel_shuffle = rearranging.channel_shuffle.owner.front("function")
native_channel_shuffle = rearranging.native_channel_shuffle.owner.front("function")
pixel_shuffle = rearranging.pixel_shuffle.owner.front("function")
pixel_unshuffle = rearranging.pixel_unshuffle.owner.front("function")
_im2col = rearranging.im2col.owner.front("function")
_col2im = rearranging.col2im.owner.front("function")

_WANTS = {"linear": 3, "bilinear": 4, "trilinear": 5}  # dimensions of an input
_MEANS: dict[int, Any] = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}


def _sizes_for(input: Tensor, size: Any) -> Sequence[int]:
    dims = input.dim() - 2
    if not isinstance(size, list | tuple):
        return [size] * dims
    if len(size) != dims:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of "
            f"{list(input.shape[2:])} and output size of {size}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
            "format and output size in (o1, o2, ...,oK) format."
        )
    if not all(is_integer(each) or isinstance(each, bool) for each in size):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with "
            f"types {[type(each) for each in size]}"
        )
    return size


def _require_sizes(name: str, sizes: Sequence[Any], *options: str) -> None:
    """Raise TypeError where the first size is no integer, or one has more than 64 bits, in the words of the op."""
    for at, size in enumerate(sizes):
        if is_integer(size) and not -(2**63) <= size < 2**63:
            raise TypeError(
                f"{name}(): argument 'output_size' failed to unpack the object at pos {at + 1} with error \"Overflow when "
                "unpacking long long"
            )
    if not sizes or is_integer(sizes[0]) or isinstance(sizes[0], Tensor):
        return
    given = f"!list of [{', '.join(type(each).__name__ for each in sizes)}]!"
    raise _no_form(name, len(sizes), options, ("list", "NoneType"), (given, "!NoneType!"))


def _require_scales(name: str, scales: Sequence[Any], *options: str) -> None:
    """Raise TypeError where a factor is no real number, in the words of the op that was to have them."""
    if scales and (isinstance(scales[0], Tensor) or not is_number(scales[0])):
        kind, opened, closed = ("tuple", "(", ")") if isinstance(scales, tuple) else ("list", "[", "]")
        given = f"!{kind} of {opened}{', '.join(type(each).__name__ for each in scales)}{closed}!"
        raise _no_form(name, len(scales), options, ("NoneType", kind), ("!NoneType!", given))
    for at, each in enumerate(scales):
        if isinstance(each, complex) or not (is_number(each) or isinstance(each, Tensor)):
            raise TypeError(
                f"{name}(): argument 'scale_factors' must be tuple of floats, but found element of type {type(each).__name__} "
                f"at pos {at + 1}"
            )


def _no_form(
    name: str, dims: int, options: Sequence[str], got: tuple[str, str], wrong: tuple[str, str]
) -> TypeError:  # fmt: skip
    """That an op has no form for such sizes and factors; `options` stand between the two."""
    types = "".join(f"{each.split()[0]}, " for each in options)
    listed = "".join(f"{each}, " for each in options)
    scales = "".join(f"float scales{each} = None, " for each in ("_d", "_h", "_w")[3 - dims :] if dims > 1)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got (Tensor, {got[0]}, {types}{got[1]}), but expected one of:\n"
        f" * (Tensor input, tuple of ints output_size, {listed}tuple of floats scale_factors)\n"
        f"      didn't match because some of the arguments have invalid types: (Tensor, {wrong[0]}, {types}{wrong[1]})\n"
        f" * (Tensor input, tuple of ints output_size, {listed}{scales or 'float scales = None, '}*, Tensor out = None)\n"
    )


def _scales_for(input: Tensor, scale_factor: Any) -> Sequence[float]:
    dims = input.dim() - 2
    if not isinstance(scale_factor, list | tuple):
        return [scale_factor] * dims
    if len(scale_factor) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions "
            f"of {list(input.shape[2:])} and scale_factor of shape {scale_factor}. Please provide input tensor in (N, C, d1, "
            "d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    return scale_factor


@entry
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The input (N, C, …) at another `size`, or `scale_factor` times as large.

    `mode`: "nearest", "nearest-exact", "area"; "linear" of sequences, "bilinear" and "bicubic" of images, "trilinear" of
    volumes, with `align_corners` if the outer places are to stay where they are. `antialias` smooths images that become
    smaller; of images "lanczos" is such a mode, too. Raises ValueError for arguments that do not fit together,
    NotImplementedError for other dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    sizes = None if size is None else _sizes_for(input, size)
    scales = None if scale_factor is None else _scales_for(input, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if scales is not None and (recompute_scale_factor or mode == "area"):
        own: Any = input.size()
        sizes = [int(n * scale) for n, scale in zip(own[2:], scales, strict=True)]
        scales = None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    dims = input.dim()
    if mode == "lanczos" and dims == 4:
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    if mode == "area" and dims in _MEANS:
        return _MEANS[dims](input, sizes)
    upsample = UPSAMPLES.get((f"{mode}_aa" if antialias else mode, dims - 2))
    if upsample is not None:
        options = () if "nearest" in mode else ("bool align_corners",)
        if scales is not None:
            _require_scales(upsample.name, scales, *options)
        elif sizes is not None:
            _require_sizes(upsample.name, sizes, *options)
            sizes = [int(each) if isinstance(each, bool) else each for each in sizes]
        return upsample(input, None if sizes is None else tuple(sizes), bool(align_corners), scales)
    if mode in _WANTS and dims in (3, 4, 5):
        raise NotImplementedError(f"Got {dims}D input, but {mode} mode needs {_WANTS[mode]}D input")
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims}D) for the modes: nearest | linear | bilinear | "
        f"bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The old name of `interpolate`, with PyTorch's warning."""
    _warn_of("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old name of `interpolate` by "nearest", with PyTorch's warning."""
    _warn_of("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old name of `interpolate` by "bilinear" with aligned corners, with PyTorch's warning."""
    _warn_of("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_of(name: str) -> None:
    warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.")


def _pair(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value, value)


@entry
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Each window of images (N, C, H, W) or (C, H, W) as a column: (N, C·kh·kw, windows).

    >>> import autogradkit as torch
    >>> torch.nn.functional.unfold(torch.ones(1, 3, 4, 4), 2).shape
    torch.Size([1, 12, 9])
    """
    return _im2col(input, _pair(kernel_size), _pair(dilation), _pair(padding), _pair(stride))


@entry
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns back at the places of their windows in images of `output_size`, added up where these meet.

    >>> import autogradkit as torch
    >>> torch.nn.functional.fold(torch.ones(1, 4, 4), (3, 3), 2)
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    return _col2im(input, _pair(output_size), _pair(kernel_size), _pair(dilation), _pair(padding), _pair(stride))
