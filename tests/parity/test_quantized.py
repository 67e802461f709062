"""Quantised tensors, observers and dynamic linear layers beside PyTorch's: whole numbers, scales, text, results, files.

`m` is the library. Errors are compared by type and first line; what autogradkit refuses, in the last test.
"""

from __future__ import annotations

import io
import pickle
import re
import warnings
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

LINES = """
m.quantize_per_tensor(x(m), 0.1, 10, m.quint8)
m.quantize_per_tensor(x(m), 0.3, -3, m.qint8), m.quantize_per_tensor(x(m), 1 / 3, 3, m.qint32).int_repr()
[m.quantize_per_tensor(m.arange(-20.0, 21.0) * 0.25, 0.5, 3, k).int_repr().tolist() for k in (m.quint8, m.qint8, m.qint32)]
m.quantize_per_tensor(x(m), m.tensor(0.1), m.tensor(3), m.quint8), m.quantize_per_tensor(m.ones(0), 1.0, 0, m.quint8)
m.quantize_per_tensor([x(m), x(m)], m.tensor([0.1, 0.2]), m.tensor([3, 4]), m.quint8)
m.quantize_per_channel(x(m), m.tensor([0.1, 0.2]), m.tensor([0, 1]), 0, m.qint8)
m.quantize_per_channel(x(m), m.tensor([0.1, 0.2, 0.3]), m.tensor([0, 1, 9]), 1, m.quint8).dequantize()
[m.quantize_per_tensor_dynamic(x(m) * s + t, m.quint8, r) for s in (1, 1e-5, 1e6) for t in (0, 9) for r in (True, False)]
m.quantize_per_tensor_dynamic(x(m), m.qint8, False), m.quantize_per_tensor_dynamic(m.zeros(2), m.quint8, False)
q(m).int_repr(), q(m).dequantize(), m.dequantize(q(m)), q(m).q_scale(), q(m).q_zero_point(), q(m).qscheme(), q(m).is_quantized
c(m).q_per_channel_scales(), c(m).q_per_channel_zero_points(), c(m).q_per_channel_axis(), c(m).qscheme(), m.int_repr(c(m))
c(m).q_scale()
q(m).q_per_channel_axis()
q(m).dtype, q(m).type(), q(m).shape, q(m).stride(), q(m).numel(), q(m).requires_grad, q(m).element_size(), q(m).dim()
q(m)[0], q(m)[0, 0].item(), q(m).t(), q(m).view(3, 2), q(m).reshape(-1), q(m).permute(1, 0), q(m).unsqueeze(0), q(m).flatten()
q(m).clone(), q(m).detach(), q(m).data, q(m).contiguous(), q(m).to("cpu"), m.relu(q(m)), m.cat([q(m), q(m)]), q(m).mean()
q(m).max(), q(m).min(), q(m).sort(), q(m) == q(m), q(m) > 0.1, q(m).equal(q(m)), m.nn.functional.relu(q(m))
told(m, m.nn.functional.relu6(i(m)), m.nn.functional.hardtanh(i(m), -0.3, 0.4), i(m).clamp(0.1, 1), i(m).relu_())
told(m, m.nn.functional.relu_(i(m)), m.nn.functional.hardtanh_(i(m), 0.1, 0.6), m.nn.functional.leaky_relu_(i(m), 0.2))
told(m, m.nn.functional.relu(i(m), inplace=True), m.nn.ReLU6(True)(i(m)), m.nn.LeakyReLU(0.1)(i(m)), i(m).mean([2, 3]))
told(m, m.nn.functional.max_pool2d(i(m), 3, 2, 1), m.nn.MaxPool2d(2, ceil_mode=True)(i(m)), m.nn.MaxPool1d(2)(i(m)[0]))
told(m, m.nn.functional.avg_pool2d(i(m), 3, 2, 1), m.nn.AdaptiveAvgPool2d((3, None))(i(m)), m.nn.AvgPool1d(2)(i(m)[0]))
told(m, m.nn.AvgPool2d(3, 2, 1, count_include_pad=False)(i(m)), m.nn.functional.interpolate(i(m), scale_factor=2))
told(m, m.nn.functional.pad(i(m), (1, 2)), m.nn.functional.pad(i(m), (1, 1, 0, 2), value=1.0), m.nn.ReflectionPad2d(1)(i(m)))
told(m, m.sigmoid(i(m)), m.tanh(i(m)), m.nn.Hardsigmoid()(i(m)), m.nn.Tanh()(i(m, m.qint8)), m.nn.Sigmoid()(i(m, m.qint8)))
told(m, m.nn.functional.dropout(i(m), 0.5, False), m.cat([i(m), i(m)], 1), m.stack([i(m), i(m)]), i(m).flip(1), i(m)[0, 0].T)
[m.quantize_per_tensor(m.arange(-20000, 20000) * 0.00013, 0.0306, z, m.quint8).int_repr().sum() for z in (0, 64, 101)]
m.tensor(q(m)), m.as_tensor(q(m)), m.tensor(q(m)).q_scale()
m.tensor(q(m), dtype=m.float32)
q(m).float()
q(m).numpy()
q(m).tolist()
q(m).item()
m.quantize_per_tensor(x(m), 0.1, 300, m.quint8)
m.quantize_per_tensor(x(m), 0.1, -300, m.qint8)
m.quantize_per_tensor(x(m).double(), 0.1, 3, m.quint8)
m.quantize_per_tensor(x(m), 0.1, 3, m.int8)
m.quantize_per_channel(x(m), m.ones(2), m.zeros(2).long(), 5, m.quint8)
m.quantize_per_channel(x(m), m.ones(3), m.zeros(3).long(), 0, m.quint8)
m.per_tensor_affine, m.per_channel_symmetric, isinstance(m.per_tensor_symmetric, m.qscheme), m.backends.quantized.engine
seen(Q(m).MinMaxObserver(), m), seen(Q(m).MinMaxObserver(quant_min=-4, quant_max=3, dtype=m.qint8), m)
[seen(Q(m).MinMaxObserver(k, reduce_range=r), m) for k in (m.quint8, m.qint8, m.qint32) for r in (True, False)]
[seen(Q(m).MinMaxObserver(k, qscheme=m.per_tensor_symmetric), m) for k in (m.quint8, m.qint8, m.qint32)]
seen(Q(m).MinMaxObserver(quant_min=0, quant_max=15, qscheme=m.per_tensor_symmetric), m), Q(m).PerChannelMinMaxObserver()
seen(Q(m).MovingAverageMinMaxObserver(averaging_constant=0.1), m), seen(Q(m).PerChannelMinMaxObserver(1), m)
seen(Q(m).PerChannelMinMaxObserver(dtype=m.qint8, qscheme=m.per_channel_symmetric), m), Q(m).MinMaxObserver().calculate_qparams()
Q(m).MinMaxObserver(m.quint8, m.per_tensor_symmetric, True).x
Q(m).default_observer(), Q(m).default_weight_observer().qscheme, Q(m).MinMaxObserver.with_args(dtype=m.qint8)().dtype
dynamic(m, {m.nn.Linear}), dynamic(m, {"0"}), dynamic(m, None), dynamic(m, {m.nn.Sequential}), dynamic(m, {m.nn.ReLU})
dynamic(m, None, dtype=m.float16), list(dynamic(m, None).state_dict()), [n for n, _ in dynamic(m, None).named_modules()]
dynamic(m, None)(x(m)), dynamic(m, None)(x(m) * 100 + 3), dynamic(m, None)(x(m)[None, :1]), dynamic(m, None)(x(m)).requires_grad
dynamic(m, None)[0].weight(), dynamic(m, None)[0].bias(), dynamic(m, None).training, sum(1 for _ in dynamic(m, None).parameters())
dynamic(m, None, dtype=m.int8)
recurrent(m, "LSTM"), recurrent(m, "GRU")
recurrent(m, "LSTM", num_layers=2, bidirectional=True, batch_first=True), recurrent(m, "GRU", num_layers=2, bidirectional=True)
recurrent(m, "LSTM", dtype=m.float16, dropout=0.5, num_layers=2), recurrent(m, "GRU", dtype=m.float16)
recurrent(m, "LSTM", train=True, dropout=0.5, num_layers=2)
recurrent(m, "LSTM", hx=True), recurrent(m, "GRU", hx=True)
recurrent(m, "LSTM", packed=True, bidirectional=True), recurrent(m, "GRU", packed=True, hx=True)
recurrent(m, "GRU", bias=False)
recurrent(m, "LSTM", only="dim")
recurrent(m, "LSTM", only="size")
recurrent(m, "LSTM", only="state")
recurrent(m, "GRU", only="state")
recurrent(m, "GRU", only="weights")
recurrent(m, "LSTM", only="parts")
m.ao.nn.quantized.dynamic.LSTM.from_float(m.nn.RNN(2, 2))
written(m, dynamic(m, None).state_dict()), written(m, [q(m), c(m), q(m).t()])
"""


