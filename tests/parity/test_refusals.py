"""Wrong calls that random ones found once: what each is refused with, or gives, beside PyTorch."""

from __future__ import annotations

from tests.every_case import every_case
from tests.parity.one_line import check

X = "x = torch.arange(6.0).reshape(2, 3); v = torch.arange(1.0, 4.0); n = torch.ones(3, dtype=torch.int64); b = n.bool()"
CASES = {
    "a number in place of a tensor is not called `input`": """
        torch.pow(input=2, exponent=v); torch.pow(self=2, exponent=v); torch.float_power(input=2, exponent=v)
        torch.remainder(input=2, other=v); torch.remainder(self=2, other=v); torch.xlogy(input=2, other=v)
        torch.bitwise_and(input=2, other=n); torch.bitwise_and(self=2, other=n); torch.bitwise_or(input=2, other=n)
        torch.bitwise_xor(input=2, other=n); torch.bitwise_left_shift(input=1.5, other=n)
        torch.bucketize(input=2, boundaries=v)
        torch.bitwise_left_shift(input=1, other=n); torch.bitwise_right_shift(input=1, other=n); torch.searchsorted(v, input=2)
        torch.searchsorted(v, self=2); torch.where(v > 1, input=2, other=v); torch.where(v > 1, self=2, other=v)
        torch.special.zeta(input=2.0, other=v); torch.special.zeta(x=2.0, other=v); torch.special.zeta(self=2.0, other=v)
        torch.special.xlog1py(x=2.0, other=v); torch.add(input=2, other=v); torch.pow(input=v, exponent=2); torch.abs(x=v)
    """,
    "what has no dtype": """
        torch.tensor(torch.float32); torch.asarray([torch.float32]); torch.tensor(torch.device("cpu"))
        torch.tensor(torch.finfo())
        torch.tensor(torch.strided); torch.tensor(torch.Generator()); torch.tensor([None]); torch.tensor(object())
        torch.add(torch.Generator(), 1); torch.add(torch.finfo(), 1); torch.add(torch.strided, 1); torch.add(x.max(0), 1)
    """,
    "no bounds": """
        torch.clamp(b); b.clamp(); b.clamp_(); torch.clip(b, None, None); torch.clamp(v.to(torch.complex64)); torch.clamp(b, 1)
        torch.clamp(b, out=b); torch.clamp(v.to(torch.complex64), 1)
    """,
    "memory that is given, and its format": """
        torch.empty([0, 0], memory_format=torch.contiguous_format, out=x.clone())
        torch.empty([0, 0], memory_format=torch.channels_last, out=x.clone())
        torch.empty([0, 0], memory_format=None, out=x.clone())
        torch.batch_norm_update_stats(torch.ones(1, 3, 3), v, v, 1.0, out=3)
    """,
    "the names of functions that Python refuses": """
        torch.stft(x, 1, 2, foo=1); x.stft(1, 2, foo=1); torch.stft(); x.stft()
        torch.stft.__qualname__, torch.Tensor.stft.__name__
        torch.nn.functional.fractional_max_pool2d(); torch.nn.functional.fractional_max_pool3d(x, 1, 2, foo=3)
        torch.nn.functional.fractional_max_pool2d.__name__
    """,
    "others": """
        torch.special.logsumexp(x, [0, "a"]); torch.logsumexp(x, [0, "a"]); x.logsumexp([0, "a"]); torch.special.softmax(x)
        torch.index_put_(v, (1,), torch.ones(1)); torch.index_put_(v, (np.int64(1)), torch.ones(1)); v.index_put_([n, 2], v)
        v.index_put_((n,), v, accumulate=True)
        torch.norm(object); torch.norm(3); torch.norm(None); torch.norm(v)
        torch.histogram(x, bins=2, weight=torch.ones(())); torch.histogram(x, bins=2, weight=torch.arange(6.0))
        torch.histogram(x, bins=2, weight=torch.ones(2)); torch.histogram(x, bins=2, weight=x)
    """,
}
LINES = [
    line.strip() for text in CASES.values() for row in text.splitlines() for line in row.split(";") if line.strip()
]


@every_case("line", LINES)
def test_it_is_as_in_pytorch(line: str) -> None:
    check(f"{X}; {line}")
