"""Windows beside PyTorch: `hann_window` and its kin, `signal.windows`; numbers, strides, storage, refusals."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import torch
import torch.signal.windows

import autogradkit
import autogradkit.signal.windows
from tests.every_case import every_case

from .oracle import array_of

LENGTHS = (0, 1, 2, 3, 4, 5, 9, 33, 300)
# float32's cosine differs in the last bit; half precision is rounded after every step, to the last bit.
LAST_BITS = {"float32": 3e-7, "float64": 4e-15, "float16": 0, "bfloat16": 0}
NUMBERS = {"hamming_window": [(), (0.3,), (0.3, 0.9)], "kaiser_window": [(), (2.5,), (0.0,)]}


@every_case("dtype", LAST_BITS)
@every_case("name", ["hann_window", "hamming_window", "bartlett_window", "blackman_window", "kaiser_window"])
def test_window(name: str, dtype: str) -> None:
    for length, periodic, numbers in itertools.product(LENGTHS, (True, False), NUMBERS.get(name, [()])):
        theirs = getattr(torch, name)(length, periodic, *numbers, dtype=getattr(torch, dtype))
        ours = getattr(autogradkit, name)(length, periodic, *numbers, dtype=getattr(autogradkit, dtype))
        assert (str(ours.dtype), ours.shape, ours.stride()) == (str(theirs.dtype), theirs.shape, theirs.stride())
        assert ours.untyped_storage().nbytes() == theirs.untyped_storage().nbytes()
        np.testing.assert_allclose(ours.double().numpy(), theirs.double().numpy(), rtol=0, atol=LAST_BITS[dtype])


@every_case("requires_grad", [False, True])
@every_case("dtype", ["float32", "float64"])
@every_case("name", torch.signal.windows.__all__)
def test_window_of_signal(name: str, dtype: str, requires_grad: bool) -> None:
    more = {"a": [0.4, 0.3, 0.2]} if name == "general_cosine" else {}
    for length, symmetric in itertools.product(LENGTHS, (True, False)):
        theirs, ours = (
            getattr(m.signal.windows, name)(
                length, sym=symmetric, dtype=getattr(m, dtype), requires_grad=requires_grad, **more
            )
            for m in (torch, autogradkit)
        )
        assert (str(ours.dtype), ours.shape, ours.stride()) == (str(theirs.dtype), theirs.shape, theirs.stride())
        assert type(ours.grad_fn).__name__ == type(theirs.grad_fn).__name__
        np.testing.assert_allclose(array_of(ours), array_of(theirs), rtol=0, atol=10 * LAST_BITS[dtype])


CALLS = """
hann_window(3, requires_grad=True); hann_window(3, False, requires_grad=True); hann_window(-1); hann_window(3.0)
hann_window(True); hann_window(); hann_window(4, True, 2); hann_window(4, out=m.zeros(4)); hann_window(4, dtype=int64)
kaiser_window(1, dtype=int8, pin_memory=True, layout=strided); bartlett_window(3, dtype=complex64)
bartlett_window(1, dtype=complex64); hamming_window(4, beta=2); hamming_window(4, True, beta=2)
kaiser_window(4, beta=-2.0, periodic=True); kaiser_window(4, beta=2); kaiser_window(3, pin_memory=True)
signal.windows.hann(3, 4); signal.windows.hann(3, foo=1); signal.windows.hann(-1); signal.windows.hann(3, dtype=float16)
signal.windows.blackman(-1); signal.windows.nuttall(-1); signal.windows.hann(2.5); signal.windows.hann("a")
signal.windows.hann(3, layout=None); signal.windows.exponential(3, tau=-1); signal.windows.exponential(3, center=1)
signal.windows.exponential(3, center=0.5, sym=False); signal.windows.gaussian(3, std=0)
signal.windows.gaussian(4, std=2.5); signal.windows.kaiser(3, beta=-1); signal.windows.kaiser(5, beta=2.5)
signal.windows.general_cosine(3, a=3); signal.windows.general_cosine(3, a=[]); signal.windows.general_cosine(3)
signal.windows.general_hamming(5, alpha=0.25)
hann_window(4, layout=sparse_coo); hann_window(4, layout=sparse_coo, dtype=int8, pin_memory=True)
kaiser_window(-1, layout=sparse_coo)
kaiser_window(5, layout=sparse_csr); hamming_window(0, layout=sparse_csc); bartlett_window(1, layout=sparse_csr)
blackman_window(-1, layout=sparse_csr); hann_window(5, layout=sparse_csr, dtype=int8)
hann_window(5, layout=sparse_coo, device="meta")
zeros(3, layout=sparse_csr); empty((), layout=sparse_csc); rand(-1, layout=sparse_csr)
"""


@every_case("call", re.split(r"; |\n", CALLS.strip()))
def test_call(call: str) -> None:
    def outcome(library: Any) -> str:
        try:
            return str(eval(f"m.{call}".replace("dtype=", "dtype=m.").replace("=s", "=m.s"), {"m": library}))
        except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"

    assert outcome(autogradkit) == outcome(torch)
