"""How many operations of products `FlopCounterMode` counts, forward and backward, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.utils.flop_counter

import autogradkit
from tests.every_case import every_case

LINES = """
a @ b
a @ b[:, 0]
a[0] @ b
a[0] @ a[0]
ones(2, 3, 4) @ ones(2, 4, 5)
ones(2, 3, 4) @ b
ones(2, 2, 3, 4) @ ones(2, 2, 4, 5)
m.addmm(ones(5), a, b)
m.baddbmm(ones(5), ones(2, 3, 4), ones(2, 4, 5))
F.linear(a, b.t(), ones(5))
F.linear(a, b.t())
F.linear(ones(2, 3, 4), b.t(), ones(5))
F.linear(ones(2, 3, 4), b.t())
F.linear(a[0], b.t(), ones(5))
F.conv2d(x, ones(4, 3, 3, 3))
F.conv2d(x, ones(4, 3, 3, 3), ones(4), 2, 1)
F.conv2d(x, ones(3, 1, 3, 3), groups=3)
F.conv1d(x[:, :, 0], ones(4, 3, 3))
F.conv_transpose2d(x, ones(3, 4, 3, 3))
F.conv3d(ones(1, 2, 4, 4, 4), ones(3, 2, 2, 2, 2))
m.einsum("ij,jk->ik", a, b)
m.outer(a[0], b[0])
m.tensordot(a, b, 1)
m.nn.LSTM(4, 5)(ones(3, 2, 4))
m.nn.GRUCell(4, 5)(a)
m.nn.Sequential(m.nn.Linear(4, 5), m.nn.ReLU(), m.nn.Sequential(m.nn.Conv2d(3, 2, 1)))[2](x)
m.nn.Sequential(m.nn.Linear(4, 5), m.nn.Sequential(m.nn.ReLU(), m.nn.Linear(5, 2)))(a)
a + 1
m.linalg.multi_dot([a, b, ones(5, 2)])
ones(3, 5).addmm_(a, b)
m.matrix_power(m.eye(3), 3)
m.addmv(ones(3), a, b[:, 0])
(v(3, 4) @ v(4, 5)).sum().backward()
(v(3, 4) @ b).sum().backward()
(v(3, 4) @ v(4)).sum().backward()
(v(2, 3, 4) @ v(4, 5)).sum().backward()
(v(2, 2, 3, 4) @ v(2, 2, 4, 5)).sum().backward()
m.addmm(v(5), v(3, 4), b).sum().backward()
m.baddbmm(ones(5), v(2, 3, 4), v(2, 4, 5)).sum().backward()
m.einsum("bij,bjk->bik", v(2, 3, 4), ones(2, 4, 5)).sum().backward()
F.conv2d(x, v(4, 3, 3, 3), v(4), 2, 1).sum().backward()
F.conv2d(v(2, 3, 8, 8), v(3, 1, 3, 3), groups=3).sum().backward()
F.conv_transpose2d(v(2, 3, 8, 8), v(3, 4, 3, 3), stride=2).sum().backward()
F.conv1d(v(1, 2, 6), v(3, 2, 3)).sum().backward()
m.nn.LSTM(4, 5)(ones(3, 2, 4))[0].sum().backward()
m.nn.MultiheadAttention(4, 2)(ones(3, 1, 4), ones(3, 1, 4), ones(3, 1, 4))[0].sum().backward()
m.nn.Sequential(m.nn.Linear(4, 5), m.nn.Sequential(m.nn.ReLU(), m.nn.Linear(5, 2)))(v(3, 4)).sum().backward()
m.nn.Sequential(m.nn.Conv2d(3, 2, 3), m.nn.ReLU(), m.nn.Flatten(), m.nn.Linear(72, 2))(x).sum().backward()
[m.nn.Linear(4, 5)(a).sum().backward() for _ in range(2)]
m.autograd.grad((a @ v(4, 5)).sum(), w @ ones(4, 5), allow_unused=True)
(lambda y: m.autograd.grad((y @ v(4, 5)).sin().sum(), y, create_graph=True)[0].sum().backward())(w * 2)
""".strip().splitlines()


def _counted(m: Any, line: str) -> tuple[int, dict[str, dict[str, int]]]:
    """In all, and by module and op."""
    space = {
        "m": m,
        "F": m.nn.functional,
        "ones": m.ones,
        "v": lambda *size: m.ones(size, requires_grad=True),
        "w": m.ones(3, 4, requires_grad=True),
        "a": m.ones(3, 4),
        "b": m.ones(4, 5),
        "x": m.ones(2, 3, 8, 8),
    }
    with m.utils.flop_counter.FlopCounterMode(display=False) as counter:
        eval(line, space)
    counts = {
        where: {str(op): count for op, count in each.items()} for where, each in counter.get_flop_counts().items()
    }
    return counter.get_total_flops(), counts


@every_case("line", LINES)
def test_it_counts_what_pytorch_counts(line: str) -> None:
    assert _counted(autogradkit, line) == _counted(torch, line)


def test_a_counter_begins_anew() -> None:
    """Each block by itself."""
    found = []
    for m in (autogradkit, torch):
        counter = m.utils.flop_counter.FlopCounterMode(display=False)
        for _ in range(2):
            with counter:
                m.mm(m.ones(3, 4), m.ones(4, 5))
        found.append(counter.get_total_flops())
    assert found[0] == found[1] == 120


def test_the_table_goes_down_to_a_depth(capsys: pytest.CaptureFixture[str]) -> None:
    """PyTorch needs another package for its table, whose version 0.9 writes these."""
    nn = autogradkit.nn
    net = nn.Sequential(nn.Linear(4, 5), nn.Sequential(nn.ReLU(), nn.Linear(5, 2)))
    with autogradkit.utils.flop_counter.FlopCounterMode(depth=1) as counter:
        net(autogradkit.ones(3, 4)).sum().backward()
    assert capsys.readouterr().out == (
        "Module           FLOP    % Total\n"
        "-------------  ------  ---------\n"
        "Sequential        420    100.00%\n"
        " - aten.addmm     180     42.86%\n"
        " - aten.mm        240     57.14%\n"
    )
    assert counter.get_table(2).splitlines()[5:] == [
        " Sequential.0      240     57.14%",
        "  - aten.addmm     120     28.57%",
        "  - aten.mm        120     28.57%",
        " Sequential.1      180     42.86%",
        "  - aten.addmm      60     14.29%",
        "  - aten.mm        120     28.57%",
    ]
    counter.depth = None
    assert "   - aten.addmm       60     14.29%" in counter.get_table()
    with autogradkit.utils.flop_counter.FlopCounterMode(display=False) as counter:
        autogradkit.ones(20, 30) @ autogradkit.ones(30, 40)
        nn.Linear(30, 40)(autogradkit.ones(20, 30))
    assert [line.split() for line in counter.get_table().splitlines()[2:]] == [
        ["Global", "96.000K", "100.00%"],
        ["-", "aten.mm", "48.000K", "50.00%"],
        ["-", "aten.addmm", "48.000K", "50.00%"],
        ["Linear", "48.000K", "50.00%"],
        ["-", "aten.addmm", "48.000K", "50.00%"],
    ]


def test_formulas_of_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for m in (autogradkit, torch):
        tools, heard = m.utils.flop_counter, []
        monkeypatch.setattr(tools, "flop_registry", dict(tools.flop_registry))

        def shapes(*args: Any, heard: Any = heard, out_shape: Any = None, **kwargs: Any) -> int:
            heard.append((args, out_shape, kwargs))
            return 7

        def raw(x: Any, *args: Any, out_val: Any = None) -> int:
            return x.numel() * out_val.numel()

        raw._get_raw = True  # type: ignore[attr-defined]
        tools.register_flop_formula(m.ops.aten.sin)(shapes)
        tools.register_flop_formula([m.ops.aten.cos, m.ops.aten.tan], get_raw=True)(lambda x, out_val: 11)
        with tools.FlopCounterMode(
            display=False, custom_mapping={m.ops.aten.tanh: raw, m.ops.aten.mm: shapes}
        ) as counter:
            m.sin(m.ones(3, 2)), m.ones(2).sin_(), m.cos(m.ones(1)), m.ones(4).tanh(), m.ones(2, 3) @ m.ones(3, 4)
        refused = []
        for wrong in (m.sin, m.ops.aten.sin, m.ops.aten.mm):
            with pytest.raises((ValueError, RuntimeError)) as error:
                tools.register_flop_formula(wrong)(shapes)
            refused.append((error.type, str(error.value).partition(", got")[0]))
        counts = {str(op): number for op, number in counter.get_flop_counts()["Global"].items()}
        found.append((counter.get_total_flops(), counts, heard, refused))
    assert repr(found[0]) == repr(found[1])


def test_what_it_cannot_do_it_says() -> None:
    mode = autogradkit.utils.flop_counter.FlopCounterMode
    with pytest.warns(UserWarning, match="mods argument is not needed anymore"):
        mode(3)
