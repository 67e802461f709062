"""`vision.models` beside torchvision's: names, structure, initial values, outputs and gradients, and what builders refuse.

That every model begins with torchvision's numbers is shown by the calls of `nn.init`: the same ones in the same order, with
parameters of the same names, draw the same numbers (`test_initial_values.py`). Of the small models the numbers are compared, too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import models as ours
from tests.every_case import every_case
from tests.parity.initial_calls import initial_calls
from tests.parity.oracle_vision import torchvision

theirs = torchvision.models
NAMES = ours.list_models()
# The smallest of each family, and a picture that it takes.
SMALL = {
    "alexnet": 64, "vgg11_bn": 32, "resnet18": 32, "mobilenet_v2": 32, "densenet121": 32, "efficientnet_b0": 32, "googlenet": 32,
    "inception_v3": 75, "squeezenet1_0": 32, "squeezenet1_1": 32, "shufflenet_v2_x0_5": 32, "mnasnet0_5": 32,
    "regnet_y_400mf": 32,
}  # fmt: skip


def options(name: str) -> dict[str, Any]:
    """The Inception networks warn unless they are told to draw their parameters; larger networks would fetch their backbone's."""
    if "weights_backbone" in inspect.signature(ours.get_model_builder(name)).parameters:
        return {"weights_backbone": None}
    return {"init_weights": True} if name in ("googlenet", "inception_v3") else {}


def model_and_fills(library: Any, build: Callable[..., Any], **kwargs: Any) -> tuple[Any, list[tuple[Any, ...]]]:
    """A model, and how each of its parameters was filled: (function, name of the parameter, arguments).

    Backbones leave layers out that they had: these have no name.
    """
    with initial_calls(library.nn.init) as calls:
        model = build(**kwargs)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return model, [(function, names.get(id(parameter)), arguments) for function, parameter, arguments in calls]


def shapes(model: Any) -> list[tuple[str, tuple[int, ...], str]]:
    return [(name, tuple(tensor.shape), str(tensor.dtype)) for name, tensor in model.state_dict().items()]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_torchvisions(name: str) -> None:
    with torch.device("cpu" if "regnet" in name else "meta"):  # a RegNet computes its widths with tensors
        expected, expected_calls = model_and_fills(torch, theirs.get_model_builder(name), **options(name))
    model, calls = model_and_fills(ak, ours.get_model_builder(name), **options(name))
    assert shapes(model) == shapes(expected)
    assert repr(model) == repr(expected)
    # PyTorch's attention has taken its functions from `nn.init` before: of its parameters not all is told there.
    one, other = (
        [("zeros_", name, {}) if how == {"val": 0} else (function, name, how) for function, name, how in each]
        for each in (
            [call for call in each if "self_attention" not in str(call[1])] for each in (calls, expected_calls)
        )
    )
    assert one == other
    unfilled = {name for name, _ in model.named_parameters()} - {name for _, name, _ in calls}
    assert {name.rpartition(".")[2] for name in unfilled} <= {
        "class_token",
        "pos_embedding",
        "layer_scale",
        "logit_scale",
        "scale_weight",
    }


def twins(name: str, **kwargs: Any) -> tuple[Any, Any]:
    """A model after the same seed, ours and theirs."""
    torch.manual_seed(7)
    ak.manual_seed(7)
    return ours.get_model(name, **options(name), **kwargs), theirs.get_model(name, **options(name), **kwargs)


@pytest.mark.parametrize("name", [name for name in SMALL if name not in ("alexnet", "vgg11_bn")])  # minutes of numbers
def test_the_same_seed_gives_the_same_parameters(name: str) -> None:
    model, expected = twins(name, num_classes=11)
    for (key, tensor), other in zip(model.state_dict().items(), expected.state_dict().values(), strict=True):
        np.testing.assert_array_equal(tensor.numpy(), other.numpy(), key)


def parts(output: Any) -> list[Any]:
    return list(output) if isinstance(output, tuple) else [output]


