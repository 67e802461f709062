"""What learners get wrong most: the error or warning is PyTorch's, character for character.

Each mistake is a few lines of code run by both libraries; the type and the whole text must agree. Some are no mistake at
all though tutorials say so: they must run.
"""

from __future__ import annotations

import textwrap
import warnings
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

MISTAKES = {
    "backward a second time": """
        x = torch.ones(3, requires_grad=True)
        y = (x * x).sum()
        y.backward()
        y.backward()
    """,
    "a tensor built outside the loop": """
        w = torch.ones(3, requires_grad=True)
        scale = w.exp()
        for _ in range(2):
            (scale * 2).sum().backward()
    """,
    "saved values after they were freed": """
        x = torch.ones(3, requires_grad=True)
        y = x.exp().sum()
        y.backward()
        y.grad_fn.next_functions[0][0]._saved_result
    """,
    "the values and indices of max taken for a tensor": """
        x = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
        x.max(0).item()
    """,
    "the values and indices of sort in an operation": """
        x = torch.tensor([3.0, 1.0])
        torch.add(x.sort(), 1)
    """,
    "tensors in a list that are no single numbers": """
        torch.tensor([torch.arange(2), torch.arange(2)])
    """,
    "a list for a layer": """
        torch.nn.Conv2d(3, 2, 3)([1.0, 2.0, 3.0])
    """,
    "too much for max": """
        torch.max(torch.ones(2), 0, [1], 2)
    """,
    "labels that are no whole numbers, of the wrong number": """
        torch.nn.functional.cross_entropy(torch.ones(3), torch.ones(2))
    """,
    "labels of the pixels that are no whole numbers, of another size": """
        torch.nn.functional.cross_entropy(torch.ones(2, 3, 8, 8), torch.ones(2, 3, 4))
    """,
    "a norm without its input": """
        torch.nn.BatchNorm1d(3)()
    """,
    "a function called as a class": """
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * x

        Square(torch.ones(2)).sum()
    """,
    "a function called as an instance": """
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * x

        Square()(torch.ones(2))
    """,
    "in-place on a leaf": """
        w = torch.ones(3, requires_grad=True)
        w += 1
    """,
    "assignment into a leaf": """
        w = torch.ones(3, requires_grad=True)
        w[0] = 5
    """,
    "in-place on a view of a leaf": """
        w = torch.ones(3, requires_grad=True)
        w.view(3, 1).mul_(2)
    """,
    "in-place on a saved result": """
        x = torch.ones(3, requires_grad=True)
        y = x.exp()
        y.add_(1)
        y.sum().backward()
    """,
    "in-place on a saved sigmoid": """
        x = torch.ones(2, 3, requires_grad=True)
        y = torch.sigmoid(x)
        y[0, 0] = 0
        y.sum().backward()
    """,
    "in-place on a saved operand": """
        x = torch.ones(3, requires_grad=True)
        y = x * 2
        z = y * y
        y.zero_()
        z.sum().backward()
    """,
    "in-place on a saved leaf under no_grad": """
        w = torch.ones(3, requires_grad=True)
        loss = (w ** 2).sum()
        with torch.no_grad():
            w -= 0.1
        loss.backward()
    """,
    "in-place on a saved value that no node made": """
        w = torch.ones(3, requires_grad=True)
        data = torch.ones(3)
        loss = (w * data).sum()
        data.mul_(2)
        loss.backward()
    """,
    "in-place on a part of a saved value": """
        x = torch.ones(2, 3, requires_grad=True)
        y = x.tanh()
        y[:, 0].mul_(3)
        y.sum().backward()
    """,
    "in-place on one of several views": """
        x = torch.ones(2, 3, requires_grad=True) * 1
        first, second = x.unbind()
        first.mul_(2)
    """,
    "the base of several views edited": """
        x = torch.ones(2, 3, requires_grad=True) * 1
        first, second = x.split(1)
        x.mul_(2)
        first.sum().backward()
    """,
    "a view made under no_grad edited outside": """
        x = torch.ones(2, 3, requires_grad=True) * 1
        with torch.no_grad():
            row = x[0]
        row.mul_(2)
    """,
    "backward from many elements": """
        x = torch.ones(3, requires_grad=True)
        (x * 2).backward()
    """,
    "a gradient of another shape": """
        x = torch.ones(3, requires_grad=True)
        (x * 2).backward(torch.ones(2))
    """,
    "backward without anything to differentiate": """
        torch.ones(3).sum().backward()
    """,
    "item cuts the graph": """
        w = torch.ones(1, requires_grad=True)
        torch.tensor((w * 2).item()).backward()
    """,
    "detach cuts the graph": """
        w = torch.ones(3, requires_grad=True)
        (w * 2).detach().sum().backward()
    """,
    "no_grad cuts the graph": """
        w = torch.ones(3, requires_grad=True)
        with torch.no_grad():
            loss = (w * 2).sum()
        loss.backward()
    """,
    "numpy of a tensor that requires grad": """
        torch.ones(3, requires_grad=True).numpy()
    """,
    "grad of an unused input": """
        a, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
        torch.autograd.grad((a * 2).sum(), [a, b])
    """,
    "grad of an input that requires none": """
        a, b = torch.ones(3, requires_grad=True), torch.ones(3)
        torch.autograd.grad((a * b).sum(), [b])
    """,
    "view after transpose": """
        torch.arange(6.0).reshape(2, 3).t().view(6)
    """,
    "a view of the wrong size": """
        torch.arange(6.0).view(4, 2)
    """,
    "shapes that do not multiply": """
        torch.ones(2, 3) @ torch.ones(2, 3)
    """,
    "shapes that do not multiply, mm": """
        torch.mm(torch.ones(2, 3), torch.ones(2, 3))
    """,
    "shapes that do not broadcast": """
        torch.ones(2, 3) + torch.ones(2, 4)
    """,
    "a result that does not fit in place": """
        torch.ones(3).add_(torch.ones(2, 3))
    """,
    "float into an integer tensor in place": """
        torch.ones(3, dtype=torch.int64).mul_(0.5)
    """,
    "integers that require grad": """
        torch.tensor([1, 2], requires_grad=True)
    """,
    "integers asked to require grad": """
        torch.tensor([1, 2]).requires_grad_()
    """,
    "integers told to require grad": """
        x = torch.tensor([1, 2])
        x.requires_grad = True
    """,
    "a result told not to require grad": """
        y = torch.ones(3, requires_grad=True) * 2
        y.requires_grad = False
    """,
    "retain_grad without grad": """
        torch.ones(3).retain_grad()
    """,
    "a hook without grad": """
        torch.ones(3).register_hook(print)
    """,
    "the grad of a non-leaf": """
        y = torch.ones(3, requires_grad=True) * 2
        y.sum().backward()
        assert y.grad is None
    """,
    "a tensor made from a tensor": """
        x = torch.ones(3)
        torch.tensor(x)
    """,
    "a number from many elements": """
        torch.ones(3).item()
    """,
    "float of many elements": """
        float(torch.ones(3))
    """,
    "the truth of many elements": """
        if torch.ones(3) > 0:
            pass
    """,
    "the truth of no elements": """
        bool(torch.ones(0))
    """,
    "the length of a number": """
        len(torch.tensor(1.0))
    """,
    "a loop over a number": """
        for _ in torch.tensor(1.0):
            pass
    """,
    "an index too far": """
        torch.ones(3)[3]
    """,
    "an index of a number": """
        torch.tensor(1.0)[0]
    """,
    "too many indices": """
        torch.ones(3)[0, 0]
    """,
    "a negative step": """
        torch.ones(3)[::-1]
    """,
    "a dimension that is not there": """
        torch.ones(2, 3).sum(2)
    """,
    "cat of different sizes": """
        torch.cat([torch.ones(2, 3), torch.ones(2, 4)])
    """,
    "stack of different shapes": """
        torch.stack([torch.ones(3), torch.ones(4)])
    """,
    "memory written twice": """
        torch.ones(1, 3).expand(2, 3).add_(1)
    """,
    "memory read and written": """
        x = torch.arange(6.0)
        x[1:].copy_(x[:-1])
    """,
    "out= with grad": """
        x = torch.ones(3, requires_grad=True)
        torch.add(x, 1, out=torch.empty(3))
    """,
    "a grad of another shape assigned": """
        w = torch.ones(3, requires_grad=True)
        w.grad = torch.ones(2)
    """,
    "zero_grad sets None, so .data.zero_ fails": """
        w = torch.ones(3, requires_grad=True)
        w.grad.data.zero_()
    """,
    "deepcopy of a non-leaf": """
        import copy
        copy.deepcopy(torch.ones(3, requires_grad=True) * 2)
    """,
}

