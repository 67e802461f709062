"""Observers, layers that round, configurations and quantised layers beside PyTorch's: scales, text, whole numbers, refusals.

`m` is the library, `Q` its `ao.quantization`, `nnq` its `ao.nn.quantized`. Whole models are scripts: `calibrated_layers`,
`rounded_in_training`.
"""

from __future__ import annotations

import copy
import importlib
import re
import warnings
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

LINES = """
Q.ObserverBase(m.quint8)
Q.default_placeholder_observer()(m.ones(2)), Q.default_placeholder_observer().calculate_qparams()
Q.default_debug_observer()(m.ones(2)), Q.default_debug_observer().get_tensor_value()
Q.default_reuse_input_observer()(m.ones(2)), Q.default_reuse_input_observer().calculate_qparams()
Q.FixedQParamsFakeQuantize(Q.default_fixed_qparams_range_0to1_observer)(m.linspace(-1, 2, 9))
Q.FixedQParamsFakeQuantize(Q.default_observer)
Q.QConfigDynamic(activation=Q.default_dynamic_quant_observer, weight=Q.default_weight_observer)._fields
issubclass(nnq.dynamic.Linear, nnq.Linear), issubclass(nnq.BatchNorm2d, m.nn.BatchNorm2d), list(nnq.BatchNorm2d(2).state_dict())
nnq.BatchNorm3d(2), nnq.BatchNorm2d(2, 0.1)
nnq.dynamic.Linear(2, 3).load_state_dict({})
[watched(m, Q.HistogramObserver(dtype=k, reduce_range=r)) for k in (m.quint8, m.qint8) for r in (True, False)]
[watched(m, Q.HistogramObserver(dtype=k, qscheme=m.per_tensor_symmetric)) for k in (m.quint8, m.qint8)]
watched(m, Q.HistogramObserver(bins=64), outliers=True), watched(m, Q.HistogramObserver(quant_min=0, quant_max=15))
of_few(m, Q.HistogramObserver(bins=8))
Q.HistogramObserver().calculate_qparams(), list(Q.HistogramObserver().state_dict()), Q.default_histogram_observer
Q.HistogramObserver(is_dynamic=True)
watched(m, Q.MovingAveragePerChannelMinMaxObserver(averaging_constant=0.1))
watched(m, Q.MovingAveragePerChannelMinMaxObserver(0.5, 1, m.qint8, m.per_channel_symmetric)), Q.NoopObserver()
Q.PlaceholderObserver(), Q.default_dynamic_quant_observer(), Q.FixedQParamsObserver(0.1, 3).calculate_qparams()
Q.PlaceholderObserver().calculate_qparams()
watched(m, Q.MinMaxObserver(quant_min=0, quant_max=255, reduce_range=True))
recorded(m, Q.RecordingObserver())
[Q.get_default_qconfig(b) for b in ("fbgemm", "x86", "qnnpack", "onednn")]
[Q.get_default_qat_qconfig(b, v) for b in ("fbgemm", "x86", "qnnpack", "onednn") for v in (0, 1)]
[rounded(m, made()) for b in ("fbgemm", "qnnpack") for v in (0, 1) for made in Q.get_default_qat_qconfig(b, v)]
Q.get_default_qconfig("cuda")
Q.get_default_qat_qconfig("x86", 7)
Q.default_qconfig, Q.default_per_channel_qconfig, Q.default_qat_qconfig, Q.default_dynamic_qconfig
[rounded(m, made()) for made in Q.default_per_channel_symmetric_qnnpack_qat_qconfig]
rounded(m, Q.FakeQuantize(quant_min=0, quant_max=15)), rounded(m, Q.default_fixed_qparams_range_0to1_fake_quant())
rounded(m, Q.FakeQuantize(Q.PerChannelMinMaxObserver, dtype=m.qint8, qscheme=m.per_channel_symmetric, ch_axis=1))
Q.FakeQuantize(quant_min=0, quant_max=300)
Q.FakeQuantize(quant_min=9, quant_max=3)
Q.FusedMovingAvgObsFakeQuantize(Q.MinMaxObserver)
switched(m, Q.default_fake_quant())
summed(m, "add"), summed(m, "mul"), summed(m, "add_relu"), summed(m, "cat"), summed(m, "matmul")
nnq.QFunctional().add_scalar(q(m), 1.5), nnq.QFunctional().add_scalar(q(m), -9.0), nnq.QFunctional().mul_scalar(q(m), -2.0)
nnq.FloatFunctional()(q(m))
nnq.Conv2d(1, 2, 3, padding=1, bias=False), nnq.Linear(2, 3), nnq.ReLU6(), nnq.BatchNorm2d(2), nnq.Hardswish(0.1, 2)
nnq.Conv2d(1, 2, 3, padding_mode="circular")
nnq.Conv2d(1, 2, 3)(m.ones(1, 2))
[layer(m, each) for each in ("Conv1d(2, 3, 3)", "Conv2d(2, 4, 3, 2, dilation=2)", "Conv3d(2, 4, 2)", "ReLU6()", "ELU()")]
[layer(m, each) for each in ("ConvTranspose2d(2, 4, 3, 2, 1, 1, groups=2)", "BatchNorm2d(2)", "LeakyReLU(0.2)", "Hardswish()")]
[layer(m, each) for each in ("LayerNorm(4)", "Linear(4, 3)", "Dropout(0.2)")]
[fused(m, n, train) for n in (("0", "1"), ("0", "1", "2"), ("3", "4")) for train in (True, False)]
fused(m, ("1", "0"), False)
fused(m, ("3", "4", "5"), False)
Q.fuse_modules(block(m), ["0", "1"])
Q.prepare_qat(block(m).eval())
Q.prepare(block(m)), Q.convert(block(m))
Q.QuantWrapper(m.nn.Linear(1, 1)), Q.add_quant_dequant(configured(m)), Q.quantize is m.quantization.quantize
trained(m, linear=True), trained(m, linear=False)
"""


