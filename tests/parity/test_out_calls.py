"""What `out=` takes and what it refuses is as in PyTorch; `KNOWN` says where it is not, and why."""

from __future__ import annotations

import pytest

from .out_calls import NAMES, differences

KNOWN = {
    **dict.fromkeys(
        ("normal", "randn", "rand", "randint", "bernoulli"), "draws into other dtypes, where PyTorch fills `out`"
    ),
    **dict.fromkeys(("linspace", "arange", "empty"), "`out` of other sizes or without elements, and its version"),
    **dict.fromkeys(("std", "var"), "PyTorch computes in the dtype of `out`, and refuses complex ones"),
    "logsumexp": "into float64 the last bits of float32's exponentials show",
    **dict.fromkeys(("log_softmax", "floor_divide"), "PyTorch writes, and gives a node that refuses later"),
    "diag": "the name of the op that writes, and a node as above",
    "multinomial": "a larger `out` is resized without a warning",
    "nn.functional.linear": "takes `out=` in Python's form only",
    "masked_fill": "no function of PyTorch's Python writes it into a number or a list",
}
NUMBERS_AS_TENSORS = {
    "add", "sub", "mul", "div", "divide", "subtract", "multiply", "true_divide", "floor_divide", "index_fill", "scatter",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name not in KNOWN])
def test_it_is_as_in_pytorch(name: str) -> None:
    found = [
        f"{case}\n    {text}"
        for case, text in differences(name)
        if text is not None and not (name in NUMBERS_AS_TENSORS and case.endswith(("a number", "a list")))
    ]
    assert not found, "\n".join(found)
