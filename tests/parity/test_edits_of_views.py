"""Edits that nobody differentiates beside PyTorch: of views, by operands that broadcast or share memory, and their versions."""

from __future__ import annotations

from tests.every_case import every_case
from tests.parity.one_line import check

MADE = "x = torch.arange(24.0).reshape(4, 6) / 10; row = torch.arange(6.0); w = torch.ones(4, 6); "
EDITS = [
    "{}.add_(2)",
    "{}.add_({}, alpha=0.5)",
    "{}.mul_({})",
    "{}.div_(row[0] + 3)",
    "{}.clamp_(0.2, 1.1)",
    "{}.clamp_(min=0.3)",
    "{}.clamp_()",
    "{}.neg_()",
    "{}.addcmul_({}, {}, value=0.5)",
    "{}.lerp_({}, 0.25)",
    "{}.sigmoid_()",
    "{}.copy_({})",
    "{}.fill_(0.5)",
    "{}.fill_(row)",
    "{}.zero_()",
]
TARGETS = [
    "x[1:3]",
    "x[:, ::2]",
    "x.t()",
    "x[2]",
    "torch.ones(6).expand(4, 6)",
    "x.as_strided((3, 3), (2, 1))",
    "x[:0]",
]
LINES = [
    MADE
    + f"v = {target}; v0 = v; r = {edit.replace('{}', 'v', 1).replace('{}', 'v0 * 2')}; r is v, x, v._version, x._version"
    for target in TARGETS
    for edit in EDITS
] + [
    MADE + line
    for line in (
        "x.add_(row); x, x._version",
        "x.add_(torch.ones(4, 1)); x",
        "x.add_(torch.ones(2, 4, 6))",
        "x.add_(torch.ones(5))",
        "x[1:].copy_(x[:-1])",
        "x[0].copy_(x[1]); x",
        "x[:, 1:4].copy_(x[:, 2:5]); x, x._version",
        "x[:, 0:2].copy_(x[:, 4:6]); x, x._version",
        "x[:2].copy_(x[1:3])",
        "x[1:3] += 0.5; x, x._version",
        "x[1:3] += x[1:3]; x, x._version",
        "x[1:3] = row; x, x._version",
        "x[1:3] = x[1:3]; x, x._version",
        "x[x > 1] = 0; x, x._version",
        "m = x > 1; m[m] = False; m, m._version",
        "x[x > 99] = 0; x, x._version",
        "x.__setitem__(x > 1, 1j)",
        "x[x > 1] = torch.tensor([0.5]); x",
        "x[x > 1] = torch.tensor([[0.5]]); x",
        "y = w.requires_grad_() * 2; y[x > 1] = 0; y.sum().backward(); w.grad, y.grad_fn.name()",
        "x[1, 2] = 0.5; x[:, 3] = 7; x, x._version",
        "x.__setitem__((1, 2), w)",
        "v = x[1:3]; w.requires_grad_(); v.mul_(w[1:3]); v.requires_grad, x.grad_fn.name()",
        "w.requires_grad_(); v = w[1]; v.add_(1)",
        "w.requires_grad_(); torch.set_grad_enabled(False); v = w[1]; v.add_(row); torch.set_grad_enabled(True); w, w._version",
        "y = w.requires_grad_() * 2; z = y.exp(); d = y.detach(); d[1:2].clamp_(0, 1); z.sum().backward(); w.grad",
        "y = w.requires_grad_() * x; x[1:2].addcmul_(row, row); y.sum().backward()",
        "y = (w.requires_grad_() * 1).as_strided((2, 2), (6, 1), 3); g = torch.tensor([[-0.0, 1], [2, -0.0]]); y.backward(g); "
        "w.grad, w.grad.signbit()",
        "y = (w.requires_grad_() * x)[1:]; z = y.as_strided((2, 2), (1, 6), 8); z.backward(x[:2, :2]); w.grad",
        "y = w.requires_grad_() * x; y[1:3] += row; y[1:3] = y[:2] * 2; v = y[2, 1:4]; v.mul_(3); y.sum().backward(); w.grad",
    )
]


@every_case("line", LINES)
def test_edits(line: str) -> None:
    check(line)
