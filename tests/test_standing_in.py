"""`as_torch()` and `%as_torch`: PyTorch's names mean this package, and PyTorch itself stays whole."""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import autogradkit
from autogradkit import as_torch


def test_an_import_is_one_module_under_two_names() -> None:
    with as_torch():
        torch = importlib.import_module("torch")
        functional = importlib.import_module("torch.nn.functional")
        transforms = importlib.import_module("torchvision.transforms")
        assert torch is autogradkit
        assert functional is autogradkit.nn.functional
        assert transforms is autogradkit.vision.transforms
        assert isinstance(torch.ones(1), autogradkit.Tensor)
        assert autogradkit.nn.__spec__ is not None
        assert autogradkit.nn.__spec__.name == "autogradkit.nn"
    assert sys.modules.get("torch") is not autogradkit


def test_type_hints_are_found_in_the_module_that_has_them() -> None:
    from autogradkit import nn

    class Net(nn.Module):
        size: int

    with as_torch():
        assert nn.MultiheadAttention.__module__ == "torch.nn.modules.activation"
        for kind in (Net, nn.MultiheadAttention, autogradkit.optim.SGD, nn.utils.rnn.PackedSequence):
            assert typing.get_type_hints(kind)
    assert typing.get_type_hints(nn.MultiheadAttention)
    assert all(isinstance(each, str) for each in nn.MultiheadAttention.__annotations__.values())


@pytest.mark.parametrize("kind", [autogradkit.Tensor, autogradkit.nn.Parameter, autogradkit.nn.UninitializedBuffer])
def test_type_hints_of_tensors_are_found(kind: Any) -> None:
    class Held(kind):
        label: str

    assert typing.get_type_hints(Held)["label"] is str
    assert not [name for name in typing.get_type_hints(kind) if name.startswith("_")]


def test_versions_are_those_of_pytorch_while_it_lasts() -> None:
    own = autogradkit.__version__
    with as_torch():
        torch = importlib.import_module("torch")
        assert torch.__version__ >= "2.0"
        assert torch.__version__.partition("+")[0] == "2.13.0" == torch.version.__version__.partition("+")[0]
        assert importlib.import_module("torchvision").__version__ == "0.28.0+autogradkit"
    assert autogradkit.__version__ == autogradkit.version.__version__ == own
    assert autogradkit.vision.__version__ == own