NO_MISTAKES = {
    "an edit of what nobody saved": """
        x = torch.ones(3, requires_grad=True)
        y = x * 2
        y.add_(1)
        y.sum().backward()
        result = x.grad
    """,
    "an edit after sin, whose input is saved": """
        x = torch.ones(3, requires_grad=True)
        y = x.sin()
        y.mul_(2)
        y.sum().backward()
        result = x.grad
    """,
    "backward twice through sums": """
        x = torch.ones(3, requires_grad=True)
        y = (x + x).sum()
        y.backward()
        y.backward()
        result = x.grad
    """,
    "gradients accumulate": """
        x = torch.ones(3, requires_grad=True)
        for _ in range(3):
            (x * 2).sum().backward()
        result = x.grad
    """,
    "a silent edit through .data gives a wrong gradient": """
        x = torch.ones(3, requires_grad=True)
        y = (x ** 2).sum()
        x.data.mul_(5)
        y.backward()
        result = x.grad
    """,
    "an edit through a view reaches the base": """
        x = torch.ones(2, 3, requires_grad=True)
        y = x * 3
        y[0].mul_(2)
        y.t()[1] = 0
        (y * y).sum().backward()
        result = x.grad
    """,
    "a manual step of descent": """
        w = torch.ones(3, requires_grad=True)
        (w ** 2).sum().backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        result = w
    """,
}


