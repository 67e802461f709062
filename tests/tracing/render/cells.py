"""Traces and pictures of the cells that must come out right: each is run as a notebook would run it."""

from __future__ import annotations

import functools
import linecache
import re
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import autogradkit as torch
from autogradkit.tracing.notes import explain
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.render.graph.drawing.picture import Drawn, draw_graph
from autogradkit.tracing.render.marks.widths import text_width
from autogradkit.tracing.trace import Trace

LENET = """
from autogradkit import nn
import autogradkit.nn.functional as F
class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 400)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
torch.manual_seed(0)
model = LeNet()
images = torch.randn(4, 1, 28, 28)
digits = torch.tensor([3, 1, 4, 1])
"""

CELLS: dict[str, tuple[str, str]] = {  # name -> (the cells before, the traced cell)
    "power": ("x = torch.tensor(2., requires_grad=True)", "y = x**3 + 2*x\ny.backward()"),
    "adam": (
        "from autogradkit import optim\nw = torch.tensor([1., -2., .5], requires_grad=True)\n"
        "opt = optim.AdamW([w], lr=.1, amsgrad=True)",
        "for k in range(2):\n    opt.zero_grad()\n    (w * w).sum().backward()\n    opt.step()",
    ),
    "broadcast": (
        "W = torch.tensor([[.5, -1.], [2., .25]], requires_grad=True)\nx = torch.tensor([[1., 2., 3.], [2., -1., .5]])\n"
        "b = torch.tensor([[.1], [-.2]], requires_grad=True)",
        "O = torch.tanh(W @ x + b).sum()\nO.backward()",
    ),
    "fan_in": (
        "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)",
        "h = x * w\nloss = (h * h + h).sum()\nloss.backward()",
    ),
    "loop": (
        "W = torch.tensor([[.5, -1.], [2., .25]], requires_grad=True)\nb = torch.tensor([.1, -.2], requires_grad=True)\n"
        "h = torch.zeros(2)",
        "for t in range(3):\n    h = torch.tanh(W @ h + b)\nh.sum().backward()",
    ),
    "helper": (
        "from autogradkit import nn\ndef squared(v):\n    s = v * v\n    return s.mean()\ntorch.manual_seed(1)\n"
        "layer = nn.Linear(3, 2)\nx = torch.tensor([[1., -2., .5]])",
        "loss = squared(layer(x))\nloss.backward()",
    ),
    "lenet": (LENET, "loss = F.cross_entropy(model(images), digits)\nloss.backward()"),
    "view_edit": (
        "x = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)",
        "y = x * 1\nv = y[0]\nv.mul_(10)\nloss = (y * y).sum()\nloss.backward()",
    ),
    "accumulate": (
        "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)",
        "y = (w * x).sum()\ny.backward(retain_graph=True)\ny.backward()",
    ),
    "two_losses": (
        "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)",
        "loss1 = (w * x).sum()\nloss1.backward()\nloss2 = (w ** 2).sum()\nloss2.backward()",
    ),
    "forward": ("x = torch.tensor([1., 2.], requires_grad=True)", "y = torch.sin(x) * x"),
    "no_grad": (
        "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)",
        "with torch.no_grad():\n    y = w * x\n    z = y.sum()",
    ),
    "second_backward": (
        "w = torch.tensor([.5, -1., 2.], requires_grad=True)",
        "y = (w * w).sum()\ny.backward()\ny.backward()",
    ),
    "edited": (
        "x = torch.tensor([.5, -1., 2.], requires_grad=True)",
        "y = torch.exp(x)\ny.add_(1)\nz = y.sum()\nz.backward()",
    ),
    "mismatch": ("a = torch.ones(2, 3, requires_grad=True)\nb = torch.ones(2, 3)", "h = a * 2\ny = h @ b"),
    "create_graph": (
        "x = torch.tensor(2., requires_grad=True)",
        "y = x**3\ng, = torch.autograd.grad(y, x, create_graph=True)\ng.backward()",
    ),
    "chinese": (
        "权重 = torch.tensor([1., 2.], requires_grad=True)\n输入 = torch.tensor([3., 4.])",
        "损失 = (权重 * 输入).sum()\n损失.backward()",
    ),
    "nan": (
        "x = torch.tensor([-1., 0., 4.], requires_grad=True)",
        "y = torch.sqrt(x)\nz = y.sum()\nz.backward()",
    ),
    "nothing": ("", "print"),
    "large": ("x = torch.ones(1000, 1000, requires_grad=True)", "y = (x * 2).sum()\ny.backward()"),
    "deep": (
        "x = torch.tensor(1., requires_grad=True)",
        "h = x\nfor i in range(250):\n    h = h * 1.01 + 0.1\nh.backward()",
    ),
    "irregular": (
        "x = torch.tensor(1., requires_grad=True)\nimport random\nrandom.seed(0)",
        "h = x\nfor i in range(500):\n    h = random.choice([torch.sin, torch.cos, torch.exp, torch.tanh])(h)\nh.backward()",
    ),
    "created": (
        "",
        "torch.manual_seed(0)\nx = torch.randn(2, 2)\nw = torch.ones(2, requires_grad=True)\n((x @ w).sum() ** 2).backward()",
    ),
    "medium": ("x = torch.linspace(-1, 1, 60).reshape(5, 12).requires_grad_()", "loss = (x * x).mean()\nloss.backward()"),
    "manual_steps": (
        "x = torch.tensor([[1., 2., 3.], [4., 5., 6.]])\nw = torch.tensor([1., 2., 3.], requires_grad=True)",
        "for i in range(3):\n    loss = ((x @ w) ** 2).mean()\n    loss.backward()\n    with torch.no_grad():\n"
        "        w -= 0.01 * w.grad\n        w.grad = None",
    ),
    "many_new": ("", "ts = [torch.ones(3) for i in range(150)]"),
    "many_results": ("w = torch.ones(2, requires_grad=True)", "for i in range(400):\n    w * 2"),
    "network": (
        "from autogradkit import nn\ntorch.manual_seed(0)\nx = torch.ones(2, 3)\n"
        "net = nn.Sequential(*[m for _ in range(60) for m in (nn.Linear(3, 3), nn.Tanh())])",
        "loss = net(x).sum()\nloss.backward()",
    ),
    "assigned": (
        "x = torch.tensor([4., 5.])\nw = torch.tensor([1., 2., 3.], requires_grad=True)",
        "y = w * 1\ny[0] = 7.\ny[1:] = x\nq = (y * y).sum()\nq.backward()",
    ),
    "retained": (
        "w = torch.tensor([1., 2.], requires_grad=True)",
        "y = w * 2\ny.retain_grad()\nz = (y * 3).sum()\nz.backward()",
    ),
    "leaf_edit": ("w = torch.ones(2, requires_grad=True)", "w.add_(1)"),
    "early_error": ("", "1 / 0"),
    "mlp_steps": (
        "from autogradkit import nn, optim\ntorch.manual_seed(0)\n"
        "net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))\n"
        "opt = optim.SGD(net.parameters(), lr=.1)\nX = torch.tensor([[0., 1.], [1., 1.]])\ny = torch.tensor([[1.], [0.]])",
        "for step in range(2):\n    opt.zero_grad()\n    loss = ((net(X) - y) ** 2).mean()\n    loss.backward()\n    opt.step()",
    ),
}  # fmt: skip