def compare(model: Any, expected: Any, pictures: np.ndarray, gradients: bool, rtol: float) -> None:
    """The same outputs with the same parameters, in training and in evaluation, and the same gradients."""
    state = model.state_dict()  # with the versions that it tells
    state.update({key: ak.from_numpy(tensor.numpy()) for key, tensor in expected.state_dict().items()})
    model.load_state_dict(state)
    for training in (True, False):
        torch.manual_seed(5)
        ak.manual_seed(5)
        with ak.set_grad_enabled(gradients), torch.set_grad_enabled(gradients):
            out = model.train(training)(ak.from_numpy(pictures))
            wanted = expected.train(training)(torch.from_numpy(pictures))
        assert type(out).__name__ == type(wanted).__name__
        for one, other in zip(parts(out), parts(wanted), strict=True):
            largest = abs(other.detach().numpy()).max()
            np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=rtol, atol=rtol * largest)
        if gradients:
            sum(one.square().sum() for one in parts(out)).backward()
            sum(one.square().sum() for one in parts(wanted)).backward()
    for (key, parameter), other in zip(model.named_parameters(), expected.parameters(), strict=True):
        if gradients:
            wanted = other.grad.numpy()
            np.testing.assert_allclose(
                parameter.grad.numpy(), wanted, rtol, rtol * abs(wanted).max() + 1e-10, err_msg=key
            )


@pytest.fixture
def doubles() -> Iterator[None]:
    """New parameters are float64, in which deep networks differ by little."""
    for library in (ak, torch):
        library.set_default_dtype(library.float64)
    yield
    for library in (ak, torch):
        library.set_default_dtype(library.float32)


def small(library: Any, models: Any, name: str) -> Any:
    without = {"aux_logits": False} if name == "inception_v3" else {}  # its classifier takes pictures of 299 pixels
    with initial_calls(library.nn.init):
        return models.get_model(name, num_classes=6, **options(name), **without)


def randomized(expected: Any) -> Any:
    """A model with random parameters of moderate size, which takes no time for a hundred million."""
    generator = np.random.default_rng(8)
    for parameter in expected.parameters():
        values = torch.from_numpy(generator.standard_normal(parameter.shape, np.float32))
        parameter.data.copy_(values * parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 1 + 0.1 * values)
    return expected


@pytest.mark.long
@pytest.mark.parametrize("name", ["alexnet", "vgg11_bn"])  # in float32: they have a hundred million parameters
def test_outputs_of_the_large(name: str) -> None:
    model, expected = small(ak, ours, name), randomized(small(torch, theirs, name))
    pictures = np.random.default_rng(1).normal(size=(3, 3, SMALL[name], SMALL[name])).astype(np.float32)
    compare(model, expected, pictures, False, 1e-4)


@pytest.mark.one_in(3)
@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("name", [name for name in SMALL if name not in ("alexnet", "vgg11_bn")])
def test_outputs(name: str) -> None:
    model, expected = small(ak, ours, name), randomized(small(torch, theirs, name))
    compare(model, expected, np.random.default_rng(1).normal(size=(3, 3, SMALL[name], SMALL[name])), False, 1e-7)