def test_classes_say_pytorchs_module_however_they_are_reached(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status, said, _ = script(
        """
        import torch
        print(torch.distributions.Normal, torch.amp.GradScaler)
        print(torch.autograd.profiler.profile, torch.optim.swa_utils.AveragedModel)
        print(torch.storage.UntypedStorage, torch.nn.parallel.DistributedDataParallel)
        print(type(torch.max(torch.eye(2), 0)), isinstance(torch.sort(torch.ones(1)), torch.return_types.sort))
        """,
        capture=capsys,
    )
    assert status == 0
    assert said.splitlines() == [
        "<class 'torch.distributions.normal.Normal'> <class 'torch.amp.grad_scaler.GradScaler'>",
        "<class 'torch.autograd.profiler.profile'> <class 'torch.optim.swa_utils.AveragedModel'>",
        "<class 'torch.storage.UntypedStorage'> <class 'torch.nn.parallel.distributed.DistributedDataParallel'>",
        "<class 'torch.return_types.max'> True",
    ]


def test_classes_say_pytorchs_module_while_it_lasts() -> None:
    own = repr(autogradkit.Tensor), repr(autogradkit.nn.Linear)
    with as_torch():
        assert repr(autogradkit.Tensor) == "<class 'torch.Tensor'>"
        assert repr(autogradkit.nn.Linear) == "<class 'torch.nn.modules.linear.Linear'>"
        assert repr(autogradkit.nn.Parameter(autogradkit.ones(1))).startswith("Parameter containing:\ntensor([1.]")
        assert autogradkit.tensor([1.0]).__repr__() == "tensor([1.])"
        with pytest.raises(TypeError, match=r"torch\.dtype"):
            autogradkit.nn.functional.relu(autogradkit.float32)
    assert (repr(autogradkit.Tensor), repr(autogradkit.nn.Linear)) == own


def test_networks_data_sets_and_ops_are_torchvisions(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status, said, complaint = script(
        """
        import torch
        import torchvision
        from torchvision import datasets, models
        from torchvision.models.resnet import BasicBlock, ResNet
        from torchvision.ops import box_iou, nms
        from torchvision.ops.misc import Conv2dNormActivation

        torch.manual_seed(0)
        model = torchvision.models.squeezenet1_1(num_classes=3)
        print(type(model), type(ResNet(BasicBlock, [1, 1, 1, 1]).layer1[0]))
        data = datasets.FakeData(4, (3, 32, 32), transform=lambda picture: torch.ones(3, 32, 32))
        for pictures, labels in torch.utils.data.DataLoader(data, 2):
            print(model(pictures).shape, labels.dtype)
        print(nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.ones(1), 0.5))
        print(repr(datasets.CIFAR10), models.resnet18.__name__)
        """,
        capture=capsys,
    )
    assert (status, complaint) == (0, "")
    assert said.splitlines() == [
        "<class 'torchvision.models.squeezenet.SqueezeNet'> <class 'torchvision.models.resnet.BasicBlock'>",
        "torch.Size([2, 3]) torch.int64",
        "torch.Size([2, 3]) torch.int64",
        "tensor([0])",
        "<class 'torchvision.datasets.cifar.CIFAR10'> resnet18",
    ]


def test_pickles_name_torch() -> None:
    functional = autogradkit.nn.functional
    with as_torch():
        functions = (
            functional.relu,
            autogradkit.save,
            autogradkit.func.vmap,
            autogradkit.autograd.grad,
            autogradkit.set_default_dtype,
        )
        homes = ("torch.nn.functional", "torch.serialization", "torch.func", "torch.autograd", "torch")
        assert tuple(each.__module__ for each in functions) == homes
        assert b"torch.nn.functional" in pickle.dumps(functions)
        assert pickle.loads(pickle.dumps(functions)) == functions
        layer = autogradkit.nn.Linear(2, 3)
        written = pickle.dumps((layer, autogradkit.float16, autogradkit.Size([2]), autogradkit.device("cpu")))
        assert b"torch.nn.modules.linear" in written
        read, *rest = pickle.loads(written)
        assert read.weight.tolist() == layer.weight.tolist()
        assert rest == [autogradkit.float16, autogradkit.Size([2]), autogradkit.device("cpu")]
    assert functional.relu.__module__ == "autogradkit.nn.functional.activations"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch.nowhere", "No module named 'torch.nowhere'"),
        ("torch.utils.bundled_inputs", "PyTorch has utils.bundled_inputs; autogradkit does not have it yet"),
        ("torchvision.nowhere", "No module named 'torchvision.nowhere'"),
        ("torch.core.nowhere", "No module named 'torch.core.nowhere'"),
    ],
)
def test_a_module_that_is_not_here_is_said_so(name: str, said: str) -> None:
    with as_torch(), pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(name)
    assert str(caught.value) == said
    assert caught.value.name == name


def test_pytorch_itself_comes_back_whole() -> None:
    torch = pytest.importorskip("torch")
    names = {name for name in sys.modules if name.partition(".")[0] == "torch"}
    with as_torch():
        assert sys.modules["torch"] is autogradkit
        both = torch.ones(2).sum().item(), autogradkit.ones(2).sum().item()
        assert both == (2, 2)
        with as_torch():
            pass
        assert sys.modules["torch"] is autogradkit, "only the outermost `with` ends it"
    assert sys.modules["torch"] is torch
    assert names <= {name for name in sys.modules if name.partition(".")[0] == "torch"}
    assert torch.nn.functional.relu(torch.tensor(-1.0)).item() == 0