LEAVES = "torch.manual_seed(0)\na, b, c, d = (torch.randn(3, requires_grad=True) for _ in range(4))"
FANS: dict[str, tuple[str, str]] = {  # operations that take, or give, four tensors or more
    "cat of leaves": (LEAVES, "y = torch.cat([a, b, c, d])\ny.sum().backward()"),
    "cat of names": (
        LEAVES,
        "first = a * 2\nsecond = b.exp()\nthird = c + 1\nfourth = d.tanh()\n"
        "y = torch.cat([first, second, third, fourth])\ny.sum().backward()",
    ),
    "stack": (LEAVES, "y = torch.stack([a * 2, b.exp(), c + 1, d.tanh()])\ny.sum().backward()"),
    "stack of six matrices": (
        "torch.manual_seed(0)\nws = [torch.randn(3, 4, requires_grad=True) for _ in range(6)]",
        "p, q, r, s, t, u = [w * 2 for w in ws]\n"
        "y = torch.stack([p.exp(), q.sin(), r.cos(), s.tanh(), t.abs(), u.neg()])\ny.sum().backward()",
    ),
    "einsum": (
        "torch.manual_seed(0)\n"
        "a, b, c, d = (torch.randn(*s, requires_grad=True) for s in ((2, 3), (3, 4), (4, 5), (5,)))",
        "y = torch.einsum('ij,jk,kl,l->i', a * 2, b.exp(), c + 1, d.tanh())\ny.sum().backward()",
    ),
    "unbind": (
        "torch.manual_seed(0)\nw = torch.randn(5, 3, requires_grad=True)",
        "a, b, c, d, e = w.unbind(0)\ny = (a * b).sum() + (c * d).sum() + e.sum()\ny.backward()",
    ),
    "chunk": (
        "torch.manual_seed(0)\nw = torch.randn(2, 8, requires_grad=True)",
        "i, f, g, o = w.chunk(4, 1)\ny = (i.sigmoid() * g.tanh() + f.sigmoid() * o.sigmoid()).sum()\ny.backward()",
    ),
    "split": (
        "torch.manual_seed(0)\nw = torch.randn(12, requires_grad=True)",
        "a, b, c, d, e, f = w.split(2)\ny = a.sum()\ny.backward()",
    ),
}