def outcome(library, code):
    """The result, the type and text of the error, and the warnings, of running `code`."""
    scope = {"torch": library}
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(textwrap.dedent(code), scope)
        except Exception as raised:
            error = type(raised).__name__, str(raised)
    texts = [(each.category.__name__, str(each.message).split(" (Triggered")[0]) for each in caught]
    result = scope.get("result")
    return None if result is None else result.tolist(), error, texts


@every_case("title", MISTAKES)
def test_a_famous_mistake(title):
    expected = outcome(torch, MISTAKES[title])
    assert expected[1] or expected[2], "this is no mistake"
    assert outcome(autogradkit, MISTAKES[title]) == expected


@pytest.mark.parametrize("title", NO_MISTAKES)
def test_what_runs_though_it_looks_wrong(title):
    expected = outcome(torch, NO_MISTAKES[title])
    assert expected[0] is not None
    ours = outcome(autogradkit, NO_MISTAKES[title])
    assert ours[1:] == expected[1:] == (None, [])
    assert ours[0] == pytest.approx(expected[0]) if isinstance(expected[0][0], float) else ours[0] == expected[0]


@every_case("name", ["eq", "lt", "ge", "rsub", "remainder", "pow", "bitwise_and", "add", "mul"])
@every_case("first", [2, "tensor"])
@every_case("second", [3, "tensor"])
def test_numbers_stand_for_tensors_where_they_may(name: str, first: object, second: object) -> None:
    def call(module: Any) -> str | None:
        whole = module.ones(2, dtype=module.int64)
        operands = [whole if each == "tensor" else each for each in (first, second)]
        try:
            getattr(module, name)(*operands)
        except TypeError as error:
            return str(error).splitlines()[0]
        return None

    assert call(autogradkit) == call(torch)
