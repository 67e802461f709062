"""NumPy's arrays and numbers beside tensors: whose operator runs, what comes out, and what is refused, as in PyTorch."""

from __future__ import annotations

import itertools
import operator
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

OPERATORS = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift",
    "eq", "ne", "lt", "le", "gt", "ge", "iadd", "isub", "imul", "itruediv", "iand", "ipow",
)  # fmt: skip
DTYPES = (("float32", "int64"), ("int64", "float64"), ("int64", "int64"), ("bool", "bool"), ("float32", "float32"))

LINES = """
x * a; a * x; x / a; a / x; x @ a; x - 2 * a
w * a; w - a; a / w; w ** a; w @ a; w == a; np.exp(w); np.array(w)
np.exp(x); np.maximum(a, x); np.isnan(x); np.sqrt(T.tensor(4.0)); np.add(1.0, T.tensor(4.0)); np.add.reduce(x); np.modf(x)
'a' / x; [1, 2] / x; None / x
x == np.array(["a"]); np.array([1, None]) == x; x != np.array([None]); x == np.array(["2020"], "M8[D]"); x < np.array(["a"])
1 in x; x in T.ones(2, 2); T.tensor(3) in x; True in x; 1j in x; 1 in T.tensor(1); T.ones(3) in x
'a' in x; None in x; [1.0] in x; np.float64(1) in x; np.float32(1) in x
T.tensor(a[::-1]); T.as_tensor(a[::-1]); T.from_numpy(a[::-1]); T.Tensor(a[::-1]); x.new_tensor(a[::-1]); T.tensor([a[::-1]])
T.tensor(a[:0][::-1]); T.tensor(np.zeros((2, 3))[:, ::2]); T.tensor(np.zeros(3, "i4,i1")["f0"])
T.from_numpy(np.zeros(3, "i4,i1")["f0"]); T.tensor(np.array([1, 2], ">i4")); T.from_numpy(np.array([1, 2], ">i4"))
x.__setitem__(0, np.float64(3)) or x; x.__setitem__(0, np.float32(3)); x.__setitem__(0, np.complex128(3)) or x
x.__setitem__(0, np.int64(3)) or x; x.__setitem__(0, np.bool_(True)); x.__setitem__(slice(None), np.float64(3)) or x
"""


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return str([_said(each) for each in value])
    details = f" {value.dtype} {tuple(value.shape)}" if hasattr(value, "dtype") else ""
    return f"{type(value).__name__}{details} {value}".replace("autogradkit", "torch")


def _outcome(call: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's __array_wrap__ is of a form that NumPy gives up
        try:
            return _said(call())
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"


@every_case("name", OPERATORS)
def test_an_operator_between_an_array_and_a_tensor(name: str) -> None:
    for (of_tensor, of_array), left in itertools.product(DTYPES, (True, False)):

        def call(library: Any, of_tensor: str = of_tensor, of_array: str = of_array, left: bool = left) -> Any:
            tensor = library.tensor([1, 2]).to(getattr(library, of_tensor))
            array = np.array([1, 3], of_array)
            return getattr(operator, name)(*((tensor, array) if left else (array, tensor)))

        case = f"{of_tensor} tensor, {of_array} array, tensor on the left: {left}"
        assert (case, _outcome(lambda: call(autogradkit))) == (case, _outcome(lambda: call(torch)))


@every_case("line", [each.strip() for line in LINES.strip().splitlines() for each in line.split(";")])
def test_a_line_with_an_array(line: str) -> None:
    def call(library: Any) -> Any:
        w = library.tensor([0.5, 2.0], requires_grad=True)
        return eval(line, {"T": library, "np": np, "a": np.array([1.0, 3.0]), "x": library.tensor([2.0, 4.0]), "w": w})

    assert _outcome(lambda: call(autogradkit)) == _outcome(lambda: call(torch))


@every_case(
    "line",
    [
        "w.numpy()",
        "(w * 2).numpy()",
        "np.asarray(w)",
        "np.exp(w)",
        "w * a",
        "a / w",
        "T.from_numpy(w.numpy())",
        "w.numpy(force=True)",
    ],
)
def test_without_gradients_what_requires_grad_gives_its_array(line: str) -> None:
    def call(library: Any) -> Any:
        w = library.tensor([0.5, 2.0], requires_grad=True)
        with library.no_grad():
            return eval(line, {"T": library, "np": np, "a": np.array([1.0, 3.0]), "w": w})

    assert _outcome(lambda: call(autogradkit)) == _outcome(lambda: call(torch))


def test_a_custom_function_computes_in_numpy() -> None:
    def call(library: Any) -> Any:
        class Exp(library.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.result = np.exp(x.numpy())
                return library.from_numpy(ctx.result)

            @staticmethod
            def backward(ctx: Any, grad_output: Any) -> Any:
                return grad_output * library.from_numpy(ctx.result)

        x = library.tensor([0.5, 2.0], requires_grad=True)
        Exp.apply(x).sum().backward()
        return x.grad

    assert _outcome(lambda: call(autogradkit)) == _outcome(lambda: call(torch))


@pytest.mark.filterwarnings("ignore:Setting the (shape|dtype) on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize(
    "read", [lambda x: x.numpy(), np.asarray, lambda x: x.data.numpy(), lambda x: x.numpy(force=True)]
)
def test_what_is_set_of_an_array_is_the_arrays_alone(read: Any) -> None:
    """Its shape, dtype and flags; what is written into it is the tensor's, too."""
    said: list[Any] = []
    for package in (autogradkit, torch):
        x = package.arange(6.0)
        array = read(x)
        array[0] = 7
        array.shape = 2, 3
        read(x).dtype = np.int32
        read(x).setflags(write=False)
        x += 1
        said.append((x.tolist(), tuple(x.shape), str(x.dtype), array.tolist(), array.strides))
    assert said[0] == said[1]