def _watched(m: Any, observer: Any, outliers: bool = False) -> Any:
    m.manual_seed(3)
    found = []
    for at in range(3):
        numbers = m.randn(20, 30) * (1 + at) + 0.3
        observer(m.cat([numbers, m.full((1, 30), 40.0)]) if outliers else numbers)
        found.append((observer, *[each.tolist() for each in observer.calculate_qparams()]))
    return found, [(name, each.shape, round(each.sum().item(), 3)) for name, each in observer.state_dict().items()]


def _of_few(m: Any, observer: Any) -> Any:
    found = []
    for numbers in ([], [1.0, 1.0], [2.0], [0.0, float("inf")], [-3.0, 0.5]):
        observer(m.tensor(numbers))
        found.append((str(observer), observer.histogram.tolist()))
    return found, observer.calculate_qparams()


def _recorded(m: Any, observer: Any) -> Any:
    observer(m.ones(1))
    return observer.get_tensor_value()


def _rounded(m: Any, layer: Any) -> Any:
    m.manual_seed(3)
    x = m.randn(4, 3, requires_grad=True)
    for scale in (1, 3):
        result = layer(x * scale)
    result.sum().backward()
    return (
        layer,
        result.detach(),
        x.grad,
        list(layer.state_dict()),
        layer.load_state_dict(copy.deepcopy(layer.state_dict())),
    )


def _switched(m: Any, layer: Any) -> Any:
    layer.disable_observer()
    layer.apply(m.quantization.disable_fake_quant)
    return layer, layer(m.tensor([0.123]))


def _q(m: Any, scale: float = 0.05, zero: int = 60) -> Any:
    return m.quantize_per_tensor(m.linspace(-2, 3, 120).reshape(3, 40), scale, zero, m.quint8)


def _summed(m: Any, name: str) -> Any:
    f = m.ao.nn.quantized.QFunctional()
    f.scale, f.zero_point = 0.08, 61
    a, b = _q(m), _q(m, 0.037, 50).flip(1)
    found = f.cat([a, b], 1) if name == "cat" else f.matmul(a, b.t()) if name == "matmul" else getattr(f, name)(a, b)
    return found.int_repr()


def _layer(m: Any, text: str) -> Any:
    quantization = m.ao.quantization
    m.manual_seed(1)
    model = m.nn.Sequential(quantization.QuantStub(), eval(f"m.nn.{text}", {"m": m}), quantization.DeQuantStub()).eval()
    model.qconfig = quantization.QConfig(quantization.MinMaxObserver, quantization.default_per_channel_weight_observer)
    if "Transpose" in text:
        model.qconfig = quantization.default_qconfig
    prepared = quantization.prepare(model)
    x = m.randn({"1d": (2, 2, 8), "3d": (2, 2, 4, 4, 4)}.get(text[4:6], (2, 2, 8, 4)))
    prepared(x)
    found = quantization.convert(prepared)
    out = found(x)
    scale = found[1].scale if hasattr(found[1], "scale") else found[0].scale
    shown = re.sub(r"(\d+\.\d{4})\d+", r"\1", str(found))
    return shown, (out / float(scale)).round().sum(), out.shape, out.stride(), list(found.state_dict())