def _seen(observer: Any, m: Any) -> Any:
    observer(_x(m))
    observer(_x(m) * 2 + 1)
    return observer, observer.calculate_qparams(), observer.state_dict()


def _x(m: Any) -> Any:
    return m.tensor([[1.5, -0.3, -2.2], [0.6, -1.1, 0.05]])


def _images(m: Any, kind: Any = None) -> Any:
    m.manual_seed(2)
    return m.quantize_per_tensor(m.randn(2, 4, 9, 8), 0.05, 58, kind or m.quint8)


def _told(m: Any, *tensors: Any) -> Any:
    return [(each.int_repr(), each.q_scale(), each.q_zero_point(), each.shape, each.stride()) for each in tensors]


def _dynamic(m: Any, spec: Any, seed: int = 1, **options: Any) -> Any:
    m.manual_seed(seed)
    model = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.ReLU(), m.nn.Linear(4, 2, bias=False))
    return m.quantization.quantize_dynamic(model, spec, **options)


def _recurrent(
    m: Any,
    kind: str,
    dtype: Any = None,
    train: bool = False,
    hx: bool = False,
    packed: bool = False,
    only: str = "",
    **options: Any,
) -> Any:
    """A quantised recurrent layer, what it makes of a sequence, to four digits, and the next random number."""
    m.manual_seed(4)
    x = m.randn(6, 3, 4)
    layer = m.quantization.quantize_dynamic(
        m.nn.Sequential(getattr(m.nn, kind)(4, 5, **options)), dtype=dtype or m.qint8
    )[0].train(train)
    if only == "weights":
        return layer.get_weight(), layer.get_bias()
    if only == "parts":
        again = type(layer)(4, 5)
        loaded = again.load_state_dict(layer.state_dict())
        return (
            list(layer.state_dict()),
            loaded,
            m.equal(again(x)[0], layer(x)[0]),
            layer.mode,
            layer.dtype,
            layer.training,
        )
    calls: dict[str, Any] = {
        "dim": lambda: layer(x[0]),
        "size": lambda: layer(m.ones(2, 3, 7)),
        "state": lambda: layer(x, m.ones(1, 2, 5) if kind == "GRU" else (m.ones(1, 3, 5), m.ones(1, 2, 5))),
    }
    if only:
        return calls[only]()
    state: Any = m.randn(1, 3, 5) if hx else None
    given = m.nn.utils.rnn.pack_padded_sequence(x, [2, 6, 4], enforce_sorted=False) if packed else x
    found = layer(given, (state, state * 0.5) if hx and kind == "LSTM" else state)
    leaves = [found[0].data if packed else found[0], *(found[1] if kind == "LSTM" else found[1:])]
    return layer, [[round(each, 4) + 0.0 for each in leaf.detach().flatten().tolist()] for leaf in leaves], m.rand(1)