def test_a_start_that_fails_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torch"}
    own = repr(autogradkit.Tensor)
    monkeypatch.setattr("autogradkit.standing_in._NAMED", ("", ".nn", ".nowhere"))
    with pytest.raises(ModuleNotFoundError, match=r"torch\.nowhere"):
        as_torch()
    assert {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torch"} == before
    assert repr(autogradkit.Tensor) == own
    assert not any(type(each).__name__ == "StandIn" for each in sys.meta_path)


def test_stopping_twice_does_nothing() -> None:
    first = as_torch()
    assert as_torch() is first
    first.stop()
    first.stop()
    assert sys.modules.get("torch") is not autogradkit


PICTURES = """
import torch
import torchvision
import torchvision.transforms as T
import torchvision.transforms.functional as F
from torchvision import io, transforms, tv_tensors, utils
from torchvision.io import ImageReadMode, read_image, write_png
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.transforms import ToTensor
from torchvision.transforms.v2 import functional as VF
from torchvision.utils import make_grid, save_image

torch.manual_seed(0)
picture = (torch.rand(3, 6, 8) * 255).to(torch.uint8)
write_png(picture, "picture.png")
read = read_image("picture.png", ImageReadMode.RGB)
print(torch.equal(read, picture))
steps = T.Compose([T.ToPILImage(), T.RandomCrop(4), T.ToTensor(), T.Normalize((0.5,) * 3, (0.5,) * 3)])
print(steps(read).shape, F.resize(read, 3, InterpolationMode.BILINEAR).shape)
both = v2.Compose([v2.ToImage(), v2.RandomHorizontalFlip(1.0), v2.ToDtype(torch.float32, scale=True)])
image, mask = both(tv_tensors.Image(read), tv_tensors.Mask(read[0]))
print(torch.equal(mask, read[0].flip(-1)), torch.equal(VF.hflip(image), VF.to_dtype(read, torch.float32, scale=True)))
save_image(make_grid([image, image]), "grid.png")
print(read_image("grid.png").shape)
"""


def test_pictures_are_read_transformed_and_saved(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, printed, _ = script(PICTURES, capture=capsys)
    assert status == 0
    assert printed.splitlines() == [
        "True",
        "torch.Size([3, 4, 4]) torch.Size([3, 3, 4])",
        "True True",
        "torch.Size([3, 10, 22])",
    ]


def test_what_is_in_neither_is_said_with_pytorchs_names(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def last_line(source: str) -> str:
        return script(source, capture=capsys)[2].splitlines()[-1]

    assert last_line("import torch; torch.nn.Linaer") == (
        "AttributeError: module 'torch.nn' has no attribute 'Linaer'. Did you mean: 'Linear'?"
    )
    assert last_line("import torchvision.models as m; m.resnet_18") == (
        "AttributeError: module 'torchvision.models' has no attribute 'resnet_18'. Did you mean: 'resnet18'?"
    )
    path = autogradkit.nn.__file__
    assert (
        last_line("from torch.nn import Lineer") == f"ImportError: cannot import name 'Lineer' from 'torch.nn' ({path})"
    )
    assert last_line("import torch; torch.optim.adam([])") == (
        "AttributeError: module 'torch.optim' has no attribute 'adam'. Did you mean: 'Adam'?"
    )
    assert (
        script("from torch.optim import adam; print(adam.Adam)", capture=capsys)[1]
        == "<class 'torch.optim.adam.Adam'>\n"
    )


def test_a_function_keeps_its_name_when_the_module_of_that_name_is_imported() -> None:
    with as_torch():
        import torch
        from torch.autograd.gradcheck import GradcheckError
        from torch.nn.utils.weight_norm import WeightNorm

        assert issubclass(GradcheckError, RuntimeError)
        assert WeightNorm.__module__ == "torch.nn.utils.weight_norm"
        assert torch.autograd.gradcheck is autogradkit.autograd.gradcheck
        assert torch.nn.utils.weight_norm is autogradkit.nn.utils.weight_norm


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    shell.run_line_magic("load_ext", "autogradkit")
    yield shell
    as_torch().stop()
    shell.run_line_magic("unload_ext", "autogradkit")
    InteractiveShell.clear_instance()


def test_the_source_of_a_class_is_found_under_pytorchs_name() -> None:
    with as_torch():
        from torch import nn, optim  # pyright: ignore[reportMissingImports]

        assert nn.Linear.__module__ == "torch.nn.modules.linear"
        assert inspect.getsource(nn.Linear).startswith("class Linear(Module):")
        assert inspect.getsource(optim.SGD).startswith("class SGD(")
    assert not [
        name for name, module in sys.modules.items() if name[:6] == "torch." and "autogradkit" in module.__name__
    ]


def test_this_package_under_pytorchs_name_is_not_taken_for_pytorch(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("import autogradkit as torch")
    shell.run_line_magic("as_torch", "")
    shell.run_cell("import torch\nfrom torch.nn.functional import relu")
    shell.run_cell_magic("trace", "", "torch.manual_seed(0); relu;")
    assert capsys.readouterr().out == "Nothing was traced: no tensor operation ran in this cell.\n"


def test_the_magic(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    shell.run_cell("import torch")
    assert shell.user_ns["torch"] is torch
    shell.run_line_magic("as_torch", "")
    assert capsys.readouterr().out == "From PyTorch itself still: torch. Run the imports again that made them.\n"
    shell.run_cell("import torch\nfrom torch import nn\nx = nn.Linear(2, 1)(torch.ones(2))")
    assert isinstance(shell.user_ns["x"], autogradkit.Tensor)
    shell.run_cell_magic("trace", "steps", "y = (torch.ones(2, requires_grad=True) * 2).sum()\ny.backward()")
    assert "mul(ones₁, 2)" in shell.user_ns["steps"].table()
    shell.run_line_magic("as_torch", "off")
    shell.run_cell("import torch")
    assert shell.user_ns["torch"] is torch
    with pytest.raises(UsageError, match=r"%as_torch takes nothing, or off \(got on\)"):
        shell.run_line_magic("as_torch", "on")