def _block(m: Any) -> Any:
    nn = m.nn
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU()
    )


def _fused(m: Any, names: Any, train: bool) -> Any:
    quantization = m.ao.quantization
    return (quantization.fuse_modules_qat if train else quantization.fuse_modules)(_block(m).train(train), list(names))


def _configured(m: Any) -> Any:
    model = m.nn.Sequential(m.nn.Linear(1, 1), m.nn.ReLU())
    model[0].qconfig = m.ao.quantization.default_qconfig
    return model


def _trained(m: Any, linear: bool) -> Any:
    quantization, nn = m.ao.quantization, m.nn
    m.manual_seed(2)
    layers = [nn.Linear(3, 4), nn.BatchNorm1d(4)] if linear else [nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.ReLU()]
    model = nn.Sequential(quantization.QuantStub(), *layers, quantization.DeQuantStub())
    quantization.fuse_modules_qat(model, [str(at + 1) for at in range(len(layers))], inplace=True)
    model.qconfig = quantization.get_default_qat_qconfig("x86")
    quantization.prepare_qat(model, inplace=True)
    x = m.randn(8, 3) if linear else m.randn(8, 2, 5)
    for _ in range(3):
        model(x).square().sum().backward()
    gradient = round(model[1].weight.grad.norm().item(), 3)
    found = quantization.convert(model.eval())
    return gradient, [type(each).__name__ for each in found], found(x).shape, m.rand(1)


def _outcome(m: Any, line: str) -> str:
    names = {"m": m, "Q": m.ao.quantization, "nnq": m.ao.nn.quantized, "q": _q, "layer": _layer, "block": _block}
    names |= {"watched": _watched, "of_few": _of_few, "recorded": _recorded, "rounded": _rounded, "switched": _switched}
    names |= {"summed": _summed, "fused": _fused, "configured": _configured, "trained": _trained}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            shown = repr(eval(line, names))
        except Exception as error:
            shown = re.sub(r"\s+", " ", f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return re.sub(r"'(?:autogradkit|torch)\.[\w.]+\.(\w+)'", r"'\1'", shown)  # where a class is defined


@every_case("line", LINES.strip().split("\n"))
def test_line(line: str) -> None:
    assert _outcome(autogradkit, line) == _outcome(torch, line)


@pytest.mark.parametrize("name", ["nn.quantized", "nn.quantized.dynamic", "nn.intrinsic", "nn.intrinsic.qat", "nn.qat"])
def test_older_names_have_the_same_layers(name: str) -> None:
    older, newer = (importlib.import_module(f"autogradkit.{each}") for each in (name, f"ao.{name}"))
    theirs = importlib.import_module(f"torch.{name}")
    layers = [each for each, kind in vars(newer).items() if isinstance(kind, type) and hasattr(theirs, each)]
    assert layers
    for each in layers:
        assert getattr(older, each) is getattr(newer, each)


def test_a_transposed_convolution_of_sequences_is_as_near_as_eight_bits_are() -> None:
    m = autogradkit
    m.manual_seed(0)
    model = m.nn.Sequential(m.quantization.QuantStub(), m.nn.ConvTranspose1d(2, 3, 3, 2), m.quantization.DeQuantStub())
    model.eval().qconfig = m.quantization.default_qconfig
    x = m.randn(2, 2, 8)
    prepared = m.quantization.prepare(model)
    prepared(x)
    assert (m.quantization.convert(prepared)(x) - model(x)).abs().max() < 0.03


def test_what_has_no_quantised_layer_here_is_refused() -> None:
    m = autogradkit
    model = m.nn.Sequential(m.nn.GroupNorm(1, 2)).eval()
    model.qconfig = m.quantization.default_qconfig
    prepared = m.quantization.prepare(model)
    prepared(m.ones(1, 2, 3))
    with pytest.raises(NotImplementedError, match="no quantised GroupNorm, which '0' is"):
        m.quantization.convert(prepared)
    with pytest.raises(NotImplementedError, match="takes no custom configuration"):
        m.quantization.prepare(model, prepare_custom_config_dict={"non_traceable_module_name": []})
    with pytest.raises(NotImplementedError, match="is_reference"):
        m.quantization.convert(prepared, is_reference=True)
    with pytest.raises(NotImplementedError, match="'quantized::linear' with arguments from the 'CPU' backend"):
        m.nn.quantized.Linear(2, 3)(m.ones(1, 2))
