"""`torch.overrides.TorchFunctionMode`: what a mode hears, and what becomes of it, beside PyTorch's."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch

import autogradkit

BOTH = pytest.mark.parametrize("m", [autogradkit, torch], ids=["autogradkit", "torch"])


def _log_class(m: Any, heard: list[Any]) -> Any:
    class Log(m.overrides.TorchFunctionMode):
        def __init__(self, name: str = "") -> None:
            self.name = name

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            told = None if kwargs is None else {name: value for name, value in kwargs.items() if not m.is_tensor(value)}
            heard.append((self.name, func.__name__, [each.__name__ for each in types], len(args), told))
            return func(*args, **(kwargs or {}))

    return Log


def _calls(m: Any) -> list[Any]:
    heard: list[Any] = []
    log = _log_class(m, heard)
    x = m.tensor([[1.0, 2.0], [3.0, 4.0]])
    with log("a"):
        m.zeros(2)
        m.tensor([1.0])
        y = x + 1
        y = x @ y
        y += 2
        y == x  # noqa: B015
        -y  # noqa: B018
        2**y
        y[0]
        y[0] = 1
        y.T  # noqa: B018
        y.size()
        y.reshape(4)
        m.square(y)
        m.einsum("ij->i", y)
        m.cat([y, y])
        y.split(1)
        m.norm(y)
        m.nn.functional.relu(y)
        m.nn.functional.dropout(y, 0.5, training=False)
        m.nn.functional.cross_entropy(y, m.tensor([0, 1]))
        m.nn.functional.sigmoid(y)
        m.nn.functional.layer_norm(y, (2,))
        m.linalg.det(y)
        m.manual_seed(0)
    m.add(x, 1)
    m.nn.functional.relu(x)
    with log("outer"), log("inner"):
        m.add(x, x)
        m.nn.functional.gelu(x)
    return [(name, what, types, count, told or None) for name, what, types, count, told in heard]


def test_modes_hear_what_pytorch_tells_them() -> None:
    assert _calls(autogradkit) == _calls(torch)


@BOTH
def test_a_mode_may_give_another_result(m: Any) -> None:
    class Doubled(m.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return 2 * func(*args, **(kwargs or {}))

    x = m.tensor([3.0, -1.0])
    with Doubled():
        found = m.abs(x), m.nn.functional.relu(x), m.ones(2)
    assert [each.tolist() for each in found] == [[6.0, 2.0], [6.0, 0.0], [2.0, 2.0]]
    assert m.abs(x).tolist() == [3.0, 1.0]
    assert m.nn.functional.relu(x).tolist() == [3.0, 0.0]
    assert x[0].item() == 3.0


@BOTH
def test_a_mode_that_knows_no_function_is_named(m: Any) -> None:
    class Nothing(m.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return NotImplemented

        def __repr__(self) -> str:
            return "Nothing()"

    x = m.ones(2)
    with Nothing():
        with pytest.raises(TypeError, match=r"Multiple dispatch failed for 'torch.add'[^-]*- mode object Nothing\(\)"):
            m.add(x, 1)
        with pytest.raises(TypeError, match=r"'torch.nn.functional.relu' on types .*: \[\] nor in mode Nothing\(\)"):
            m.nn.functional.relu(x)
        with pytest.raises(TypeError, match="unsupported operand"):
            x + 1  # pyright: ignore[reportUnusedExpression]


@BOTH
def test_the_stack_is_told_and_an_error_ends_the_block(m: Any) -> None:
    stack = m.overrides._get_current_function_mode_stack
    mode = m.overrides.BaseTorchFunctionMode()
    with mode:
        assert stack() == [mode]
    assert stack() == []
    with pytest.raises(NotImplementedError), m.overrides.TorchFunctionMode():
        m.ones(2)
    assert stack() == []


@BOTH
def test_modes_come_before_classes_and_functions_of_ones_own_ask(m: Any) -> None:
    heard: list[Any] = []
    log = _log_class(m, heard)

    class Named(m.Tensor):
        pass

    def own(x: Any) -> Any:
        if m.overrides.has_torch_function_unary(x):
            return m.overrides.handle_torch_function(own, (x,), x)
        return x

    x = m.ones(2).as_subclass(Named)
    with log():
        assert type(x + 1).__name__ == "Named"
        assert type(m.nn.functional.relu(x)).__name__ == "Named"
        own(m.ones(1))
    assert [(each[1], each[2]) for each in heard] == [
        ("add", ["Named"]),
        ("relu", ["Named"]),
        ("ones", []),
        ("own", ["Tensor"]),
    ]


@BOTH
def test_where_functions_are_disabled_nobody_hears(m: Any) -> None:
    heard: list[Any] = []
    log = _log_class(m, heard)
    with log():
        with m._C.DisableTorchFunction():
            m.ones(2)
        with m._C.DisableTorchFunctionSubclass():
            m.ones(3)
    assert [each[1] for each in heard] == ["ones"]


NAMED = """
add relu zeros manual_seed linalg.svd linalg.norm fft.fft special.erf nn.init.xavier_uniform_ stft einsum cdist norm nn.Linear
nn.functional.relu nn.functional.linear conv2d softmax multiply Tensor.add Tensor.__add__ Tensor.__radd__ Tensor.backward __name__
Tensor.to Tensor.__getitem__ Tensor.mul_ Tensor.shape.__get__ Tensor.T.__get__ Tensor.__len__ ops.aten.add ops.aten.add.Tensor
""".split()  # noqa: SIM905


def test_functions_have_names_from_torch_on() -> None:
    for path in NAMED:
        names = [m.overrides.resolve_name(functools.reduce(getattr, path.split("."), m)) for m in (autogradkit, torch)]
        assert names[0] == names[1], path
