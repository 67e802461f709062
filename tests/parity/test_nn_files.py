"""PyTorch's files of `nn`: each class is imported from where PyTorch has it; by-hand gradients; what needs several processes."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

from .one_line import check
from .oracle import assert_same

INTERNAL = {  # PyTorch's chunked kernels, autograd functions and mixins of its own
    "_functions", "linear_cross_entropy",
}  # fmt: skip
FILES = [each.name for each in pkgutil.iter_modules(torch.nn.modules.__path__) if each.name not in INTERNAL]
ASKED_BY_SCRIPTS = {
    "batchnorm": "_BatchNorm _NormBase",
    "conv": "_ConvNd _ConvTransposeNd",
    "dropout": "_DropoutNd",
    "instancenorm": "_InstanceNorm",
    "loss": "_Loss _WeightedLoss",
    "module": "_IncompatibleKeys _addindent",
    "padding": "_CircularPadNd _ConstantPadNd _ReflectionPadNd _ReplicationPadNd",
    "pooling": "_AdaptiveAvgPoolNd _AdaptiveMaxPoolNd _AvgPoolNd _LPPoolNd _MaxPoolNd _MaxUnpoolNd",
    "transformer": "_get_activation_fn _get_clones",
    "utils": "_list_with_default _ntuple _pair _quadruple _single _triple",
}


@every_case("file", FILES)
def test_a_file_has_the_classes_that_pytorch_has_in_it(file: str) -> None:
    theirs = importlib.import_module(f"torch.nn.modules.{file}")
    ours = importlib.import_module(f"autogradkit.nn.modules.{file}")
    made = {name for name, each in vars(theirs).items() if inspect.isclass(each) and each.__module__ == theirs.__name__}
    wanted = {name for name in made if name[0] != "_"} | set(ASKED_BY_SCRIPTS.get(file, "").split())
    assert wanted - set(vars(ours)) == set()
    for name in wanted & set(dir(autogradkit.nn)):
        assert getattr(ours, name) is getattr(autogradkit.nn, name)
    assert getattr(autogradkit.nn.modules, file) is ours


LAYERS = [name for name in torch.nn.modules.__all__ if hasattr(autogradkit.nn, name)]


def test_a_base_that_scripts_ask_for_is_the_base_of_the_same_layers() -> None:
    for file, names in ASKED_BY_SCRIPTS.items():
        for name in names.split():
            one, other = (getattr(getattr(m.nn.modules, file), name) for m in (autogradkit, torch))
            if not inspect.isclass(other) or not issubclass(other, torch.nn.Module):
                continue
            found = [
                {each for each in LAYERS if issubclass(getattr(m.nn, each), base)}
                for m, base in ((autogradkit, one), (torch, other))
            ]
            assert found[0] == found[1], name


def test_a_file_that_is_none_here_is_imported_first_of_all() -> None:
    line = "import autogradkit.nn.modules.sparse as s, autogradkit.nn.modules.fold; print(s.Embedding(2, 3))"
    assert subprocess.check_output([sys.executable, "-c", line], text=True) == "Embedding(2, 3)\n"


def test_classes_say_pytorchs_files_while_they_go_by_its_name() -> None:
    expected = {name: getattr(torch.nn, name).__module__ for name in LAYERS}
    with autogradkit.as_torch():
        import torch as stand_in

        assert {name: getattr(stand_in.nn, name).__module__ for name in LAYERS} == expected
        layer = stand_in.nn.PixelShuffle(3)
        assert b"torch.nn.modules.pixelshuffle" in pickle.dumps(layer)
        assert repr(pickle.loads(pickle.dumps(layer))) == "PixelShuffle(upscale_factor=3)"
    assert autogradkit.nn.PixelShuffle.__module__ == "autogradkit.nn.modules.resizing"


def test_common_types_are_pytorchs() -> None:
    import torch.nn.common_types as theirs

    import autogradkit.nn.common_types as ours

    for name in filter(lambda name: name.endswith("_t"), vars(theirs)):
        text = str(getattr(theirs, name)).replace("torch.Tensor", "autogradkit.core.tensor.Tensor")
        assert str(getattr(ours, name)) == text


LINES = [
    "u = torch.nn.modules.utils; u._list_with_default([None, 3], [4, 5, 6]), u._list_with_default(2, [3])",
    "torch.nn.modules.utils._list_with_default([1, 2], [3, 4])",
    "torch.nn.modules.module._addindent('a\\nb\\n\\n  \\nc', 2)",
    "torch.nn.modules.transformer._get_activation_fn('tanh')",
    "c = torch.nn.modules.transformer._get_clones(torch.nn.Linear(1, 2), 2); c, bool((c[0].weight == c[1].weight).all())",
    "torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))",
    "torch.nn.parallel.data_parallel(torch.nn.Linear(2, 1), torch.ones(1, 2))",
    "isinstance(torch.nn.Linear(1, 1), torch.nn.parallel.DistributedDataParallel), "
    "isinstance(torch.nn.DataParallel(torch.nn.Linear(1, 1)), torch.nn.parallel.DataParallel)",
]


@every_case("line", LINES)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_gradients_of_a_convolution_by_hand(dims: int) -> None:
    import torch.nn.grad

    found = []
    for m in (autogradkit, torch):
        m.manual_seed(dims)
        x, w = (
            m.randn(2, 4, *(7, 6, 5)[:dims], requires_grad=True),
            m.randn(4, 2, *(3, 2, 1)[:dims], requires_grad=True),
        )
        how: dict[str, Any] = {"stride": (2, 1, 1)[:dims], "padding": 1, "groups": 2}
        y = getattr(m.nn.functional, f"conv{dims}d")(x, w, **how)
        g = m.randn(y.shape, requires_grad=True)
        to_x = getattr(m.nn.grad, f"conv{dims}d_input")(x.shape, w, g, **how)
        to_w = getattr(m.nn.grad, f"conv{dims}d_weight")(x, w.shape, g, **how)
        again = m.autograd.grad(to_x.sum() + (to_w**2).sum(), [x, w, g])
        found.append([to_x, to_w, *again, *m.autograd.grad(y, [x, w], g)])
    for mine, other in zip(*found, strict=True):
        assert_same(mine, other, strides=False, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        "conv1d_input((2, 4, 8), torch.ones(4, 2, 3), torch.ones(2, 4, 9))",
        "conv1d_input((2, 2, 8), torch.ones(4, 2, 3), torch.ones(2, 4, 9))",
        "conv1d_input((2, 4, 9), torch.ones(4, 2, 3), torch.ones(2, 4, 4), 2, groups=3)",
        "conv1d_input((2, 2, 8), torch.ones(4, 2, 3), torch.ones(4, 6))",
        "conv2d_weight(torch.ones(2, 4, 9), (4, 2, 3), torch.ones(2, 4, 4))",
        "conv1d_weight(torch.ones(2, 2, 8).double(), (4, 2, 3), torch.ones(2, 4, 6))",
        "conv1d_weight(torch.ones(2, 2, 8), (4, 2, 3), torch.ones(2, 4, 6), stride=(1, 2))",
    ],
)
def test_a_gradient_that_fits_no_convolution_is_refused(call: str) -> None:
    import torch.nn.grad  # noqa: F401

    check(f"torch.nn.grad.{call}")
