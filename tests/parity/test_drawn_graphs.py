"""Pictures of random programs are true: see `drawn`. 10,000 of them take ten minutes: `python -m tests.parity.drawn`."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from .drawn.bindings import names
from .drawn.programs import Program, program
from .drawn.recompute import operations
from .drawn.runs import execute, is_at_a_kink, record
from .drawn.truth import falsities, gradients, sources

pytestmark = pytest.mark.long

PROGRAMS = 60
FIRST = 20_000


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PROGRAMS))
def test_the_picture_of_a_random_program_is_true(seed: int) -> None:
    made = program(seed)
    print(f"seed {seed}\n{made.before}\n---\n{made.cell}")
    assert not falsities(made)


LEARNERS = {
    "frozen for one operation": (  # it got a gradient of another operand by its shape
        "u.requires_grad_(False)\na = u * old\nu.requires_grad_(True)\n(a * u).sum().backward()",
        None,
    ),
    "leaf by a method": ("x = torch.arange(3.).requires_grad_()\n(x * x).sum().backward()", ""),
    "leaf by the attribute": ("x = torch.arange(3.)\nx.requires_grad = True\n(x * x).sum().backward()", ""),
    "edit of a view, then of its base": (
        "x = torch.tensor([1., 2.], requires_grad=True)\ny = x*1\ny[0] = 0.\ny.add_(1)\ny.sum().backward()", ""
    ),
    "detached target": ("target = (w * 2).detach()\nloss = ((w - target) ** 2).sum()\nloss.backward()", None),
    "data": ("w.data.mul_(10)\n(w * w).sum().backward()", None),
    "hook": ("w.register_hook(lambda g: g * 10)\n(w * 3).sum().backward()", None),
    "second order": (
        "y = (w ** 3).sum()\ng, = torch.autograd.grad(y, w, create_graph=True)\nh, = torch.autograd.grad(g.sum(), w)", None
    ),
    "called twice": ("y = (w * w).sum()\ny.backward(retain_graph=True)\ny.backward()\nd = w.grad * 2", None),
    "view from before": ("y = row * 2", "x = torch.ones(2, 2)\nrow = x[0]"),
    "edit first": ("with torch.no_grad():\n    w.sub_(.5)", None),
    "parameter edited first": ("with torch.no_grad():\n    lin.weight.sub_(.5)\ny = lin(x)", None),
    "edited gradient": ("w.grad.mul_(2)\nw.grad.zero_()", "w = torch.ones(3, requires_grad=True)\n(w * w).sum().backward()"),
    "layer made in the cell": (
        "torch.manual_seed(0)\nlin = torch.nn.Linear(2, 2)\ny = lin(torch.ones(1, 2)).sum()\ny.backward()", ""
    ),
    "generator": ("a = sum((p**2).sum() for p in [w, u])\na.backward()", None),
    "parts": ("l = w.split(1)\ny = l[0] * l[1] * l[2]\ny.backward()", None),
    "running sum": ("s = 0\nfor i in range(4):\n    s = s + (w * i).sum()\ns.backward()", None),
    "two layers": (
        "y = l2(l1(x)).sum()\ny.backward()", "torch.manual_seed(1)\nx = torch.ones(1, 2)\n"
        "l1 = torch.nn.Linear(2, 2)\nl2 = torch.nn.Linear(2, 2)"
    ),
    "many turns, some left out": (
        "y = w\nfor i in range(94):\n    if i % 9 == 4:\n        continue\n    y = y * 1.01\n"
        "    if i > 90:\n        z = y + i", None
    ),
    "nested": ("h = x\nfor i in range(3):\n    if i == 1:\n        continue\n    for x_t in xs:\n        h = h * x_t", None),
    "retained, then edited": (
        "z = w * x\nz.retain_grad()\nz.add_(u)\n(z * z * w).sum().backward()\nz.add_(1)", None
    ),
    "chosen by numbers": ("z = [t * 2 for t in xs if t.sum() > 2]", None),
    "written into a column, and used": (
        "M = torch.ones(2, 2) * w\nM[:, 0] = w\n(w * M[0]).sum().backward()", None
    ),
    "a node called by hand": ("y = w * x\nwith torch.no_grad():\n    d = y.grad_fn(u)[0]", None),
    "a leaf's node called by hand": (
        "n = w.expand_as(w).grad_fn.next_functions[0][0]\nn(u)\nn(u * 3)\nwith torch.no_grad():\n    n(u)\nd = w.grad * 2", None
    ),
    "edit under no_grad": ("s = w.sum()\nwith torch.no_grad():\n    s.zero_()", None),
    "written into": ("h = torch.zeros(2)\nh[0] = w.sum()\nh[1] = 2.\nh.sum().backward()", None),
    "a buffer filled in a loop": (
        "buf = torch.zeros(3)\nfor i in range(3):\n    buf[i] = (w * i).sum()\n(buf * buf).sum().backward()", None
    ),
    "row to row": ("X = torch.arange(4.).reshape(2, 2)\nX[0] = X[1]\ny = X * 2", ""),
    "only backward": ("loss.backward()", "w = torch.tensor([1., 2.], requires_grad=True)\nloss = (w * 3).sum()"),
    "gradient set to None": ("(w * 2).sum().backward()\nw.grad = None", None),
    "by hand": ("for _ in range(3):\n    loss = ((w * x).sum() - 1) ** 2\n    loss.backward()\n"
                "    with torch.no_grad():\n        w -= 0.1 * w.grad\n    w.grad.zero_()", None),
    "numbers and back": ("y = torch.tensor(w.sum().item())\nz = y * 2\nq = torch.tensor(w.tolist())", None),
    "through NumPy and back": ("y = torch.tensor(w.detach().numpy()) * u\nz = torch.from_numpy((x * 2).numpy()) + w", None),
    "two losses": ("loss1 = (w * x).sum()\nloss1.backward()\nloss2 = (w ** 2).sum()\nloss2.backward()", None),
    "choice": ("y = w * 2 if True else w\nz = y if False else y + 1", None),
    "walrus": ("if (s := (w * 2).sum()) > 0:\n    s = s + 1", None),
    "swap": ("a, b = w * 2, w + 1\na, b = b, a\nc = a * b", None),
    "recursion": ("def f(x, n):\n    return x if n == 0 else f(x * 2, n - 1)\ny = f(w, 3)\ny.sum().backward()", None),
    "class": (
        "class Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = torch.nn.Parameter(torch.ones(3))\n    def forward(self, x):\n        h = x * self.a\n"
        "        return h.sum()\nmodel = Net()\ny = model(w)\ny.backward()", None
    ),
    "while": ("n = 0\ny = w\nwhile y.sum() < 100:\n    y = y * 2\n    n += 1", None),
    "failure": ("y = w * 2\nz = y @ torch.ones(5)", None),
    "embedding": (
        "F = torch.nn.functional\ny = F.embedding(i, W)\ny.sum().backward()",
        "i = torch.tensor([1, 0])\nW = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)",
    ),
    "hooked layer": (
        "lin.register_forward_hook(lambda layer, args, out: out * 2)\ny = lin(x)", None
    ),
    "batches": (
        "for xb, yb in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, t)):\n    y = xb * w",
        "X = torch.tensor([[1., 2.], [3., 4.]])\nt = torch.tensor([0, 1])\nw = torch.ones(2, requires_grad=True)",
    ),
    "taken apart": ("a, b, c = w * 2\nd, (e, f) = a + 1, (b * c, c - a)", None),
    "reversed order": ("order = w.argsort()\ny = x[order]", None),
    "a second gradient of exp": (
        "g, = torch.autograd.grad(w.exp().sum(), w, create_graph=True)\nh = g * 2\nh.sum().backward()", None
    ),
    "elements written one by one": (
        "z = torch.zeros(3)\nz[1] = (w * w).sum()\nz[2] = 1.\n"
        "g, = torch.autograd.grad((w ** 3 * z).sum(), w, create_graph=True)\nh = g * 2", None
    ),
    "one element written, derived three times": (
        "k = torch.zeros(3)\nk[1] = (w * w).sum()\n"
        "g, = torch.autograd.grad(((w ** 2).sum() * k).sum(), w, create_graph=True)\n"
        "h, = torch.autograd.grad((w * g).sum(), w, create_graph=True)\ny = h * 2", None
    ),
    "a cast operand of a second derivative": (
        "d = w.double()\nv = d * x\ng, = torch.autograd.grad((v * v).sum(), d, create_graph=True)\nh = g * 2", None
    ),
    "one of two results used": (
        "class Both(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, t):\n        return t * 2, t * 3\n"
        "    @staticmethod\n    def backward(ctx, g, h):\n        return g * 2 + h * 3\n"
        "s, t = Both.apply(w)\ng, = torch.autograd.grad((s * s).sum(), w, create_graph=True)\ny = g * w", None
    ),
    "a backward with a tensor of its own": (
        "class Weighed(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, t):\n        return t * x\n"
        "    @staticmethod\n    def backward(ctx, g):\n        return g * x\n"
        "g, = torch.autograd.grad((Weighed.apply(w) ** 2).sum(), w, create_graph=True)\ny = g * w", None
    ),
    "pooled": (
        "g, = torch.autograd.grad((torch.nn.functional.max_pool2d((M * w)[None], 2) ** 2).sum(), w, create_graph=True)\n"
        "y = g * 2", None
    ),
    "computed in place by the engine": (
        "g, = torch.autograd.grad((torch.maximum(w, x) ** 2).sum(), w, create_graph=True)\ny = g * 2", None
    ),
    "picked by a list": ("y = w[[0, 2]] * 2\nz = M[[0, 1], [1, 2]] + y + M[1:, [2, 0]][0]\nz.sum().backward()", None),
    "picked by a list, twice derived": (
        "g, = torch.autograd.grad((w[[0, 2]] ** 2).sum(), w, create_graph=True)\ny = g * 2", None
    ),
    "added up in half precision": (
        "(half.float() * w).sum().backward()\nw = w - .1 * x\n(half.float() * w).sum().backward()",
        "half = torch.tensor([.5, 2., -1.], dtype=torch.float16, requires_grad=True)\n"
        "w = torch.tensor([1., -2., 3.])\nx = torch.tensor([.5, 4., -1.])"
    ),
    "kept by a hook": (
        "seen = []\ny = w * 2\ny.register_hook(seen.append)\n(y * u).sum().backward()\nz = seen[0] * 2", None
    ),
    "a leaf's gradient, kept by a hook": (
        "seen = {}\nw.register_hook(lambda g: seen.update(w=g))\n(w * u).sum().backward()\nz = seen['w'] * 2\n"
        "w.grad = None\n(w * x).sum().backward()\nv = seen['w'] + 1", None
    ),
    "kept by a backward": (
        "kept = []\nclass Twice(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, t):\n        return t * 2\n"
        "    @staticmethod\n    def backward(ctx, g):\n        kept.append(g)\n        return g * 2\n"
        "Twice.apply(w * u).sum().backward()\nz = kept[0] * 3", None
    ),
    "cut from a complex tensor": ("k = cx[1:] * cx[:2]\nz = k.abs().sum() * u\n(z * w).mean().backward()",
        "cx = torch.tensor([1 + 2j, -1j, .5 + 0j], requires_grad=True)\nu = torch.tensor([2., .25, -.5])\n"
        "w = torch.tensor([1., -2., 3.])"
    ),
    "added to a number": ("total = 0.\nfor k in range(2):\n    total += (w * k).sum().detach()", None),
    "sorted": ("b = sorted([w * 1, w + 9], key=lambda t: t.sum())", None),
    "kept gradient": ("y = w * 2\ny.retain_grad()\n(y * 3).sum().backward()", None),
    "a gradient of the input alone": (
        "x = w.repeat(3).view(1, 1, 3, 3)\ny = torch.conv2d(x, k).flatten()\n"
        "g, = torch.autograd.grad((y ** 2).sum(), w, create_graph=True)\n(g * w).sum().backward()",
        "w = torch.tensor([1., -2., 3.], requires_grad=True)\nk = torch.tensor([[[[.5, -1.], [2., 1.]]]])"
    ),
    "a ReLU that is given 0, or the last bit of it": (
        "torch.relu(lin(x)).sum().backward()",
        "x = torch.tensor([1., 1., 2.])\nlin = torch.nn.Linear(3, 2)\nwith torch.no_grad():\n"
        "    for q in lin.parameters():\n        q.copy_((torch.arange(float(q.numel())).reshape(q.shape) % 5) / 4 - .4)"
    ),
    "a power of 0": ("h = x ** n\nh.sum().backward()",
        "x = torch.arange(3., requires_grad=True)\nn = torch.tensor([1., 2., 3.])"
    ),
    "a step along what cancels": (
        "optim = torch.optim.RMSprop([w, u], lr=.1, momentum=.5)\nloss = ((w * u - x) ** 2).mean()\nloss.backward()\n"
        "optim.step()\n(w * w * u).sum().backward()\noptim = torch.optim.AdamW([w, u], lr=.01, maximize=True)\n"
        "optim.zero_grad()\n((w * u - a) ** 2).mean().backward()\noptim.step()",
        "w = torch.tensor([1., -2., 3.], requires_grad=True)\nu = torch.nn.Parameter(torch.tensor([2., .25, -.5]))\n"
        "x = torch.tensor([.5, 4., -1.])\na = torch.tensor([.1, .2, .3])"
    ),
    "freed": ("y = (w * w).sum()\ny.backward()\ny.backward()", None),
    "gradient assigned, then added to": ("w.grad = x * u.detach()\n(w * 2).sum().backward()\nk = w.grad * 2", None),
    "gradient put there by its node, then added to": (
        "w.expand_as(w).grad_fn.next_functions[0][0](xs[0] * p['a'])\n(w * 2).sum().backward()\ng = w.grad\nk = g * 2", None
    ),
    "gradient edited through a view": ("(w * w).sum().backward()\ng = w.grad\ng[0] = x[1]\nk = g * 2", None),
    "gradient edited through .data": ("(w * w).sum().backward()\nw.grad.data.mul_(x)\nk = w.grad * 2", None),
}  # fmt: skip


@pytest.mark.parametrize("name", LEARNERS)
def test_the_picture_of_a_learners_cell_is_true(name: str) -> None:
    cell, before = LEARNERS[name]
    assert not falsities(Program(0, cell) if before is None else Program(0, cell, before))


def test_the_last_bits_excuse_no_other_gradient() -> None:
    made = Program(0, *LEARNERS["a ReLU that is given 0, or the last bit of it"])
    (told,) = {events[-1].after for events in record(made).graph.grads.values() if events[-1].after.shape == (2,)}
    assert is_at_a_kink(made, "lin.bias", told)
    assert not is_at_a_kink(made, "lin.bias", dataclasses.replace(told, data=(0.5, 0.5)))
    assert not is_at_a_kink(made, "lin.weight", told)


def test_what_is_false_is_found() -> None:
    made = Program(0, "y = w * x\nz = y + 1\nz.sum().backward()")
    space, _ = execute(made, torch)
    run = record(made)
    assert not [*operations(run, space), *sources(run), *gradients(made, space)(run), *names(made)(run)]
    value = next(value for value in run.trace.values.values() if value.name == "y")
    run.trace.values[value.id] = dataclasses.replace(value, name="x")
    assert {falsity.kind for falsity in names(made)(run)} == {"name"}
    link = next(link for link in run.graph.links if run.graph.labels[link.value] == "w")
    link.grads.clear()
    assert {falsity.kind for falsity in gradients(made, space)(run)} == {"arrows"}
    run.graph.links.remove(link)
    assert "edge missing" in {falsity.kind for falsity in operations(run, space)}
    numbers = dataclasses.replace(value.numbers, data=(9.0, 9.0, 9.0))
    run.trace.values[value.id] = dataclasses.replace(value, numbers=numbers)
    assert "recompute" in {falsity.kind for falsity in operations(run, space)}
