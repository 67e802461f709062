"""`torch.library.opcheck` beside PyTorch's: operators that do what is registered of them, and others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.library

import autogradkit


def operator(m: Any, name: str, body: Callable[..., Any], fake: Callable[..., Any] | None, **registered: Any) -> Any:
    """An operator of one tensor."""

    def function(x: Any) -> Any:
        return body(x)

    function.__annotations__ = {"x": m.Tensor, "return": m.Tensor}
    made = m.library.custom_op(f"checked::{name}", function, mutates_args=())
    if fake is not None:
        made.register_fake(fake)
    if registered:
        made.register_autograd(registered["backward"], setup_context=registered.get("setup_context"))
    return made


def keep(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.save_for_backward(*inputs)


def fails(x: Any) -> Any:
    raise ValueError("of its own")


# Name, body, what it says it looks like, whether the operand requires grad, what is registered for backward.
CASES: dict[str, tuple[Any, Any, bool, dict[str, Any]]] = {
    "square": (lambda x: x * x, lambda x: x + 0, True, {
        "backward": lambda ctx, g: g * 2 * ctx.saved_tensors[0], "setup_context": keep,
    }),
    "undifferentiated": (lambda x: x * x, lambda x: x + 0, False, {}),
    "writes": (lambda x: x.add_(1).clone(), lambda x: x + 0, False, {}),
    "gives_its_operand": (lambda x: x, lambda x: x + 0, False, {}),
    "gives_a_view": (lambda x: x[1:], lambda x: x[1:] + 0, False, {}),
    "another_size": (lambda x: x[:2].clone(), lambda x: x + 0, False, {}),
    "another_dtype": (lambda x: x.double(), lambda x: x + 0, False, {}),
    "other_strides": (lambda x: x[:, None].expand(3, 2).t().clone(), lambda x: x.new_empty(2, 3), False, {}),
    "no_tensor": (lambda x: x + 1, lambda x: 3, False, {}),
    "no_fake": (lambda x: x + 1, None, False, {}),
    "no_backward": (lambda x: x * 2, lambda x: x + 0, True, {}),
    "wrong_backward": (lambda x: x * 2, lambda x: x + 0, True, {"backward": lambda ctx, g: g[:1]}),
    "raises": (fails, lambda x: x + 0, False, {}),
}  # fmt: skip


def answers(m: Any, name: str) -> tuple[str, dict[str, str]]:
    """What is raised, and what is given where nothing may be."""
    body, fake, differentiated, registered = CASES[name]
    made = operator(m, name, body, fake, **registered)

    def operand() -> Any:
        return m.tensor([1.0, -2.0, 0.5], requires_grad=differentiated)

    try:
        raised = str(m.library.opcheck(made, (operand(),)))
    except Exception as error:
        raised = f"{type(error).__name__} {error}"
    given = m.library.opcheck(made, (operand(),), raise_exception=False)
    where = re.compile(r"implementation in <module .*?>")  # of the function, or of PyTorch's module
    return where.sub("", raised), {key: where.sub("", str(value)) for key, value in given.items()}


@pytest.mark.parametrize("name", CASES)
def test_what_an_operator_does(name: str) -> None:
    assert answers(autogradkit, name) == answers(torch, name)


def test_an_operator_whose_kernel_is_not_differentiated() -> None:
    def outcomes(m: Any) -> list[str]:
        library = m.library.Library("checked_by_schema", "DEF")
        library.define("plain(Tensor x) -> Tensor")
        library.define("composed(Tensor x) -> Tensor")
        library.impl("plain", lambda x: x * 2, "CPU")
        library.impl("plain", lambda x: m.empty_like(x), "Meta")
        library.impl("composed", lambda x: x * 2, "CompositeImplicitAutograd")
        x = m.ones(2, requires_grad=True)
        with pytest.raises(Exception, match="does not have an autograd kernel") as caught:
            m.library.opcheck(m.ops.checked_by_schema.plain.default, (x,))
        composed = m.library.opcheck(m.ops.checked_by_schema.composed, (x,), test_utils="test_autograd_registration")
        return [type(caught.value).__name__, str(caught.value), str(composed)]

    assert outcomes(autogradkit) == outcomes(torch)


def test_what_is_no_operator_or_no_check_is_refused() -> None:
    def outcomes(m: Any) -> list[str]:
        made = operator(m, "plain", lambda x: x + 1, lambda x: x + 0)
        found: list[str] = []
        for op, checks in ((3, "test_schema"), ("checked::plain", "test_schema"), (made, ["test_schema", "x"])):
            with pytest.raises(ValueError, match=r"opcheck\(op, ") as caught:
                m.library.opcheck(op, (m.ones(1),), test_utils=checks)
            found.append(str(caught.value))
        return found

    assert outcomes(autogradkit) == outcomes(torch)
