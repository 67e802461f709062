"""`torch.overrides` beside PyTorch's: which functions ask and which do not, and what special methods of such a class are told."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit as ak

BOTH = pytest.mark.parametrize("m", [ak, torch], ids=["autogradkit", "torch"])


@BOTH
def test_functions_that_ask_are_listed_by_namespace(m: Any) -> None:
    listed = m.overrides.get_overridable_functions()
    stands_for = m.overrides.get_testing_overrides()
    ignored = m.overrides.get_ignored_functions()
    for home, names in (
        (m, "add relu cat where einsum norm"),
        (m.nn.functional, "dropout batch_norm softmax"),
        (m.Tensor, "add add_ __add__ view item"),
        (m.linalg, "det svd"),
        (m.fft, "fft"),
        (m.special, "erf"),
    ):
        for name in names.split():
            function = getattr(home, name)
            assert function in listed[home], name
            assert callable(stands_for[function])
            assert function not in ignored
    assert stands_for[m.add](1, 2) == -1
    with pytest.raises(TypeError):
        stands_for[m.add](1)
    for name in ("zeros", "randn", "arange", "manual_seed", "is_tensor"):
        assert getattr(m, name) in ignored
    assert m.Tensor.grad.__get__ in listed[m.Tensor.grad]


def test_as_many_functions_ask_as_pytorchs_but_for_those_that_are_not_here() -> None:
    ours, theirs = (
        {f"{m.overrides.resolve_name(each)}" for each in m.overrides.get_testing_overrides()} for m in (ak, torch)
    )
    assert len(theirs - ours) < len(theirs) // 6


def _told(m: Any, run: Any) -> list[str]:
    heard: list[str] = []

    class Told(m.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            heard.append(f"{func.__name__} {len(args)} {None if kwargs is None else {}}")
            return super().__torch_function__(func, types, args, kwargs)

    class Mode(m.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            heard.append(f"mode {func.__name__} {len(args)} {[each.__name__ for each in types]}")
            return func(*args, **(kwargs or {}))

    run(m.ones(1).as_subclass(Told))
    with Mode():
        run(m.ones(1))
    return heard


@pytest.mark.parametrize(
    "run", [len, bool, float, int, complex, repr, lambda x: 1.0 in x, lambda x: f"{x}", lambda x: 1 if x > 0 else 2]
)
def test_special_methods_ask(run: Any) -> None:
    assert _told(ak, run) == _told(torch, run)
