"""Fractional max pooling beside PyTorch: where the windows stand, what is refused, half precision."""

from __future__ import annotations

from tests.every_case import every_case
from tests.parity.one_line import check

LINES = [
    "F.fractional_max_pool2d(x, 2, 3, return_indices=True)",
    "F.fractional_max_pool2d(x, (2, 3), output_ratio=(0.7, 0.5), return_indices=True)",
    "F.fractional_max_pool2d(x[0], 2, (3, 1), _random_samples=torch.tensor([[[0.1, 0.9], [0.7, 0.2], [0.5, 0.5]]]))",
    "F.fractional_max_pool3d(v, (1, 2, 3), (3, 2, 4), return_indices=True)",
    "F.fractional_max_pool3d(v[0].double(), 2, output_ratio=0.6)",
    "F.fractional_max_pool2d(torch.rand(2, 3, 40, 40).bfloat16(), 2, (19, 27), return_indices=True)[1].sum()",
    "F.fractional_max_pool2d_with_indices(x.half(), 2, 3)",
    "F.fractional_max_pool2d(torch.full((1, 4, 4), torch.nan), 2, 2, return_indices=True)",
    "F.fractional_max_pool2d(x.to(memory_format=torch.channels_last), 2, 3)",
    "F.fractional_max_pool2d(torch.ones(3), 2, 1, _random_samples=torch.rand(1, 1, 2))",
    "F.fractional_max_pool2d(torch.ones(2, 3, 0, 4), 2, 1)",
    "F.fractional_max_pool2d(torch.ones(0, 4, 4), 2, 1)",
    "F.fractional_max_pool2d(x, 2, (7, 1))",
    "F.fractional_max_pool3d(v, 2, (1, 1, 9))",
    "F.fractional_max_pool2d(x, 2, (-1, 2))",
    "F.fractional_max_pool2d(x, (2, 2, 2), 2)",
    "F.fractional_max_pool3d(v, 2, (2, 2))",
    "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(1, 3, 2))",
    "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(2, 2, 2))",
    "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(2, 3, 3))",
    "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(2, 3))",
    "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(2, 3, 2).double())",
    "F.fractional_max_pool2d(x.long(), 2, 2, _random_samples=torch.rand(2, 3, 2).long())",
    "F.fractional_max_pool2d(x, 2)",
    "F.fractional_max_pool2d(x, 2, output_ratio=(0.5, 0.5, 0.5))",
    "torch.nn.FractionalMaxPool2d(2)",
    "torch.nn.FractionalMaxPool2d(2, 2, 0.5)",
    "torch.nn.FractionalMaxPool2d(2, None, 1.5)",
    "torch.nn.FractionalMaxPool3d((2, 0, 1), 2)",
    "torch.nn.FractionalMaxPool3d(2, None, (0.5, 0.5))",
    "m = torch.nn.FractionalMaxPool3d(2, 2, _random_samples=torch.rand(2, 3, 3)); m, list(m.state_dict()), m(v)",
    "v = v[:0].requires_grad_(); F.fractional_max_pool3d(v, 2, 2).sum().backward(); v.grad",
    "v = v[:0].requires_grad_(); F.max_pool3d(v, 2).sum().backward(); v.grad",
    "y = F.fractional_max_pool2d(x.requires_grad_(), 2, 4); y.square().sum().backward(); x.grad, type(y.grad_fn).__name__",
]


@every_case("line", LINES)
def test_a_line_says_the_same(line: str) -> None:
    check(f"F = torch.nn.functional; x = torch.randn(2, 3, 7, 6); v = torch.randn(2, 3, 5, 6, 7); {line}")