def tiny(m: Any) -> dict[str, Any]:
    """Networks of a few layers with what the builders do not set, of autogradkit's models or torchvision's."""
    net, efficient, library = m.resnet, m.efficientnet, torch if m is theirs else ak
    stages = [
        efficient.FusedMBConvConfig(1, 3, 1, 8, 8, 1),
        efficient.FusedMBConvConfig(4, 3, 2, 8, 16, 2),
        efficient.MBConvConfig(4, 5, 2, 16, 32, 2, width_mult=1.05, depth_mult=1.2),
    ]
    return {
        "basic": lambda: net.ResNet(net.BasicBlock, [1, 2, 1, 1], num_classes=3, zero_init_residual=True),
        "bottleneck": lambda: net.ResNet(
            net.Bottleneck,
            [2, 1, 1, 2],
            4,
            groups=2,
            width_per_group=8,
            replace_stride_with_dilation=[False, True, True],
        ),
        "efficient": lambda: efficient.EfficientNet(stages, 0.3, stochastic_depth_prob=0.6, num_classes=5),
        "dense": lambda: m.DenseNet(8, (2, 3, 1), 16, bn_size=2, drop_rate=0.2, num_classes=4),
        "frugal": lambda: m.DenseNet(8, (2, 1), 8, num_classes=4, memory_efficient=True),
        "third": lambda: m.MobileNetV3(
            [
                m.mobilenetv3.InvertedResidualConfig(16, 3, 24, 16, True, "RE", 1, 2, 0.5),
                m.mobilenetv3.InvertedResidualConfig(16, 5, 16, 24, False, "HS", 2, 1, 0.5),
            ],
            12,
            num_classes=3,
        ),
        "tail": lambda: m.mobilenet_v3_small(num_classes=4, width_mult=0.35, reduced_tail=True, dilated=True),
        "mobile": lambda: m.MobileNetV2(5, 0.5, [[1, 16, 1, 1], [6, 24, 2, 2]], dropout=0.5),
        "next": lambda: m.ConvNeXt(
            [m.convnext.CNBlockConfig(8, 12, 1), m.convnext.CNBlockConfig(12, None, 2)],
            0.5,
            layer_scale=0.3,
            num_classes=3,
        ),
        "transformer": lambda: m.VisionTransformer(32, 8, 2, 2, 12, 16, 0.2, 0.1, num_classes=5, representation_size=7),
        "stem": lambda: m.VisionTransformer(
            32, 4, 1, 3, 12, 16, num_classes=5, conv_stem_configs=[m.vision_transformer.ConvStemConfig(6, 3, 2)] * 2
        ),
        "line": lambda: m.RegNet(
            m.regnet.BlockParams.from_init_params(5, 16, 9.0, 1.8, 8, 0.5, se_ratio=0.25),
            3,
            8,
            activation=library.nn.SiLU,
        ),
        "windows": lambda: m.SwinTransformer([2, 2], 8, [2, 2], [2, 4], [5, 4], 2.0, 0.1, 0.2, 0.4, num_classes=3),
        "cosines": lambda: m.SwinTransformer(
            [2, 3],
            8,
            [2, 2],
            [2, 4],
            [4, 3],
            2.0,
            0.1,
            0.2,
            0.4,
            3,
            None,
            m.swin_transformer.SwinTransformerBlockV2,
            m.swin_transformer.PatchMergingV2,
        ).double(),  # the distances are float32
        "axes": lambda: m.MaxVit(
            (32, 32), 8, 4, [8, 16], [2, 1], 4, 0.4, mlp_dropout=0.1, attention_dropout=0.2, num_classes=3
        ),
        "googlenet": lambda: m.GoogLeNet(4, aux_logits=False, transform_input=True, init_weights=True),
    }


@pytest.mark.one_in(3)
@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("name", tiny(ours))
def test_options_and_gradients(name: str) -> None:
    torch.manual_seed(2)
    ak.manual_seed(2)
    model, expected = tiny(ours)[name](), tiny(theirs)[name]()
    assert shapes(model) == shapes(expected)
    assert repr(model) == repr(expected)
    for (key, tensor), other in zip(model.state_dict().items(), expected.state_dict().values(), strict=True):
        np.testing.assert_array_equal(tensor.numpy(), other.numpy(), key)
    pictures = np.random.default_rng(4).normal(size=(3, 3, 32, 32))
    compare(model, expected, pictures, True, 1e-6)


def test_the_list_of_models() -> None:
    assert set(NAMES) < set(theirs.list_models())
    for include, exclude in (("vgg*", None), (["*18", "alex*"], None), ("resnet*", ["*5?", "*101"]), (None, "*")):
        expected = [name for name in theirs.list_models(include=include, exclude=exclude) if name in NAMES]
        assert ours.list_models(include=include, exclude=exclude) == expected
    for module in (None, "detection", "segmentation", "video"):
        one, other = ((m if module is None else getattr(m, module)) for m in (ours, theirs))
        assert ours.list_models(module=one) == [name for name in theirs.list_models(module=other) if name in NAMES]
    assert ours.list_models(module=ak.vision) == []


