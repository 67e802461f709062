"""How a quantised tensor's whole numbers stand for numbers: PyTorch's `qscheme` and its five values.

Rests on nothing; `quantization` has the tensors, and checkpoints name these.
"""

from __future__ import annotations


class qscheme:  # noqa: N801 - as PyTorch calls it
    """One scale for a whole tensor or one for each channel, with a zero point of its own (affine) or none (symmetric).

    >>> import autogradkit as torch
    >>> torch.per_tensor_affine, isinstance(torch.per_tensor_affine, torch.qscheme)
    (torch.per_tensor_affine, True)
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name


per_tensor_affine = qscheme("per_tensor_affine")
per_tensor_symmetric = qscheme("per_tensor_symmetric")
per_channel_affine = qscheme("per_channel_affine")
per_channel_symmetric = qscheme("per_channel_symmetric")
per_channel_affine_float_qparams = qscheme("per_channel_affine_float_qparams")
SCHEMES = (
    per_tensor_affine,
    per_tensor_symmetric,
    per_channel_affine,
    per_channel_symmetric,
    per_channel_affine_float_qparams,
)
