"""Statements of every kind of cell: arithmetic, views, edits, loops, functions, a layer, backward.

Used by `programs`.
"""

from __future__ import annotations

from .writer import Writer

BEFORE = """w = torch.tensor([1., -2., 3.], requires_grad=True)
x = torch.tensor([.5, 4., -1.])
c = x[1:]
u = torch.nn.Parameter(torch.tensor([2., .25, -.5]))
M = torch.tensor([[1., 2., 0.], [0., -1., 1.], [.5, .5, 2.]], requires_grad=True)
xs = [torch.tensor([1., 1., 2.]), torch.tensor([0., 3., -1.])]
p = {'a': torch.tensor([.1, .2, .3], requires_grad=True)}
lin = torch.nn.Linear(3, 3)
net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh())
opt = torch.optim.SGD([w, u], lr=0.5)
with torch.no_grad():
    for q in (*lin.parameters(), *net.parameters()):
        q.copy_(torch.arange(float(q.numel())).reshape(q.shape) / 4 - 1)
old = w * x
"""


def plain(w: Writer) -> None:
    name = w.name()
    w.made(name, f"{name} = {w.expression()}")


def view(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(name, f"{name} = {a}" + w.stream.choice(["[:]", ".view(3)", ".reshape(3)", ".unsqueeze(0)[0]"]))


def edit(w: Writer) -> None:
    a = w.pick()
    target = w.stream.choice(w.results or ["x"])
    apart = ".clone()" if a == target else ""  # what PyTorch writes while it reads is whatever it comes to
    edits = [
        f"{target}.add_({a})",
        f"{target} *= 2",
        f"{target}[0] = 5.",
        f"{target}[1:] = {a}[:2]{apart}",
        f"{target}[1:].mul_(3)",
        f"{target}.zero_()",
        f"{target}[:2].copy_({a}[1:]{apart})",
        f"{target} += {a}",
    ]
    silent = [f"{w.pick()}.sub_(.5)", f"w -= .1 * {a}", f"{w.pick()}.data.mul_(2)", "x.add_(1)", "c.add_(1)"]
    if w.stream.random() < 0.5:
        w.lines.append(w.stream.choice(edits))
    else:
        w.lines.append(f"with torch.no_grad():\n    {w.stream.choice(edits + silent)}")


def loop(w: Writer) -> None:
    name, turns = w.name(), w.stream.randint(1, 4)
    a = w.pick()
    body = w.stream.choice(
        [
            f"    {name} = {name} * {w.pick()} + i",
            f"    {name} = torch.tanh({name})",
            f"    if i % 2: continue\n    {name} = {name} + {w.pick()} * i",
            f"    k = {name} * 2\n    {name} = k - {w.pick()}",
            f"    for j in range(i):\n        {name} = {name} + {w.pick()}",
        ]
    )
    w.made(name, f"{name} = {a} * 1\nfor i in range({turns}):\n{body}")


def other_loop(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.stream.choice(
            [
                f"{name} = {w.pick()}\nfor x_t in xs:\n    {name} = {name} * x_t",
                f"{name} = {w.pick()}\nfor n, v in enumerate([w, u]):\n    {name} = {name} + v * n",
                f"n = 0\n{name} = {w.pick()} - 1\nwhile n < 3:\n    n += 1\n    {name} = {name} + {w.pick()}",
                f"{name} = torch.zeros(3)\nfor v in (w, x):\n    if v is x:\n        {name} = {name} + v",
            ]
        ),
    )


def cut(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(name, f"{name} = {a}" + w.stream.choice([".detach()", ".detach() * 2", ".data", ".data + 1"]))


def function(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.stream.choice(
            [
                f"def f(s):\n    m = s * 2\n    return m + s\n{name} = f({w.pick()})",
                f"g = lambda s: s * 2 - 1\n{name} = g(g({w.pick()}))",
                f"def f(s, t=3):\n    for r in range(2):\n        s = s * t\n    return s\n{name} = f({w.pick()})",
            ]
        ),
    )


def layer(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.stream.choice(
            [
                f"{name} = lin({w.pick()})",
                f"{name} = net({w.pick()})",
                f"{name} = net(lin({w.pick()}))",
                f"fc = torch.nn.Linear(3, 3)\nwith torch.no_grad():\n    fc.weight.fill_(.5)\n    fc.bias.zero_()\n"
                f"{name} = fc({w.pick()})",
                f"{name} = torch.nn.functional.relu(lin({w.pick()}))",
            ]
        ),
    )


def gradient(w: Writer) -> None:
    a = w.stream.choice(w.results or ["w"])
    name = w.name()
    w.lines.append(
        w.stream.choice(
            [
                f"({a} * w).sum().backward()",
                f"{name} = ({a} * w).sum()\n{name}.backward()",
                f"{name} = (w * {a}).sum()\n{name}.backward(retain_graph=True)\n{name}.backward()",
                f"{name}, = torch.autograd.grad(({a} * w).sum(), w)",
                f"{name} = torch.autograd.grad((w ** 3).sum(), w, create_graph=True)[0]\n{name}.sum().backward()",
                "w.grad = None\n(w * u).sum().backward()",
                "opt.zero_grad()\n(w * w * u).sum().backward()",
                f"({a} * w).mean().backward()\nw.grad.zero_()",
                "old.sum().backward()",
            ]
        )
    )


def parts(w: Writer) -> None:
    name = w.name()
    w.made(
        f"{name}[0]",
        w.stream.choice(
            [
                f"{name} = torch.stack([{w.pick()}, {w.pick()}]).unbind(0)",
                f"{name} = (M * {w.pick()}).split(1)\n{name} = [e[0] for e in {name}]",
                f"{name} = [v * 2 for v in xs]",
                f"{name} = M[1], {w.pick()} * 2",
            ]
        ),
    )


def leaf(w: Writer) -> None:
    name = w.name()
    w.lines.append(
        w.stream.choice(
            [
                f"{name} = torch.ones(3).requires_grad_()",
                f"{name} = torch.arange(3.)\n{name}.requires_grad = True",
                f"{name} = torch.tensor([1., 0., 2.], requires_grad=True)",
                f"{name} = {w.pick()}.detach().requires_grad_()",
            ]
        )
    )
    w.vectors += [name, name]


def choice(w: Writer) -> None:
    name = w.name()
    w.made(name, f"{name} = {w.pick()} * 2 if {w.stream.random() < 0.5} else {w.pick()} + 1")


def builtin(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.stream.choice(
            [
                f"{name} = sum(v * v for v in [w, u, {w.pick()}])",
                f"{name} = sum([{w.pick()}, {w.pick()}])",
                f"{name} = {w.pick()} * max(2, 1)",
                f"{name} = abs({w.pick()})",
            ]
        ),
    )


def number(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.stream.choice(
            [
                f"{name} = {w.pick()} * {w.pick()}.sum().item()",
                f"{name} = torch.tensor({w.pick()}.tolist())",
            ]
        ),
    )


def step(w: Writer) -> None:
    w.lines.append("(w * u).sum().backward()\nopt.step()\nopt.zero_grad()")


def hook(w: Writer) -> None:
    name = w.name()
    w.made(name, f"{name} = {w.pick()} * w\n{name}.register_hook(lambda grad: grad * 10)")


def buffer(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.stream.choice(
            [
                f"{name} = torch.zeros(3)\n{name}[0] = {w.pick()}.sum()",
                f"{name} = torch.zeros(3)\n{name}[1:] = {w.pick()}[1:]",
                f"{name} = torch.empty(3).fill_(2.)\n{name}[2] = {w.pick()}[0]",
                f"{name} = torch.zeros(3)\nfor i in range(3):\n    {name}[i] = {w.pick()}[i] * i",
            ]
        ),
    )


KINDS = [
    (plain, 10),
    (view, 4),
    (edit, 5),
    (loop, 3),
    (other_loop, 3),
    (cut, 2),
    (function, 2),
    (layer, 2),
    (gradient, 4),
    (parts, 2),
    (leaf, 2),
    (choice, 1),
    (builtin, 2),
    (number, 1),
    (step, 2),
    (hook, 1),
    (buffer, 2),
]
