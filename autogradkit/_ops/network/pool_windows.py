"""Windows of poolings in two or three dimensions: what is refused, and the sizes of the result.

What follows from sizes alone is checked and worked out once for each. The ops of pooling call it.
"""

from __future__ import annotations

import functools

Shape = tuple[int, ...]
Window = tuple[Shape, Shape, Shape, Shape]  # kernel, stride, padding, dilation, each for every dimension

_WORDS = {2: "two", 3: "three"}


def _verb(name: str, what: str) -> str:
    if what == "dilation":
        return "be either"
    return "be" if name == "avg_pool3d" else "either be"


@functools.lru_cache(1024)
def spread_window(
    name: str, dims: int, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape = (1,)
) -> Window:
    """`window_of`, whose numbers may be any: PyTorch looks at the tensor's dimensions before it looks at them."""

    def spread(values: Shape, what: str, omitted: str = "") -> Shape:
        if len(values) not in (1, dims):
            raise RuntimeError(
                f"{name}: {what} must {_verb(name, what)} {omitted}a single int, or a tuple of {_WORDS[dims]} ints"
            )
        return values if len(values) == dims else values * dims

    kernel = spread(kernel_size, "kernel_size")
    step = spread(stride, "stride", "omitted, ") if stride else kernel
    return kernel, step, spread(padding, "padding"), spread(dilation, "dilation")


@functools.lru_cache(1024)
def window_of(
    name: str, dims: int, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape = (1,)
) -> Window:
    """(kernel, stride, padding, dilation), each for every dimension; without a stride that is the kernel's size."""
    kernel, step, around, gaps = spread_window(name, dims, kernel_size, stride, padding, dilation)
    if 0 in step:
        raise RuntimeError("stride should not be zero")
    if min(kernel) <= 0:
        raise RuntimeError(f"kernel size should be greater than zero, but got {_listed('k', kernel)}")
    for pad, size, gap in zip(around, kernel, gaps, strict=True):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > int((gap * (size - 1) + 1) / 2):  # as C divides
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={size} and "
                f"dilation={gap}"
            )
    if min(step) < 0:
        raise RuntimeError(f"stride should be greater than zero, but got {_listed('d', step)}")
    if min(gaps) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {_listed('dilation', gaps)}")
    return kernel, step, around, gaps


def _listed(prefix: str, values: Shape) -> str:
    return " ".join(f"{prefix}{letter}: {value}" for letter, value in zip("THW"[-len(values) :], values, strict=True))


def require_one_int(name: str, what: str, values: Shape) -> None:
    """Raise RuntimeError where a pooling of sequences is given several numbers for its one dimension."""
    if len(values) != 1:
        raise RuntimeError(f"{name}() argument '{what}' should contain one int (got {len(values)})")


def require_batch(dims: int, ndim: int) -> None:
    """Raise RuntimeError for a tensor that is neither batched nor one sample with channels."""
    if ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")


@functools.lru_cache(4096)
def pooled_shape(shape: Shape, window: Window, ceil_mode: bool, kernel: str = "") -> Shape:
    """The shape of what is pooled, batched or not; `kernel` is the function that PyTorch's text for volumes names."""
    dims = len(window[0])
    require_batch(dims, len(shape))
    if dims == 2 and 0 in shape[-3:]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )
    if dims == 3 and 0 in shape[-4:]:  # PyTorch's text names the size, which is 0, for the dimension
        raise RuntimeError(
            f"{kernel}: Expected input's non-batch dimensions to have positive length, but input has a shape of "
            f"{list(shape)} and non-batch dimension 0 has length zero!"
        )
    kernel_size, stride, padding, dilation = window
    found = [
        pooled_size(n, size, step, pad, gap, ceil_mode)
        for n, size, step, pad, gap in zip(shape[-dims:], kernel_size, stride, padding, dilation, strict=True)
    ]
    if min(found) < 1:
        given, made = ("x".join(map(str, (shape[-dims - 1], *sizes))) for sizes in (shape[-dims:], found))
        raise RuntimeError(f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small")
    return (*shape[:-dims], *found)


def pooled_size(n: int, size: int, step: int, pad: int, gap: int, ceil_mode: bool) -> int:
    """How many windows fit in one dimension."""
    reach = n + 2 * pad - gap * (size - 1) - 1
    count = (reach + (step - 1 if ceil_mode else 0)) // step + 1
    # The last window must begin inside the input or the padding before it.
    return count - 1 if ceil_mode and (count - 1) * step >= n + pad else count
