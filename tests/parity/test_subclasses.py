"""Classes of tensors as teaching code makes them, beside PyTorch: what comes out of ops on them, and `__torch_function__`."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

CLASSES = """
class X(torch.Tensor):
    pass

class Y(X):
    pass

class Z(torch.Tensor):
    pass

class Tagged(torch.Tensor):
    @staticmethod
    def __new__(cls, data, tag=None):
        return super().__new__(cls, data)

    def __init__(self, data, tag=None):
        self.tag = tag

class Slotted(torch.Tensor):
    __slots__ = ("more",)

class Weight(torch.nn.Parameter):
    pass

calls = []

class Logged(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        calls.append((func.__name__, [each.__name__ for each in types], len(args)))
        return super().__torch_function__(func, types, args, kwargs)

class Units(torch.Tensor):
    handlers = {}

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func in cls.handlers:
            return cls.handlers[func](*args, **(kwargs or {}))
        return NotImplemented

Units.handlers[torch.mean] = lambda x: "the mean of units"
Units.handlers[torch.Tensor.add] = lambda x, y: "a sum"

class Around(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func(*[each.within if isinstance(each, cls) else each for each in args])

def around():
    made = Around(torch.ones(2))
    made.within = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    (made.within * 3).sum().backward()
    return made

class Seen(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, what):
        return what(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.reshape(2) * 2, None

def seen(x, what):
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    result = Seen.apply(x(leaf * 3), what)
    result.sum().backward()
    return result, leaf.grad

class Scalar:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func.__name__, len(args)

class Holding(torch.nn.Module):
    def parameters(self):
        self.held = around()
        return [self.held]

def module(w):
    made = torch.nn.Module()
    made.w = w
    return made

parameter = torch.nn.Parameter
x, y, z, one = X([1.0, 2.0]), Y([3.0, 4.0]), Z([5.0, 6.0]), torch.ones(2)
leaf = X([1.0, 2.0]).requires_grad_()
log = Logged([1.0, 2.0])
"""
LINES = [
    "x + 1, 1 + x, x * one, one - x, -x, x ** 2, 2 / x, x == 1, x @ x",
    "x.sum(), x.exp(), torch.exp(x), torch.stack([x, x]), torch.cat((one, x)), torch.where(x > 1, x, one)",
    "x[0], x[:1], x[x > 1], x.view(2, 1), x.unsqueeze(0).mT, x.detach(), x.clone(), x.data, x.to(torch.float64), x.double()",
    "x.max(0), x.sort(), list(x.split(1)), list(x.unbind()), torch.broadcast_tensors(x, one)",
    "x.new_zeros(2), torch.zeros_like(x), x.contiguous(), x.tolist(), x.shape, x.size(), x.item",
    "torch.nn.functional.relu(x), torch.nn.functional.mse_loss(x, one), torch.einsum('i->', x), torch.tensordot(x, x, 1)",
    "x.add_(1), x",
    "one.add_(x), type(one)",
    "y + x, x + y, y * 1",
    "x + z",
    "torch.add(x, z)",
    "x.add(z)",
    "Tagged([1.0], tag=7).tag, Tagged([1.0], tag=7) + 1, hasattr(Tagged([1.0]) + 1, 'tag')",
    "Slotted([1.0]) + 1, type(Slotted([1.0]) + 1)",
    "Weight(one) + 1, type(Weight(one)), isinstance(Weight(one), torch.nn.Parameter), Weight(one) * x",
    "X(x), X(one), X([1, 2]), X(2).shape, X(), one.as_subclass(X), x.as_subclass(torch.Tensor), torch.Tensor(x)",
    "torch.Tensor._make_subclass(X, one), torch.Tensor._make_subclass(X, one, True), X.__new__(X, [1.0])",
    "torch.Tensor._make_subclass(X, torch.ones(2, dtype=torch.int64), True)",
    "repr(x), str(x), repr(X([[1, 2]])), torch.is_tensor(x), isinstance(x, torch.FloatTensor), X([1]).type()",
    "leaf * 2, (leaf * 2).grad_fn.next_functions[0][0].name(), leaf.is_leaf, leaf[0].grad_fn.name()",
    "(leaf * leaf).sum().backward(), leaf.grad, type(leaf.grad)",
    "around().grad, setattr(held := around(), 'grad', None), held.within.grad, held.grad",
    "[held := around(), setattr(held, 'grad', one), held.within.grad][2]",
    "[held := around(), delattr(held, 'grad'), held.within.grad][2]",
    "[torch.nn.Module.zero_grad(module := Holding()), module.held.within.grad, module.held.grad]",
    "repr(Weight(one)), torch.Tensor.__repr__(Weight(one)), torch.Tensor.__repr__(torch.nn.Parameter(one))",
    "log + 1, 1 + log, log * log, log - 1, log[0], torch.exp(log), log.sum(), calls[:]",
    "log.add_(1), torch.stack([log, log]), log == log, log.T, log.view(2, 1), log.to(torch.float64), log @ log, -log, calls[:]",
    "[log < 1, log <= 1, log > 1, log >= 1, log != 1, log == 1] and calls[:]",
    "1 - log, 2 / log, log // 2, 5 // log, log % 2, 5 % log, log ** 2, 2 ** log, calls[:]",
    "[i := log.int(), i << 1, i >> 1, 1 << i, i & 1, i | 1, i ^ 1, 1 & i, 1 | i, 1 ^ i, ~i, calls[1:]]",
    "[i := log.int(), i.__iand__(1), i.__ior__(1), i.__ixor__(1), i.__ilshift__(1), i.__irshift__(1), calls[1:]]",
    "torch.nn.functional.relu(one), torch.sum(log, dim=0), log.max(0), torch.zeros_like(log), calls[:]",
    "torch.mean(Units([1.0])), Units([1.0]) + 1",
    "torch.exp(Units([1.0]))",
    "Units([1.0]) * 2",
    "torch.add(Scalar(), 1), torch.stack([Scalar()]), torch.exp(Scalar()), torch.add(one, Scalar()), one.mul(Scalar())",
    "one + Scalar()",
    "seen(lambda x: x, lambda x: x.view(2, 1).as_subclass(X))",
    "seen(lambda x: x.as_subclass(X), lambda x: x)",
    "seen(lambda x: x.as_subclass(X), lambda x: x * 2)",
    "repr(p := parameter(x)), p, isinstance(p, torch.nn.Parameter), isinstance(p, Weight), p.data_ptr() == x.data_ptr(), p * 2",
    "parameter(x, False), parameter(Tagged([1.0], 7)), parameter(leaf * 2), torch.nn.Buffer(x), isinstance(x, parameter)",
    "Weight(x), Weight(parameter(one)), parameter(torch.nn.Buffer(one))",
    "parameter(Weight(one))",
    "Weight(Weight(one))",
    "parameter(x.long(), False)",
    "parameter(x.long())",
    "[setattr(one, '_is_param', True), isinstance(one, torch.nn.Parameter), isinstance(one, Weight), issubclass(X, parameter)]",
    "(m := module(parameter(x))).w, m.double().w, m.state_dict()['w'], m.load_state_dict({'w': torch.zeros(2)}), m.w, repr(m.w)",
    "setattr(module(parameter(x)), 'w', x)",
    "torch.nn.ParameterList([parameter(x), x, one])[0], repr(torch.nn.ParameterDict({'a': parameter(x), 'b': one}))",
    "copy.copy(Tagged([1.0], 5)).tag, type(copy.copy(Tagged([1.0])))",
]


def _shown(value: Any) -> Any:
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        return type(value).__name__, np.round(value.tolist(), 5).tolist(), value.requires_grad
    if isinstance(value, tuple | list):
        return [_shown(each) for each in value]
    if isinstance(value, type):
        return value.__name__
    return value if isinstance(value, str | int | float | bool) or value is None else type(value).__name__


def _outcome(module: Any, line: str) -> Any:
    names: dict[str, Any] = {"torch": module, "copy": copy, "__name__": "somewhere"}
    exec(CLASSES, names)
    names["calls"].clear()
    try:
        return _shown(eval(line, names))
    except Exception as error:
        return type(error).__name__, str(error).split("\n")[0]


@pytest.mark.filterwarnings("ignore:The use of `x.T` on tensors")
@every_case("line", LINES)
def test_a_line_comes_to_the_same(line: str) -> None:
    ours, theirs = _outcome(autogradkit, line), _outcome(torch, line)
    if isinstance(theirs, list) and "item" in line:
        ours, theirs = ours[:-1], theirs[:-1]
    assert ours == theirs


class Named(autogradkit.Tensor):
    """A class at the top of a module, as pickle wants it."""


def test_a_pickle_and_a_deep_copy_keep_class_and_attributes() -> None:
    x = Named([1.0, 2.0])
    x.tag = ["kept"]  # pyright: ignore[reportAttributeAccessIssue]
    for made in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert type(made) is Named
        assert made.tag == ["kept"]
        assert made.tolist() == [1, 2]
        assert made.tag is not x.tag  # pyright: ignore[reportAttributeAccessIssue]


def test_what_is_recorded_of_a_subclass_is_what_came_out() -> None:
    x = Named([1.0, 2.0]).requires_grad_()
    with autogradkit.record() as trace:
        y = (x * 3).sum()
        y.backward()
    assert type(y) is Named
    assert [each.name for each in trace.ops] == ["mul", "alias", "sum", "alias"]


def test_a_module_with_a_parameter_of_a_user_s_class_trains() -> None:
    class Weight(autogradkit.nn.Parameter):
        pass

    layer = autogradkit.nn.Linear(2, 1)
    layer.weight = Weight(autogradkit.ones(1, 2))
    optimizer = autogradkit.optim.SGD(layer.parameters(), lr=0.5)
    layer(autogradkit.tensor([[2.0, 3.0]])).sum().backward()
    optimizer.step()
    assert type(layer.weight) is Weight
    assert layer.weight.tolist() == [[0.0, -0.5]]
