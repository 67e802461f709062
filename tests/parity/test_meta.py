"""The meta device beside PyTorch's: what tensors without numbers look like, what ops make of them, and what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

from .one_line import outcome

SHAPES = """
nn.Linear(2, 3, device="meta")(o(4, 2))
nn.LSTM(3, 4, device="meta")(o(5, 2, 3))[1][0].detach()
nn.GRUCell(3, 4, device="meta")(o(5, 3))
nn.MultiheadAttention(4, 2, device="meta")(o(5, 2, 4), o(5, 2, 4), o(5, 2, 4))[0]
nn.TransformerEncoderLayer(4, 2, 8, device="meta")(o(5, 2, 4))
nn.Conv2d(1, 2, 3, device="meta", padding="same")(o(1, 1, 5, 5))
nn.ConvTranspose2d(1, 2, 3, device="meta")(o(1, 1, 5, 5))
nn.BatchNorm2d(2, device="meta")(o(3, 2, 5, 5))
nn.LayerNorm(5, device="meta")(o(3, 2, 5, 5))
nn.Embedding(7, 3, device="meta")(o(3, 2, dtype=m.long))
nn.MaxPool2d(2)(o(3, 2, 6, 6))
nn.AdaptiveAvgPool2d(1)(o(3, 2, 6, 6))
nn.Dropout(0.5)(o(3, 2, requires_grad=True))
nn.Dropout2d(0.5)(o(3, 2, 4, 4))
nn.ReLU(inplace=True)(o(3, 2))
nn.CrossEntropyLoss()(o(3, 5, requires_grad=True), o(3, dtype=m.long))
F.scaled_dot_product_attention(o(2, 2, 5, 4), o(2, 2, 5, 4), o(2, 2, 5, 4), is_causal=True)
F.interpolate(o(1, 2, 3, 3), scale_factor=2, mode="bilinear")
F.pad(o(1, 2, 3, 3), (1, 1, 2, 0))
m.einsum("bij,bjk->bik", o(2, 3, 4), o(2, 4, 5))
m.stack([o(2), o(2)], 1)
o(6).split(2)[1]
o(6, 2).cumsum(0)
o(6, 2).std(0)
o(6, 2, requires_grad=True).mean(0, keepdim=True)
o(3, 3).argmax(1)
o(3, 3).gather(1, o(3, 1, dtype=m.long))
o(3, 3)[o(2, dtype=m.long), :1]
o(3, 3)[m.tensor([0, 2])]
m.where(o(3) > 0, o(3), 0.0)
m.linalg.qr(o(3, 2))[0]
m.linalg.inv(o(3, 3))
o(3).flip(0)
m.cdist(o(3, 2), o(4, 2))
m.fft.rfft(o(8))
m.zeros_like(o(3, 2).T)
m.rand_like(o(3, 2), dtype=m.float64)
o(3).new_full((2,), 3)
o(1, 2, 3, 4).to(memory_format=m.channels_last)
o(3, 2).T.contiguous()
o(3, 2).T.reshape(6)
o(3, 4).T
o(3, 4)[1:, ::2]
o(3, 4).unfold(1, 2, 1)
o(3).half() + 1
o(3, dtype=m.long) * 1.5
o(3) + m.tensor(2.0)
o(2, 1) * o(3)
o(3).add_(1)
o(3).exp()
o(5).topk(2)[1]
o(10**6, 10**6).sum(0)
m.empty_strided((2, 3), (1, 2), device="meta")
m.arange(5, device="meta")
m.tensor([[1, 2]], device="meta")
m.as_tensor([1.5], device="meta")
m.randn(3, device="meta", requires_grad=True)
m.eye(3, device="meta")
m.ones(2, 3).T.to("meta")
m.ones(2, 3).to(o(1, dtype=m.float64))
copy.deepcopy(o(2, 3).T)
pickle.loads(pickle.dumps(o(2, 3, requires_grad=True)))
nn.Linear(2, 3).to("meta").weight
nn.Linear(2, 3, device="meta").to_empty(device="cpu").weight
nn.BatchNorm1d(3, device="meta").to_empty(device="cpu").running_mean
nn.Linear(2, 3, device="meta").double().bias
""".strip().splitlines()


def looks(m: Any, line: str) -> Any:
    def o(*sizes: int, **options: Any) -> Any:
        return m.ones(*sizes, device="meta", **options)

    names = {"m": m, "nn": m.nn, "F": m.nn.functional, "o": o, "copy": copy, "pickle": pickle}
    made = eval(line, names)
    known = tuple(made.shape), made.stride(), made.storage_offset(), repr(made.dtype), made.requires_grad
    return (*known, str(made.device), made.is_meta, made.is_contiguous())


@every_case("line", SHAPES)
def test_a_result_has_pytorchs_sizes_strides_and_dtype(line: str) -> None:
    assert looks(ak, line) == looks(torch, line)


BACKWARD = """
lambda x: x.sin() * 2 + x.relu() - x.t().t(); o(2, 3)
lambda x, y: x * y + y; o(2, 3), o(3)
lambda x, y: x @ y; o(5, 2, 3), o(3, 4)
lambda x: x.softmax(-1).log(); o(2, 3)
lambda x: F.cross_entropy(x, l(4)); o(4, 5)
lambda x, y: m.cat([x, y], 1); o(4, 5), o(4, 2)
lambda x: x[:, 0] * x[l(4), 1] + x.gather(1, l(4, 1))[:, 0]; o(4, 5)
lambda x: x.max(1)[0] + x.amax(1) + x.logsumexp(1) + x.prod(1) + x.std(1) + x.norm(dim=1); o(4, 5)
lambda x: x.cumsum(1) + x.cumprod(1); o(4, 5)
lambda x: x.view(2, 10).permute(1, 0).reshape(-1).expand(3, -1); o(4, 5)
lambda x, w, b: F.layer_norm(x, (5,), w, b); o(4, 5), o(5), o(5)
lambda x, w, b: F.batch_norm(x, None, None, w, b, True); o(4, 5, 6, 6), o(5), o(5)
lambda x, w, b: F.conv2d(x, w, b, padding=1); o(4, 5, 6, 6), o(3, 5, 3, 3), o(3)
lambda x: F.max_pool2d(x, 2) + F.avg_pool2d(x, 2) + F.adaptive_avg_pool2d(x, 3); o(4, 5, 6, 6)
lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"); o(4, 5, 6, 6)
lambda w: F.dropout(F.embedding(l(3), w), 0.5); o(7, 4)
lambda x: m.where(x > 0, x, x * 2).clamp(0, 1).double().half(); o(7, 4)
lambda x: m.linalg.inv(x) + m.linalg.det(x) + m.linalg.svdvals(x).sum(); o(3, 3)
lambda x: x.clone().mul_(2).add_(x); o(2, 5)
lambda x: m.autograd.grad((x**3).sum(), x, create_graph=True)[0]; o(3)
lambda x: (x * 2).sum().backward() or x * 3; o(3)
lambda x, *p: nn.LSTM(3, 4, device="meta")(x)[0]; o(5, 2, 3)
lambda x: nn.TransformerEncoderLayer(4, 2, 8, device="meta")(x); o(5, 2, 4)
""".strip().splitlines()


@every_case("line", BACKWARD)
def test_gradients_have_pytorchs_sizes_strides_and_dtype(line: str) -> None:
    told = []
    for m in (ak, torch):
        names = {
            "m": m,
            "nn": m.nn,
            "F": m.nn.functional,
            "l": lambda *sizes, m=m: m.ones(*sizes, device="meta").long(),
        }
        names["o"] = lambda *sizes, m=m: m.ones(*sizes, device="meta", requires_grad=True)
        function, given = line.split("; ")
        given = eval(f"({given},)", names)
        eval(function, names)(*given).sum().backward()
        told.append([(each.grad.shape, each.grad.stride(), str(each.grad.dtype), each.grad.is_meta) for each in given])
    assert told[0] == told[1]


LINES = """
x
y
i
y * 2
torch.nn.Parameter(x)
y.double()
torch.nn.Linear(2, 3, device="meta").state_dict()
x.device, x.is_meta, x.is_cpu, x.type(), x.data_ptr(), len(x), x.get_device(), x.element_size(), x.nbytes
x.item()
x[0].item()
float(x[0])
bool(x[0])
x.numpy()
x.tolist()
x.cpu()
x.to("cpu")
x.to("cpu", torch.float64)
x.to(c)
c.copy_(x)
x + c
c + x
torch.cat([x, c])
torch.where(x > 0, x, c)
torch.allclose(x, x)
torch.allclose(c, x)
torch.allclose(x, c)
torch.testing.assert_close(c, x)
torch.take_along_dim(c, i, 0)
torch.take_along_dim(x, torch.tensor([0]), 0)
torch.repeat_interleave(c, i)
x.copy_(c); x._version
x.fill_(3); x.zero_(); x._version
i.requires_grad_()
y.add_(1)
(y * 2).backward()
(y * 2).backward(torch.ones(2, 3))
z = y.exp().sum(); z.backward(); z.backward()
torch.empty(-1, device="meta")
torch.nn.Linear(2, 3, device="meta").to("cpu")
torch.nn.Linear(2, 3).load_state_dict(torch.nn.Linear(2, 3, device="meta").state_dict())
torch.nn.Linear(2, 3, device="meta").load_state_dict(torch.nn.Linear(2, 3).state_dict(), assign=True)
x.view(2, 2)
x[5]
torch.rand(3, device="meta"); torch.rand(1)
torch.nn.Linear(2, 3, device="meta"); torch.rand(1)
""".strip().splitlines()
BEFORE = (
    "x = torch.empty(3, device='meta'); y = torch.ones(2, 3, device='meta', requires_grad=True); c = torch.ones(3)\n"
    "i = torch.zeros(3, dtype=torch.long, device='meta')\n"
)


@every_case("line", LINES)
def test_it_says_what_pytorch_says(line: str) -> None:
    assert outcome(ak, BEFORE + line)[:2] == outcome(torch, BEFORE + line)[:2]


def test_what_depends_on_numbers_is_refused() -> None:
    x = ak.empty(3, device="meta")
    for refused in (x.nonzero, x.unique, lambda: x[x > 0], lambda: ak.equal(x, x)):
        with pytest.raises(NotImplementedError, match="depends on numbers"):
            refused()


def test_within_a_block_everything_that_names_no_device_is_made_there() -> None:
    def made(m: Any) -> Any:
        with m.device("meta"):
            tensors = [
                m.ones(2),
                m.tensor([1, 2]),
                m.arange(3),
                m.nn.Linear(2, 3).weight,
                m.nn.BatchNorm1d(3).running_mean,
            ]
            tensors += [m.ones(2, device="cpu"), m.from_numpy(np.ones(2))]
            default = str(m.get_default_device())
        return [str(each.device) for each in tensors], default, str(m.ones(2).device)

    assert made(ak) == made(torch)


def test_a_model_without_numbers_gets_memory_and_then_computes() -> None:
    with ak.device("meta"):
        model = ak.nn.Sequential(ak.nn.Linear(2, 3), ak.nn.ReLU(), ak.nn.Linear(3, 1))
    parameters = list(model.parameters())
    assert all(isinstance(each, ak.nn.Parameter) and each.is_meta for each in parameters)
    model.to_empty(device="cpu")
    assert not any(each is other for each, other in zip(model.parameters(), parameters, strict=True))  # as in PyTorch
    for parameter in model.parameters():
        ak.nn.init.constant_(parameter, 0.5)
    found = model(ak.ones(1, 2))
    assert found.tolist() == [[2.75]]
    found.sum().backward()
    assert model[2].weight.grad is not None
    assert model[2].weight.grad.tolist() == [[1.5, 1.5, 1.5]]


INTO = """
torch.add(x, x, out=m(2, 3)), torch.add(x, x, out=m(0)), torch.add(x, x, out=m(2, 3, dtype=torch.float64))
torch.mm(x, x.t(), out=m(0))
torch.sum(x, 1, out=m(2)), torch.max(x, 1, out=(m(2), m(2, dtype=torch.int64)))
torch.cat([x, x], out=m(0)), torch.matmul(x, x.t(), out=m(0))
(lambda o: (torch.exp(x, out=o) is o, o._version))(m(2, 3))
torch.add(torch.ones(2, 3), 1, out=m(2, 3))
torch.add(x, 1, out=torch.ones(2, 3))
torch.add(m(2, 3, requires_grad=True), 1, out=m(2, 3))
""".strip().splitlines()


@every_case("line", INTO)
def test_out_takes_the_sizes_of_a_result_that_nobody_computes(line: str) -> None:
    def said(library: Any) -> str:
        def m(*size: int, **options: Any) -> Any:
            return library.empty(*size, device="meta", **options)

        try:
            return repr(eval(line, {"torch": library, "m": m, "x": m(2, 3)}))
        except RuntimeError as error:
            return str(error)

    assert said(ak) == said(torch)


@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop"]
)
def test_optimizers_step_without_numbers_and_have_a_state_then(name: str) -> None:
    def state(library: Any) -> Any:
        layer = library.nn.Linear(2, 3, device="meta")
        options = {"momentum": 0.9} if name == "SGD" else {}
        optimizer = getattr(library.optim, name)(layer.parameters(), lr=0.1, **options)
        for _ in range(2):
            layer(library.ones(4, 2, device="meta")).sum().backward()
            optimizer.step()
        return [
            {
                key: (each.device.type, tuple(each.shape), each.item() if each.device.type == "cpu" else None)
                for key, each in of.items()
            }
            for of in optimizer.state.values()
        ]

    assert state(ak) == state(torch)


@pytest.mark.parametrize("name", ["ASGD", "Adafactor"])
def test_a_step_that_depends_on_single_numbers_is_refused(name: str) -> None:
    for library in (ak, torch):
        weight = library.nn.Parameter(library.ones(2, 3, device="meta"))
        weight.grad = library.ones_like(weight)
        with pytest.raises(RuntimeError, match=r"^Tensor\.item\(\) cannot be called on meta tensors$"):
            getattr(library.optim, name)([weight]).step()


def test_muon_has_a_state_without_numbers() -> None:
    for library in (ak, torch):
        weight = library.nn.Parameter(library.ones(2, 3, device="meta"))
        optimizer = library.optim.Muon([weight])
        kept = []
        for _ in range(2):
            weight.grad = library.ones_like(weight)
            optimizer.step()
            kept.append(optimizer.state[weight]["momentum_buffer"])
        assert kept[0] is kept[1]
        assert (kept[0].is_meta, tuple(kept[0].shape), list(optimizer.state[weight])) == (
            True,
            (2, 3),
            ["momentum_buffer"],
        )


FACTORIES = ("zeros(2)", "ones(2, 3)", "full((2,), 3.0)", "arange(3)", "eye(2)", "linspace(0, 1, 3)", "zeros(())")


@pytest.mark.parametrize("call", FACTORIES)
def test_a_factory_takes_the_jagged_layout_for_the_usual_one(call: str) -> None:
    said = []
    for library in (ak, torch):
        made = eval(f"torch.{call[:-1]}, layout=torch.jagged)", {"torch": library})
        said.append((repr(made), str(made.layout)))
    assert said[0] == said[1]


def test_initial_values_windows_and_parametrizations_without_numbers() -> None:
    def said(library: Any) -> list[Any]:
        init, parametrizations = library.nn.init, library.nn.utils.parametrizations
        state = library.get_rng_state()
        with library.device("meta"):
            matrix = library.nn.Parameter(library.empty(3, 4))
            made = [
                init.trunc_normal_(matrix, std=0.02),
                init.trunc_normal_(matrix, 5.0, 1.0, 6.5, 7.0),
                init.eye_(matrix),
                library.hann_window(4),
                library.signal.windows.hamming(5),
                *parametrizations.spectral_norm(library.nn.Linear(3, 4)).state_dict().values(),
                *parametrizations.weight_norm(library.nn.Linear(3, 4)).state_dict().values(),
            ]
            part = library.arange(6.0)[1:]
            moved = library.empty(0).set_(part)
        assert bool((library.get_rng_state() == state).all())
        return [(each.device.type, tuple(each.shape)) for each in made] + [
            moved.shape == part.shape,
            moved.storage_offset(),
        ]

    assert said(ak) == said(torch)
