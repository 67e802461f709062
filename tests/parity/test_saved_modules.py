"""Whole modules in checkpoints: what PyTorch saves is called here as there, and what is saved here is called in PyTorch."""

from __future__ import annotations

import copy
import gc
import io
import warnings
from typing import Any

import pytest
import torch
from torch.nn.modules.module import Module as TheirModule

import autogradkit
from autogradkit.nn.modules.module import Module
from autogradkit.serialization.names import found, global_name
from tests.every_case import every_case

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
@every_case("name", MODULES)
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


@every_case("name", LAYERS)
def test_names_are_pytorchs(name: str) -> None:
    ours, theirs = (getattr(m.nn, name) for m in BOTH)
    said = global_name(ours)
    assert said == f"{theirs.__module__}.{theirs.__qualname__}"
    assert found(theirs.__module__, name) is ours


def double(module: Any, args: Any) -> Any:
    return (args[0] * 2,)


def named(module: Any, args: Any, kwargs: Any, result: Any) -> Any:
    return result * 10 if kwargs == {} else None


def longer(module: Any, gradients: Any, _: Any) -> Any:
    return (gradients[0] * 5,)


@pytest.mark.parametrize(("writes", "reads"), [(0, 1), (1, 0), (0, 0)])
def test_hooks_of_calls_are_heard(writes: int, reads: int) -> None:
    layer = BOTH[writes].nn.Linear(1, 1)
    layer.register_forward_pre_hook(double)
    layer.register_forward_hook(named, with_kwargs=True)
    layer.register_full_backward_hook(longer)
    loaded = exchanged(layer, BOTH[writes], BOTH[reads])
    x = BOTH[reads].tensor([3.0], requires_grad=True)
    out = loaded(x)
    assert out.item() == pytest.approx(10 * layer.forward(BOTH[writes].tensor([6.0])).item(), rel=1e-6)
    out.backward()
    assert x.grad.item() == pytest.approx(100 * layer.weight.item(), rel=1e-6)
    assert (len(loaded._forward_hooks_with_kwargs), loaded._is_full_backward_hook) == (1, True)


def remember_call(module: Any, prefix: str, keep_vars: bool) -> None:
    module.saved = (prefix, keep_vars)


def renamed(module: Any, state: Any, prefix: str, own: Any) -> None:
    state[prefix + "scale"] = state.pop(prefix + "weight")


def named_back(module: Any, state: Any, prefix: str, *rest: Any) -> None:
    state[prefix + "weight"] = state.pop(prefix + "scale") * module.factor


def without_module(state: Any, prefix: str, *rest: Any) -> None:
    state[prefix + "bias"] = state[prefix + "bias"] + 1


def forgiven(module: Any, keys: Any) -> None:
    keys.unexpected_keys.clear()


@pytest.mark.parametrize(("writes", "reads"), [(0, 1), (1, 0), (0, 0)])
def test_hooks_of_a_state_dict_are_heard(writes: int, reads: int) -> None:
    layer = BOTH[writes].nn.Linear(1, 1)
    layer.factor = 3
    layer.register_state_dict_pre_hook(remember_call)
    layer.register_state_dict_post_hook(renamed)
    layer.register_load_state_dict_pre_hook(named_back)
    layer._register_load_state_dict_pre_hook(without_module)
    layer.register_load_state_dict_post_hook(forgiven)
    loaded = exchanged(BOTH[writes].nn.Sequential(layer), BOTH[writes], BOTH[reads])
    state = loaded.state_dict()
    assert list(state) == ["0.bias", "0.scale"]
    assert loaded[0].saved == ("0.", False)
    before = {name: value.item() for name, value in state.items()}
    assert str(loaded.load_state_dict({**state, "0.more": BOTH[reads].ones(1)})) == "<All keys matched successfully>"
    assert loaded[0].weight.item() == pytest.approx(3 * before["0.scale"], rel=1e-6)
    assert loaded[0].bias.item() == pytest.approx(1 + before["0.bias"], rel=1e-6)


def test_copies_keep_their_hooks() -> None:
    layer = autogradkit.nn.Linear(1, 1)
    layer.register_forward_pre_hook(double)
    x = autogradkit.tensor([3.0])
    for twin in (copy.deepcopy(layer), copy.copy(layer), exchanged(layer, autogradkit, autogradkit)):
        assert twin(x).item() == layer(x).item()
    assert "_forward_hooks" not in vars(copy.deepcopy(layer))


@pytest.mark.parametrize("m", BOTH)
def test_a_copied_handle_removes_the_copied_hook(m: Any) -> None:
    layer = m.nn.Linear(1, 1)
    layer.handle = layer.register_forward_hook(named, with_kwargs=True)
    layer.register_load_state_dict_pre_hook(named_back)
    twin = copy.deepcopy(layer)
    twin.handle.remove()
    assert (len(layer._forward_hooks), len(twin._forward_hooks)) == (1, 0)
    assert (len(layer._forward_hooks_with_kwargs), len(twin._forward_hooks_with_kwargs)) == (1, 0)
    (hook,) = twin._load_state_dict_pre_hooks.values()
    assert hook.module() is twin
    assert hook.hook is named_back


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


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_what_was_scripted_or_traced_is_saved_and_read(tmp_path: Any) -> None:
    """As in PyTorch, but for the file, in which there is no code."""
    told = []
    for m in BOTH:
        net = lenet(m)
        x = m.linspace(0, 1, 784).view(1, 1, 28, 28)
        net(x)
        file = tmp_path / m.__name__
        m.jit.trace(net.eval(), x).save(str(file))
        m.jit.save(m.jit.script(m.nn.Linear(2, 3)), tmp_path / f"{m.__name__}_linear", _extra_files={"a.txt": "b"})
        extra = {"a.txt": "", "missing": "c"}
        read, linear = m.jit.load(file), m.jit.load(tmp_path / f"{m.__name__}_linear", "cpu", extra)
        assert m.equal(read(x), net(x))
        read.save(tmp_path / "again")
        told.append((read.training, list(read.state_dict()), linear.weight.tolist(), extra))
    assert told[0] == told[1]


def test_files_that_jit_refuses(tmp_path: Any) -> None:
    jit, net = autogradkit.jit, autogradkit.nn.Linear(1, 1)
    with warnings.catch_warnings(action="ignore"):
        torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / "theirs")
        gone = type("Gone", (Module,), {"forward": lambda self, x: x, "__module__": __name__})
        globals()["Gone"] = gone
        jit.script(gone()).save(tmp_path / "gone")
        del globals()["Gone"], gone
    gc.collect()
    autogradkit.save(net.state_dict(), tmp_path / "state")
    for call, error, text in (
        (lambda: jit.save(net, tmp_path / "x"), AttributeError, "'Linear' object has no attribute 'save'"),
        (lambda: jit.load(tmp_path / "nothing"), ValueError, "does not exist"),
        (lambda: jit.load(tmp_path / "theirs"), RuntimeError, "no TorchScript archives"),
        (lambda: jit.load(tmp_path / "gone"), RuntimeError, "has no module or function .* by the name of .*Gone"),
        (lambda: jit.load(tmp_path / "state"), RuntimeError, "torch.load reads it"),
    ):
        with pytest.raises(error, match=text):
            call()
