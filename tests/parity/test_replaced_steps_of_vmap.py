"""Packages replace steps of `torch._functorch.vmap` by their own, for collections of tensors: both libraries take these."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

import autogradkit as ak

BOTH = pytest.mark.parametrize("m", [ak, torch], ids=["autogradkit", "torch"])


class Bag:
    """Two tensors that `vmap` takes for one argument."""

    def __init__(self, left: Any, right: Any) -> None:
        self.parts = (left, right)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func.__name__ == "stack"
        return Bag(*(func([bag.parts[at] for bag in args[0]], *args[1:]) for at in (0, 1)))

    def unbind(self, dim: int) -> list[Bag]:
        """One for each sample."""
        return [Bag(*pair) for pair in zip(*(part.unbind(dim) for part in self.parts), strict=True)]


def replaced(m: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, with steps that know a Bag."""
    steps = importlib.import_module(f"{m.__name__}._functorch.vmap")
    add, remove = m._C._functorch._add_batch_dim, steps._maybe_remove_batch_dim
    process = steps._process_batched_inputs

    def _process_batched_inputs(in_dims: Any, args: Any, func: Any) -> Any:
        size, dims, _, _ = process(in_dims, tuple(bag.parts[0] for bag in args), func)
        leaves, structure = steps.tree_flatten(args)
        return size, dims, leaves, structure

    def _create_batched_inputs(dims: Any, leaves: Any, level: int, structure: Any) -> Any:
        given = [Bag(*(add(part, dim, level) for part in bag.parts)) for dim, bag in zip(dims, leaves, strict=True)]
        return steps.tree_unflatten(given, structure)

    def _unwrap_batched(output: Any, out_dims: int, level: int, size: int, func: Any) -> Any:
        return Bag(*(remove(steps._get_name(func), part, level, size, out_dims) for part in output.parts))

    for step in (_process_batched_inputs, _create_batched_inputs, _unwrap_batched):
        monkeypatch.setattr(steps, step.__name__, step)
    return steps


def numbers(m: Any) -> Bag:
    """Three samples of two tensors."""
    return Bag(m.arange(6.0).reshape(3, 2), m.tensor([10.0, 20.0, 30.0]))


@BOTH
@pytest.mark.parametrize("dim", [0, 1])
def test_a_function_of_a_collection(m: Any, dim: int, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(m, monkeypatch)
    bag = numbers(m)
    out = m.vmap(lambda bag: Bag(bag.parts[0].sum() * bag.parts[1], bag.parts[0] + bag.parts[1]), out_dims=0)(bag)
    assert [part.tolist() for part in out.parts] == [[10.0, 100.0, 270.0], [[10.0, 11.0], [22.0, 23.0], [34.0, 35.0]]]
    wide = Bag(bag.parts[0].t(), bag.parts[0].t() + 1)
    out = m.vmap(lambda bag: Bag(*(part * 2 for part in bag.parts)), in_dims=1, out_dims=dim)(wide)
    assert out.parts[1].shape == ((3, 2) if dim == 0 else (2, 3))


def test_samples_that_draw_different_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(ak, monkeypatch)
    ak.manual_seed(3)

    def noisy(bag: Bag) -> Bag:
        return Bag(bag.parts[0] + ak.rand(2), bag.parts[1])

    out = ak.vmap(noisy, randomness="different")(numbers(ak))
    drawn = out.parts[0] - numbers(ak).parts[0]
    assert out.parts[1].tolist() == [10.0, 20.0, 30.0]
    assert len(set(drawn.flatten().tolist())) == 6


@BOTH
def test_the_steps_by_their_names(m: Any) -> None:
    steps = importlib.import_module(f"{m.__name__}._functorch.vmap")
    assert steps._get_name(max) == "max"
    assert steps._broadcast_to_and_flatten(0, steps.tree_flatten((1, [2, 3]))[1]) == [0, 0, 0]
    with pytest.raises(ValueError, match="Expected all tensors to have the same size in the mapped dimension"):
        steps._process_batched_inputs(0, (m.ones(2), m.ones(3)), max)
    size, dims, leaves, _ = steps._process_batched_inputs((0, None, -1), (m.ones(2), 7, m.ones(3, 2)), max)
    assert (size, dims, leaves[1]) == (2, [0, None, 1], 7)


@BOTH
def test_other_private_names_that_packages_take(m: Any) -> None:
    module = importlib.import_module(f"{m.__name__}.nn.modules.module")
    kl = importlib.import_module(f"{m.__name__}.distributions.kl")
    normal = m.distributions.Normal
    assert (normal, normal) in kl._KL_REGISTRY
    assert isinstance(m.ones(1).untyped_storage(), m.StorageBase)
    assert isinstance(m.nn.Parameter, m.nn.parameter._ParameterMeta)
    seen = []
    handle = module.register_module_parameter_registration_hook(lambda module, name, given: seen.append(name))
    hooks = module._global_parameter_registration_hooks
    assert len(hooks) == 1
    m.nn.Linear(1, 1)
    handle.remove()
    assert (len(hooks), seen) == (0, ["weight", "bias"])