@functools.cache
def trace_cell(name: str) -> Trace:
    """The trace of one of the cells, run once for all tests; a cell that raises is traced up to there."""
    return trace_cell_anew(name)


def trace_cell_anew(name: str) -> Trace:
    """Run one of the cells and return its trace."""
    before, source = CELLS[name]
    return trace_source(source, before)


def trace_source(source: str, before: str = "") -> Trace:
    """Run `before`, then trace `source` as a cell."""
    space: dict[str, Any] = {"torch": torch, "__name__": "__main__"}
    exec(compile(before, "<before>", "exec"), space)
    file = f"<cell {source!r}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    recorder = EventRecorder()
    error: Exception | None = None
    recorder.start()
    try:
        exec(compile(source, file, "exec"), space)
    except Exception as raised:
        error = raised
    finally:
        recorder.stop()
    if error is not None:
        explain(error, recorder, None)
    return Trace.of(recorder.finish(error, lambda name: "cell" if name == file else name, source))


@functools.cache
def drawn(name: str) -> Drawn:
    """The picture of a cell."""
    return draw_graph(trace_cell(name))


def texts(svg: str) -> list[str]:
    """All that is written in a picture."""
    return [node.text or "" for node in shown(svg)]


def shown(svg: str) -> list[ElementTree.Element]:
    """The elements with that text."""
    return list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


def boxes_of_texts(svg: str) -> list[tuple[float, float, float, float, str]]:
    """Left, top, right, bottom and content of every text, by the width that it is fixed to."""
    found = []
    for node in shown(svg):
        size = float(node.get("font-size", 12))
        mono = "ak-mono" in node.get("class", "")
        width = float(node.get("textLength") or text_width(node.text or "", size, mono=mono))
        shift = {"end": width, "middle": width / 2}.get(node.get("text-anchor", ""), 0.0)
        left, line = float(node.get("x", 0)) - shift, float(node.get("y", 0))
        found.append((left, line - 0.7 * size, left + width, line + 0.15 * size, node.text or ""))
    return found


def overlaps(svg: str) -> list[tuple[str, str]]:
    """The texts that lie on one another, in pairs."""
    return [
        (one[4], other[4])
        for one, other in combinations(boxes_of_texts(svg), 2)
        if min(one[2], other[2]) - max(one[0], other[0]) >= 1.5 and min(one[3], other[3]) - max(one[1], other[1]) >= 1
    ]


def size(svg: str) -> tuple[float, float]:
    """Width and height of a picture."""
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])
