"""Whole modules in checkpoints: what PyTorch saves is called here as there, and what is saved here is called in PyTorch."""

from __future__ import annotations

import copy
import io
import warnings
from typing import Any

import pytest
import torch
from torch.nn.modules.module import Module as TheirModule

import autogradkit
from autogradkit.nn.modules.module import Module
from autogradkit.serialization.names import found, global_name

BOTH = (autogradkit, torch)
LAYERS = [name for name in dir(autogradkit.nn) if name[0] != "_" and isinstance(getattr(autogradkit.nn, name), type)]
MODULES = [name for name in LAYERS if issubclass(getattr(autogradkit.nn, name), Module)]


def exchanged(value: Any, writes: Any, reads: Any) -> Any:
    file = io.BytesIO()
    writes.save(value, file)
    file.seek(0)
    return reads.load(file, weights_only=False)


def lenet(m: Any) -> Any:
    m.manual_seed(5)
    return m.nn.Sequential(
        m.nn.Conv2d(1, 6, 5, padding=2), m.nn.Sigmoid(), m.nn.AvgPool2d(2), m.nn.Conv2d(6, 16, 5, padding_mode="circular"),
        m.nn.BatchNorm2d(16), m.nn.ReLU(), m.nn.MaxPool2d(2), m.nn.Flatten(), m.nn.LazyLinear(84), m.nn.Dropout(0.3),
        m.nn.Linear(84, 10), m.nn.Softmax(-1),
    )  # fmt: skip


@pytest.mark.parametrize(("writes", "reads"), [(0, 1), (1, 0), (0, 0)])
def test_a_network_goes_on_in_the_other_library(writes: int, reads: int) -> None:
    made = lenet(BOTH[writes])
    images = BOTH[writes].rand(2, 1, 28, 28)
    made.eval()(images)
    made[0].bias.requires_grad_(False)
    loaded = exchanged(made, BOTH[writes], BOTH[reads])
    assert str(loaded) == str(made)
    assert [(name, each.requires_grad) for name, each in loaded.named_parameters()] == [
        (name, each.requires_grad) for name, each in made.named_parameters()
    ]
    assert [module.training for module in loaded.modules()] == [module.training for module in made.modules()]
    ours = loaded(BOTH[reads].tensor(images.tolist()))
    assert ours.detach().numpy() == pytest.approx(made(images).detach().numpy(), abs=1e-6)
    loaded.train()(BOTH[reads].rand(2, 1, 28, 28)).sum().backward()
    assert loaded[10].weight.grad is not None


def without_own_hooks(layers: list[Any]) -> list[Any]:
    """Lazy layers have hooks of their own, which are functions of their library."""
    return [each for each in layers if not any("_initialize_hook" in vars(module) for module in each[0].modules())]


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of deprecated layers
@pytest.mark.parametrize("name", MODULES)
def test_every_layer_goes_both_ways(name: str) -> None:
    for writes, reads in (BOTH, BOTH[::-1]):
        with warnings.catch_warnings(action="ignore"):
            layers = without_own_hooks(getattr(autogradkit.nn, name)._samples(writes))
        for layer, *_ in layers:
            loaded = exchanged(layer, writes, reads)
            assert isinstance(loaded, (Module, TheirModule)[BOTH.index(reads)])
            assert str(loaded).replace("autogradkit", "torch") == str(layer).replace("autogradkit", "torch")
            state, expected = loaded.state_dict(), layer.state_dict()
            assert list(state) == list(expected)
            assert [str(each) for each in state.values()] == [str(each) for each in expected.values()]


@pytest.mark.parametrize("name", LAYERS)
def test_names_are_pytorchs(name: str) -> None:
    ours, theirs = (getattr(m.nn, name) for m in BOTH)
    said = global_name(ours)
    assert said == f"{theirs.__module__}.{theirs.__qualname__}"
    assert found(theirs.__module__, name) is ours


def test_hooks_of_pytorchs_calls_are_heard() -> None:
    layer = torch.nn.Linear(1, 1)
    layer.register_forward_pre_hook(double)
    layer.register_forward_hook(named, with_kwargs=True)
    loaded = exchanged(layer, torch, autogradkit)
    x = autogradkit.tensor([3.0])
    assert loaded(x).item() == pytest.approx(10 * layer.forward(torch.tensor([6.0])).item(), rel=1e-6)


def double(module: Any, args: Any) -> Any:
    return (args[0] * 2,)


def named(module: Any, args: Any, kwargs: Any, result: Any) -> Any:
    return result * 10 if kwargs == {} else None


def test_hooks_of_a_state_dict_are_not_lost_silently() -> None:
    layer = torch.nn.Linear(1, 1)
    layer.register_state_dict_pre_hook(double)
    with pytest.raises(NotImplementedError, match="hooks of their state dict"):
        exchanged(layer, torch, autogradkit)


def test_copies_keep_their_hooks() -> None:
    layer = autogradkit.nn.Linear(1, 1)
    layer.register_forward_pre_hook(double)
    x = autogradkit.tensor([3.0])
    for twin in (copy.deepcopy(layer), copy.copy(layer), exchanged(layer, autogradkit, autogradkit)):
        assert twin(x).item() == layer(x).item()
    assert "_forward_hooks" not in vars(copy.deepcopy(layer))


def test_weights_only_says_which_class() -> None:
    file = io.BytesIO()
    torch.save(torch.nn.Sequential(torch.nn.ReLU()), file)
    said = []
    for m in BOTH:
        file.seek(0)
        with (
            m.serialization.safe_globals([m.nn.Sequential]),
            pytest.raises(Exception, match="Unsupported global") as caught,
        ):
            m.load(file)
        said.append(str(caught.value).partition("GLOBAL ")[2].partition(" ")[0])
        file.seek(0)
        with m.serialization.safe_globals([m.nn.Sequential, m.nn.ReLU]):
            try:
                m.load(file)
            except Exception as error:
                said[-1] += str(error).partition("GLOBAL ")[2].partition(" ")[0]
    assert said[0] == said[1]
