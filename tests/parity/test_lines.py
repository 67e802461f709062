"""Lines of code that both libraries run: what is printed, or the error's type and first line, is the same.

Of names that few programs use: numbers taken apart, memory of given strides, `masked`, what `nn.functional` calls. `m` is the
library; every line begins with the same seed.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import torch
import torch.masked  # which PyTorch does not load by itself

import autogradkit
from tests.every_case import every_case

LINES = """
m.frexp(m.tensor([1.5, -3.0, 0.0, m.inf, m.nan], requires_grad=True)); m.frexp(m.ones(2, dtype=m.bfloat16))
m.frexp(m.ones(2, dtype=m.int64)); m.frexp(m.ones(2, dtype=m.complex64)); m.frexp(m.ones(5)[::2]).mantissa.stride()
m.frexp(m.ones(2), out=(m.zeros(2), m.zeros(2))); m.frexp(m.ones(2), out=(m.zeros(2).double(), m.zeros(2).int()))
m.nextafter(m.ones(2, dtype=m.float16), m.zeros(2, dtype=m.float16)); m.ones(2).nextafter_(m.full((2,), m.inf)) - 1
m.nextafter(m.ones(2), m.zeros(2).double()); m.nextafter(m.ones(2).int(), m.zeros(2).int())
gradients(m, lambda x: m.frexp(x)[0], m.tensor([1.5, -3.0, 0.0, m.inf]))
gradients(m, lambda x: m.nextafter(x, m.tensor([0.0, 2.0, 5.0, 1.0])), m.tensor([1.0, 2.0, m.nan, m.inf]))
laid_out(m.empty_strided((2, 3), (1, 2))); laid_out(m.empty_strided((2, 3), (0, 5), dtype=m.int64))
laid_out(m.empty_strided((2, 0), (1, 2), requires_grad=True)); m.empty_strided((2, 3), (1,))
m.empty_strided((2, 3), (1, -2)); m.empty_strided((2, -3), (1, 2)); m.empty_strided((2, 3), (1, 2), out=m.ones(3))
m.empty_strided(2, 3); m.empty_strided((2, 3), (1, 2), pin_memory=True)
laid_out(m.ones(2).double().new_empty_strided((2, 3), (1, 2))); laid_out(m.empty_permuted((2, 3, 4), (0, 2, 1)))
laid_out(m.empty_permuted((2, 0, 4), (0, 2, 1))); m.empty_permuted((2, 3, 4), (0, 2)); m.empty_permuted((2, 3), (1, 1))
m.empty_permuted((2, 3, 4), (0, 2, 7)); m.empty_permuted((2, 3, 4), (0, -1, 1))
m.nonzero_static(m.tensor([[1, 0], [2, 3]]), size=2); m.nonzero_static(m.tensor([0, 3]), size=3, fill_value=7)
m.nonzero_static(m.ones(2), size=-1); m.nonzero_static(m.ones(2)); m.nonzero_static(m.ones(2), 2)
m.nonzero_static(m.ones(2), size=4, out=m.zeros(1)); m.nonzero_static(m.tensor(3.0), size=4)
m.ones(2, 2).nonzero_static(size=3).stride(); m.detach_copy(m.ones(2, requires_grad=True))
m.detach_copy(m.ones(2, requires_grad=True)).sum().backward()
m.embedding_bag(m.arange(6.0).view(3, 2), m.tensor([0, 1, 2]), m.tensor([0, 2]))[0]
m.embedding_bag(m.arange(6.0).view(3, 2), m.tensor([0, 1, 2]), m.tensor([0, 2]), False, 1, False, None, False, -2)[0]
m.embedding_bag(m.ones(3, 2), m.tensor([0]), m.tensor([0]), False, 1, False, None, False, 3)
m.embedding_bag(m.ones(3, 2), m.tensor([0]), m.tensor([0]), padding_idx=1); m.embedding_bag(m.ones(3, 2))
m.native_layer_norm(m.randn(2, 3), (3,), None, None, 1e-5); m.native_layer_norm(m.randn(2, 3))
m.native_batch_norm(m.randn(2, 3), None, None, None, None, True, 0.1, 1e-5)
m.fake_quantize_per_tensor_affine(m.randn(9), 0.1, 0, -5, 5); m.fake_quantize_per_tensor_affine(m.randn(9).half(), 0.1, 3, 0, 5)
m.fake_quantize_per_tensor_affine(m.tensor([m.nan, m.inf, 0.05, 0.15]), 0.1, 0, -5, 5); m.fake_quantize_per_tensor_affine(x(m))
m.fake_quantize_per_tensor_affine(x(m), 0.1, 9, -5, 5); m.fake_quantize_per_tensor_affine(x(m), 0.1, 0, 5, -5)
m.fake_quantize_per_tensor_affine(x(m).int(), 0.1, 0, -5, 5); m.fake_quantize_per_tensor_affine(x(m), 0.0, 0, -5, 5)
gradients(m, lambda x: m.fake_quantize_per_tensor_affine(x, 0.5, 0, -2, 2), m.tensor([0.3, -9.0, m.nan, 1.0]))
gradients(m, lambda x: m.fake_quantize_per_tensor_affine(x, m.tensor(0.5), m.tensor(1).int(), -2, 2), m.tensor([0.3, -9.0]))
gradients(m, lambda x: m.fake_quantize_per_channel_affine(x, m.tensor([0.5, 9.0]), m.zeros(2).int(), 1, -2, 2), m.ones(2, 2))
m.fake_quantize_per_channel_affine(m.randn(2, 3), m.tensor([0.1, 0.2]), m.zeros(2) + 0.5, 0, -5, 5)
m.fake_quantize_per_channel_affine(m.ones(2, 3), m.ones(2), m.zeros(2).long(), 0, -5, 5)
m.fake_quantize_per_channel_affine(m.ones(2, 3), m.ones(3), m.zeros(3).int(), 0, -5, 5)
m.fake_quantize_per_channel_affine(m.ones(2, 3), m.ones(2), m.zeros(2).int(), -2, -5, 5)
m.relu_(x(m) - 2); m.relu_(input=x(m) - 2); m.relu_(); m.relu_(3); m.relu_(x(m), out=x(m)); m.relu_(x(m), 1); m.clamp_(x(m))
m.clamp_(x(m), min=2.5); m.clamp_(x(m), 1, foo=3); m.clamp_(x(m), 1, 2, out=x(m)); m.fill_(x(m), 3); m.fill_(x(m)); m.zero_(x(m))
m.exp_(x(m).int()); m.sigmoid_(x(m).requires_grad_()); m.sigmoid_(x(m).requires_grad_() * 1); m.detach_(x(m)); m.log_(3)
m.round_(x(m) / 3, decimals=1); m.xlogy_(x(m), 2); m.threshold_(x(m), 1, 2); m.resize_as_(x(m), m.zeros(2)); m.resize_as_(x(m))
m.index_put_(x(m), (m.tensor([0]),), m.tensor(5.0)); m.clip_(x(m), 2); m.negative_(x(m)); m.addmv_(m.ones(2), x(m), m.ones(2))
m.masked.sum(x(m), mask=kept(m)); m.masked.sum(x(m), 5, mask=kept(m)); m.masked.sum(x(m), (0, 0))
m.masked.sum(x(m), mask=m.ones(2, 2, 2) > 0); m.masked.sum(x(m), mask=m.ones(3) > 0); m.masked.sum(x(m), 0, kept(m))
m.masked.sum(x(m).requires_grad_(), 0, mask=kept(m)); m.masked.sum(x(m).int(), [0, 1], keepdim=None)
m.masked.amax(x(m) > 1, mask=kept(m)); m.masked.amin(x(m).to(m.complex64), mask=kept(m))
m.masked.amax(x(m).byte(), 1, mask=kept(m)); m.masked.argmax(x(m), (0, 1)); m.masked.argmin(x(m), 1, mask=kept(m))
m.masked.mean(x(m).long(), mask=kept(m)); m.masked.mean(x(m), 1, dtype=m.int64); m.masked.mean(x(m), 0, mask=kept(m))
m.masked.median(x(m).long(), 1, mask=kept(m)[:, None]); m.masked.median(x(m).long(), 0); m.masked.median(m.tensor(3.0))
m.masked.var(x(m), 0, True, correction=1); m.masked.var(x(m), 0, mask=kept(m)); m.masked.var(x(m), 1, correction=0)
m.masked.std(x(m).long(), 0, mask=kept(m), dtype=m.int32); m.masked.norm(x(m).long(), -m.inf, mask=kept(m))
m.masked.norm(x(m), -m.inf, 1, mask=kept(m)); m.masked.softmax(x(m)); m.masked.softmax(x(m), 0, mask=kept(m))
m.masked.normalize(x(m), 2, 1, mask=kept(m)); m.masked.cumprod(x(m), 1, mask=kept(m)); m.masked.logsumexp(x(m), mask=3)
m.masked.logaddexp(x(m), x(m), other_mask=kept(m)); gradients(m, lambda y: m.masked.std(y, 1, mask=kept(m, 3)), y(m))
"""


def _gradients(m: Any, function: Any, leaf: Any) -> Any:
    leaf.requires_grad_()
    return m.autograd.grad(function(leaf).sum(), leaf)


def _outcome(m: Any, line: str) -> tuple[str, list[str]]:
    m.manual_seed(0)
    names = {
        "m": m,
        "x": lambda m: m.tensor([[1.0, 2.0], [3.0, 4.0]]),
        "y": lambda m: m.tensor([[1.0, 2.0, 4.0], [3.0, 9.0, 5.0]]),
        "kept": lambda m, size=2: m.arange(size) != 1,
        "gradients": _gradients,
        "laid_out": lambda t: (t.shape, t.stride(), t.dtype, t.requires_grad, t.untyped_storage().nbytes()),
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = repr(eval(line, names))
        except Exception as error:
            said = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return said, [str(each.message).splitlines()[0][:60] for each in caught]


@every_case("line", re.split(r"; |\n", LINES.strip()))
def test_line(line: str) -> None:
    assert _outcome(autogradkit, line) == _outcome(torch, line)
