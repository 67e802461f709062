"""What is said of names that PyTorch has and this package has not, and that nothing else notices."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import pickle
import pkgutil
import re
import subprocess
import sys
from types import ModuleType

import pytest

import autogradkit as torch
from autogradkit.core.absent import absence
from tests.every_case import every_case

NAMESPACES = {
    "torch": torch,
    "autograd": torch.autograd,
    "autograd.function": torch.autograd.function,
    "nn": torch.nn,
    "nn.functional": torch.nn.functional,
    "nn.init": torch.nn.init,
    "nn.parameter": torch.nn.parameter,
    "optim": torch.optim,
    "optim.lr_scheduler": torch.optim.lr_scheduler,
    "optim.swa_utils": torch.optim.swa_utils,
    "utils": torch.utils,
    "utils.data": torch.utils.data,
    "vision.datasets": torch.vision.datasets,
    "vision.io": torch.vision.io,
    "vision.models": torch.vision.models,
    "vision.ops": torch.vision.ops,
    "vision.transforms": torch.vision.transforms,
    "vision.utils": torch.vision.utils,
}


@every_case("namespace module", NAMESPACES.items())
def test_a_name_that_neither_has_gets_pytorchs_text(namespace: str, module: ModuleType) -> None:
    with pytest.raises(AttributeError) as raised:
        module.no_such_name  # noqa: B018
    assert str(raised.value) == f"module '{module.__name__}' has no attribute 'no_such_name'"
    assert absence(namespace, "no_such_name") is None


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        (torch, "monitor", "torch.monitor"),
        (torch.nn, "quantizable", "nn.quantizable"),
        (torch.nn.functional, "grouped_mm", "nn.functional.grouped_mm"),
        (torch.optim, "swap_in_optimizer_params_and_state", "optim.swap_in_optimizer_params_and_state"),
        (torch.utils.data, "argument_validation", "utils.data.argument_validation"),
    ],
)
def test_a_name_that_only_pytorch_has_is_said_to_be_its(module: ModuleType, name: str, said: str) -> None:
    text = f"PyTorch has {said}; autogradkit does not have it yet"
    with pytest.raises(AttributeError) as raised:
        getattr(module, name)
    assert str(raised.value) == text
    with pytest.raises(ImportError) as refused:
        exec(f"from {module.__name__} import {name} as it")
    assert str(refused.value) == text
    assert refused.value.name == module.__name__
    assert not hasattr(module, name)
    assert getattr(module, name, None) is None
    assert name not in dir(module)


def test_what_is_left_out_for_good_says_what_there_is_instead() -> None:
    refused = {
        "utils.data": ("IterDataPipe", "a generator maps, filters and batches"),
        "ao.quantization": ("quantize_fx", "quantise a model layer by layer"),
        "quantization": ("prepare_jit", "quantise a model layer by layer"),
        "fx.experimental.proxy_tensor": ("ProxyTorchDispatchMode", "torch.fx.symbolic_trace(f) has the graph"),
        "cuda": ("nccl", "torch.nn.DataParallel(model) calls the model itself"),
    }
    for namespace, (name, said) in refused.items():
        module = importlib.import_module(f"autogradkit.{namespace}")
        begun = f"PyTorch has {namespace}.{name}; autogradkit does not have it: "
        with pytest.raises(AttributeError, match=re.escape(begun)) as raised:
            getattr(module, name)
        assert said in str(raised.value)
        assert not hasattr(module, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("models", "optical_flow"),
        ("models", "quantization"),
        ("datasets", "ImageNet"),
        ("io", "decode_heic"),
    ],
)
def test_a_name_that_only_torchvision_has_is_said_to_be_its(name: str, said: str) -> None:
    text = f"torchvision has {name}.{said}; autogradkit does not have it yet"
    with pytest.raises(AttributeError) as raised:
        getattr(getattr(torch.vision, name), said)
    assert str(raised.value) == text
    with pytest.raises(ImportError) as refused:
        exec(f"from autogradkit.vision.{name} import {said}")
    assert str(refused.value) == text


@every_case("namespace module", NAMESPACES.items())
def test_no_module_of_ours_is_said_to_be_absent(namespace: str, module: ModuleType) -> None:
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        assert hasattr(module, found.name) or absence(namespace, found.name) is None


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("import autogradkit.monitor", "torch.monitor"),
        ("import autogradkit.mtia as mtia", "torch.mtia"),
        ("from autogradkit.windows import name", "torch.windows"),
        ("from autogradkit.utils.mobile_optimizer import MobileOptimizerType", "utils.mobile_optimizer"),
        ("from autogradkit.autograd import profiler_legacy", "autograd.profiler_legacy"),
    ],
)
def test_a_module_that_only_pytorch_has_is_said_to_be_its(statement: str, said: str) -> None:
    with pytest.raises(ImportError) as raised:
        exec(statement)
    assert str(raised.value) == f"PyTorch has {said}; autogradkit does not have it yet"
    if not statement.startswith("from autogradkit.autograd"):  # there Python finds no name in a module that it has
        assert type(raised.value) is ModuleNotFoundError
        assert raised.value.name == f"autogradkit.{said.removeprefix('torch.')}"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("from autogradkit.ao.quantization import quantize_fx", "prepare_qat lets it train so"),
    ],
)
def test_what_is_left_out_for_good_is_said_with_what_there_is_instead(statement: str, said: str) -> None:
    with pytest.raises(ImportError, match="autogradkit does not have it: ") as raised:
        exec(statement)
    assert said in str(raised.value)


@pytest.mark.parametrize("name", ["no_such_module", "nn.no_such", "nn.Linear", "exp", "nn.functional.relu"])
def test_an_import_of_what_is_no_module_keeps_pythons_text(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=rf"^No module named 'autogradkit\.{name}'"):
        importlib.import_module(f"autogradkit.{name}")


def test_to_ask_for_a_module_raises_nothing() -> None:
    assert importlib.util.find_spec("autogradkit.package") is None
    importlib.reload(torch)
    assert sum(getattr(finder, "__name__", "") == "AbsentModules" for finder in sys.meta_path) == 1


def test_what_neither_has_is_refused_by_import_as_python_does() -> None:
    with pytest.raises(ImportError, match=r"cannot import name 'no_such_name' from 'autogradkit\.nn'"):
        exec("from autogradkit.nn import no_such_name")


def test_python_offers_what_was_meant() -> None:
    code = "import autogradkit as torch; torch.nn.Linea"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    assert said.splitlines()[-1] == (
        "AttributeError: module 'autogradkit.nn' has no attribute 'Linea'. Did you mean: 'Linear'?"
    )


def test_the_names_are_read_only_when_a_public_name_is_missed() -> None:
    code = (
        "from autogradkit.core.absent import _names\n"
        "import autogradkit as torch, autogradkit.nn.functional, autogradkit.optim, autogradkit.utils.data\n"
        "hasattr(torch, '__wrapped__'), hasattr(torch.nn, '_ipython_display_')\n"
        "print(_names.cache_info().currsize, hasattr(torch, 'quantized_lstm_cell'), _names.cache_info().currsize)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "0 False 1\n"


def test_tensors_modules_and_classes_are_copied_and_pickled_as_ever() -> None:
    layer = torch.nn.Linear(2, 3)
    for value in (layer, torch.ones(2), torch.nn.Linear, torch.optim.SGD):
        assert type(copy.deepcopy(value)) is type(pickle.loads(pickle.dumps(value))) is type(value)


def test_what_python_suggests_follows_the_sentence_after_one_full_stop() -> None:
    script = (
        "import autogradkit.nn as nn\nfrom autogradkit.core.absent import absence\n"
        "raise AttributeError(absence('nn', 'quantizable'), name='Linea', obj=nn)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    said = "PyTorch has nn.quantizable; autogradkit does not have it yet. Did you mean: 'Linear'?"
    assert ran.stderr.splitlines()[-1] == f"AttributeError: {said}"
