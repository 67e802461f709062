"""What `out=` takes and what it refuses is as in PyTorch; `KNOWN` says where it is not, and why."""

from __future__ import annotations

import pytest

from .out_calls import NAMES, differences

KNOWN = {
    "normal": "PyTorch draws for the sizes of `out` first, and adds the means then",
    "empty": "`out` of other sizes or without elements, and its version",
    **dict.fromkeys(("logsumexp", "special.logsumexp"), "into float64 the last bits of float32's exponentials show"),
    "diag": "the name of the op that writes",
    "narrow_copy": "PyTorch writes a transposed `out` in another order",
    "isin": "PyTorch resizes `out` to no elements on the way, and warns of that",
    "nn.functional.avg_pool3d": "PyTorch writes a transposed `out` in another order",
    "nn.functional.gelu": "PyTorch leaves a transposed `out` as it was",
    "cross": "PyTorch warns of a dimension that is not said only where there is no `out`",
    "kron": "PyTorch counts no edit of `out`",
    "linalg.matrix_rank": "PyTorch warns of resizing `out` to what it computes on the way",
    "fft.ifft": "the strides of dimensions of one element",
    "fft.ihfftn": "over one dimension PyTorch leaves `out` as it was",
    "nn.functional.linear": "of whole numbers PyTorch says more of the dtype of `out`",
}
NUMBERS_AS_TENSORS = {
    "add", "sub", "mul", "div", "divide", "subtract", "multiply", "true_divide", "floor_divide", "index_fill", "scatter",
}  # fmt: skip


def _found(name: str) -> list[str]:
    return [
        f"{case}\n    {text}"
        for case, text in differences(name)
        if text is not None and not (name in NUMBERS_AS_TENSORS and case.endswith(("a number", "a list")))
    ]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in KNOWN])
def test_it_is_as_in_pytorch(name: str) -> None:
    found = _found(name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", KNOWN)
def test_every_exemption_is_needed(name: str) -> None:
    assert _found(name)
