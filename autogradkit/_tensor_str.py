"""What packages ask of `torch._tensor_str`, PyTorch's private module that prints tensors: options, and the text of numbers."""

from __future__ import annotations

from autogradkit.core.printing import OPTIONS as PRINT_OPTS  # noqa: F401 - PyTorch's name
from autogradkit.core.printing import contents as _contents
from autogradkit.core.printing import get_printoptions as get_printoptions
from autogradkit.core.printing import printoptions as printoptions
from autogradkit.core.printing import set_printoptions as set_printoptions
from autogradkit.core.printing import shown_part as _shown_part
from autogradkit.core.printing import tensor_repr as _tensor_repr
from autogradkit.core.tensor import Tensor


def _tensor_str(self: Tensor, indent: int) -> str:
    """The numbers in brackets, lines after the first set in by `indent`.

    >>> import autogradkit as torch
    >>> print(_tensor_str(torch.eye(2), 2))
    [[1., 0.],
       [0., 1.]]
    """
    return _contents(_shown_part(self._array), self._array.shape, indent)


def _str(self: Tensor) -> str:
    """What `print` writes of a tensor."""
    return _tensor_repr(self)