REFUSED = [
    "get_model('resnet19')",
    "resnet.BasicBlock(8, 8, groups=2)",
    "resnet.BasicBlock(8, 8, dilation=2)",
    "resnet18(replace_stride_with_dilation=[True])",
    "resnext50_32x4d(groups=2)",
    "resnet18(num_clases=3)",
    "mobilenet_v2(inverted_residual_setting=[])",
    "mobilenetv2.InvertedResidual(8, 8, 3, 6)",
    "EfficientNet([], 0.1)",
    "MobileNetV3([], 8)",
    "MobileNetV3([3], 8)",
    "mobilenetv3.InvertedResidual(mobilenetv3.InvertedResidualConfig(8, 3, 8, 8, True, 'RE', 3, 1, 1.0), None)",
    "EfficientNet([3], 0.1)",
    "efficientnet.MBConv(efficientnet.MBConvConfig(1, 3, 3, 8, 8, 1), 0.1, None)",
    "SqueezeNet('1_2')",
    "ConvNeXt([])",
    "ConvNeXt([3])",
    "VisionTransformer(9, 2, 1, 1, 4, 4)",
    "VisionTransformer(4, 2, 1, 1, 4, 4)(t.zeros(1, 3, 4, 6))",
    "VisionTransformer(4, 2, 1, 1, 4, 4)(t.zeros(1, 3, 6, 4))",
    "vision_transformer.interpolate_embeddings(8, 2, {'encoder.pos_embedding': t.zeros(2, 5, 3)})",
    "vision_transformer.interpolate_embeddings(8, 2, {'encoder.pos_embedding': t.zeros(1, 6, 3)})",
    "ShuffleNetV2([1], [2])",
    "ShuffleNetV2([1, 1, 1], [2])",
    "shufflenetv2.InvertedResidual(4, 4, 5)",
    "shufflenetv2.InvertedResidual(4, 8, 1)",
    "GoogLeNet(init_weights=False, blocks=[None])",
    "MNASNet(-1.0)",
    "MNASNet(0.1).load_state_dict(dict(MNASNet(0.1).state_dict()))",
    "mnasnet._InvertedResidual(4, 4, 3, 3, 2)",
    "mnasnet._InvertedResidual(4, 4, 4, 1, 2)",
    "mnasnet._stack(4, 4, 3, 1, 2, 0, 0.1)",
    "regnet.BlockParams.from_init_params(5, 20, 9.0, 1.8, 8)",
    "swin_transformer.ShiftedWindowAttention(4, [2], [0], 2)",
    "MaxVit((34, 34), 8, 4, [8, 16], [2, 1], 4, 0.4)",
    "maxvit.RelativePositionalMultiHeadAttention(6, 4, 9)",
    "maxvit.PartitionAttentionLayer(4, 2, 2, 'rows', (4, 4), 2, t.nn.GELU, t.nn.LayerNorm, 0.0, 0.0, 0.0)",
    "maxvit.PartitionAttentionLayer(4, 2, 2, 'grid', (7, 7), 2, t.nn.GELU, t.nn.LayerNorm, 0.0, 0.0, 0.0)(t.zeros(1, 4, 7, 7))",
    "maxvit.MaxVitBlock(4, 4, 0.2, 2, None, None, 2, 2, 0.0, 0.0, 2, (8, 8), 2, [0.1])",
]


@every_case("call", REFUSED)
def test_wrong_calls_say_what_torchvision_says(call: str) -> None:
    with pytest.raises(Exception) as expected:  # noqa: PT011 - each call raises something else
        eval(f"m.{call}", {"m": theirs, "t": torch, **vars(theirs)})
    with pytest.raises(expected.type) as said:
        eval(f"m.{call}", {"m": ours, "t": ak, **vars(ours)})
    assert str(said.value) == str(expected.value)