def _written(m: Any, value: Any) -> Any:
    file = io.BytesIO()
    m.save(value, file)
    return len(file.getvalue()), m.load(io.BytesIO(file.getvalue()))


def _outcome(m: Any, line: str) -> str:
    names = {
        "m": m,
        "x": _x,
        "q": lambda m: m.quantize_per_tensor(_x(m), 0.1, 10, m.quint8),
        "c": lambda m: m.quantize_per_channel(_x(m), m.tensor([0.1, 0.2]), m.tensor([0, 1]), 0, m.qint8),
        "Q": lambda m: m.ao.quantization,
        "i": _images,
        "told": _told,
        "seen": _seen,
        "dynamic": _dynamic,
        "recurrent": _recurrent,
        "written": _written,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(line, names))
        except Exception as error:
            return re.sub(r"\s+", " ", f"{type(error).__name__}: {str(error).splitlines()[0]}")


@every_case("line", LINES.strip().split("\n"))
def test_line(line: str) -> None:
    assert _outcome(autogradkit, line) == _outcome(torch, line)


@pytest.mark.parametrize(("writes", "reads"), [(autogradkit, torch), (torch, autogradkit)])
def test_files_of_quantised_models_are_read_by_both(writes: Any, reads: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = io.BytesIO()
        writes.save(_dynamic(writes, None).state_dict(), file)
        file.seek(0)
        model = _dynamic(reads, None, seed=2)
        assert not model.load_state_dict(reads.load(file)).missing_keys
        assert str(model(_x(reads))) == str(_dynamic(writes, None)(_x(writes)))


def test_what_is_not_quantised_here_is_refused() -> None:
    m = autogradkit
    q = m.quantize_per_tensor(_x(m), 0.1, 10, m.quint8)
    with pytest.raises(NotImplementedError, match="'QuantizedCPU' backend"):
        q.abs()
    with pytest.raises(NotImplementedError, match="'QuantizedCPU' backend"):
        q.gt_(0.5)
    with pytest.raises(NotImplementedError, match="zero points that are whole numbers"):
        m.quantize_per_channel(_x(m), m.ones(2), m.zeros(2), 0, m.quint8)
    with pytest.raises(NotImplementedError, match="'1' is of LSTMCell"):
        m.quantization.quantize_dynamic(m.nn.Sequential(m.nn.Linear(2, 2), m.nn.LSTMCell(2, 2)))
    with pytest.raises(NotImplementedError, match="a set of classes or names"):
        m.quantization.quantize_dynamic(m.nn.Linear(2, 2), {"": None})
    m.backends.quantized.engine = "none"
    with pytest.raises(RuntimeError, match="not a valid value for quantized engine"):
        _dynamic(m, None)(_x(m))
    m.backends.quantized.engine = "x86"


def test_a_file_without_a_scale_for_each_channel_is_refused() -> None:
    m = autogradkit
    q = m.quantize_per_channel(_x(m), m.tensor([0.1, 0.2]), m.tensor([0, 1]), 0, m.qint8)
    q._scale = m.ones(3)
    file = io.BytesIO()
    m.save(q, file)
    with pytest.raises((RuntimeError, pickle.UnpicklingError), match="for each of its channels"):
        m.load(io.BytesIO(file.getvalue()))
