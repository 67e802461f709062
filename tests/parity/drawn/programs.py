"""Random cells of the kind that learners write: what ran before the cell, and the cell.

Used by `truth`. A program runs in PyTorch as in autogradkit; one that fails in both is still a cell to draw.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

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

LEAVES = ("w", "u", "p['a']")
DATA = ("x", "xs[0]", "xs[1]")


@dataclass
class Program:
    """A cell and what ran before it."""

    seed: int
    cell: str
    before: str = BEFORE


def program(seed: int) -> Program:
    """A cell of 3 to 10 statements over tensors of three elements."""
    return Program(seed, _Writer(random.Random(seed)).cell())


class _Writer:
    def __init__(self, stream: random.Random) -> None:
        self.stream = stream
        self.vectors = ["w", "x", "u", "xs[0]", "p['a']", "w", "x", "old"]  # expressions of three elements
        self.results: list[str] = []  # what the cell made, by operations
        self.count = 0
        self.lines: list[str] = []
        self.backward = 0

    def cell(self) -> str:
        kinds = [
            (self.plain, 10), (self.view, 4), (self.edit, 5), (self.loop, 3), (self.other_loop, 3), (self.cut, 2),
            (self.function, 2), (self.layer, 2), (self.gradient, 4), (self.parts, 2), (self.leaf, 2), (self.choice, 1),
            (self.builtin, 2), (self.number, 1), (self.step, 2), (self.hook, 1), (self.buffer, 2),
        ]  # fmt: skip
        makers, weights = zip(*kinds, strict=True)
        for _ in range(self.stream.randint(3, 10)):
            self.stream.choices(makers, weights)[0]()
        return "\n".join(self.lines)

    def name(self) -> str:
        self.count += 1
        return self.stream.choice("abhyz") + str(self.count)

    def pick(self) -> str:
        return self.stream.choice(self.vectors)

    def made(self, name: str, line: str) -> None:
        self.lines.append(line)
        self.vectors += [name, name]
        self.results.append(name)

    def expression(self, a: str | None = None) -> str:
        a, b = a or self.pick(), self.pick()
        choices = [
            f"{a} * {b}", f"{a} + {b}", f"{a} - {b}", f"{a} + 2", f"3 * {a}", f"-{a} / 2", f"torch.tanh({a})",
            f"torch.relu({a})", f"{a} * {b} + {b}", f"({a} * {b}).sum() * {a}", f"M @ {a}", f"{a} ** 2", f"1 - {a}",
            f"torch.where({a} > 0, {a}, {b})", f"{a}.clamp(-1, 2)", f"torch.stack([{a}, {b}]).sum(0)",
            f"{a} - {a}.mean(0, keepdim=True)", f"torch.cat([{a}[:1], {b}[1:]])", f"{a}.clone()", f"{a}.exp() / 9",
        ]  # fmt: skip
        return self.stream.choice(choices)

    def plain(self) -> None:
        name = self.name()
        self.made(name, f"{name} = {self.expression()}")

    def view(self) -> None:
        name, a = self.name(), self.pick()
        self.made(name, f"{name} = {a}" + self.stream.choice(["[:]", ".view(3)", ".reshape(3)", ".unsqueeze(0)[0]"]))

    def edit(self) -> None:
        a = self.pick()
        target = self.stream.choice(self.results or ["x"])
        edits = [
            f"{target}.add_({a})", f"{target} *= 2", f"{target}[0] = 5.", f"{target}[1:] = {a}[:2]", f"{target}[1:].mul_(3)",
            f"{target}.zero_()", f"{target}[:2].copy_({a}[1:])", f"{target} += {a}",
        ]  # fmt: skip
        silent = [f"{self.pick()}.sub_(.5)", f"w -= .1 * {a}", f"{self.pick()}.data.mul_(2)", "x.add_(1)", "c.add_(1)"]
        if self.stream.random() < 0.5:
            self.lines.append(self.stream.choice(edits))
        else:
            self.lines.append(f"with torch.no_grad():\n    {self.stream.choice(edits + silent)}")

    def loop(self) -> None:
        name, turns = self.name(), self.stream.randint(1, 4)
        a = self.pick()
        body = self.stream.choice([
            f"    {name} = {name} * {self.pick()} + i", f"    {name} = torch.tanh({name})",
            f"    if i % 2: continue\n    {name} = {name} + {self.pick()} * i",
            f"    k = {name} * 2\n    {name} = k - {self.pick()}",
            f"    for j in range(i):\n        {name} = {name} + {self.pick()}",
        ])  # fmt: skip
        self.made(name, f"{name} = {a} * 1\nfor i in range({turns}):\n{body}")

    def other_loop(self) -> None:
        name = self.name()
        self.made(name, self.stream.choice([
            f"{name} = {self.pick()}\nfor x_t in xs:\n    {name} = {name} * x_t",
            f"{name} = {self.pick()}\nfor n, v in enumerate([w, u]):\n    {name} = {name} + v * n",
            f"n = 0\n{name} = {self.pick()} - 1\nwhile n < 3:\n    n += 1\n    {name} = {name} + {self.pick()}",
            f"{name} = torch.zeros(3)\nfor v in (w, x):\n    if v is x:\n        {name} = {name} + v",
        ]))  # fmt: skip

    def cut(self) -> None:
        name, a = self.name(), self.pick()
        self.made(name, f"{name} = {a}" + self.stream.choice([".detach()", ".detach() * 2", ".data", ".data + 1"]))

    def function(self) -> None:
        name = self.name()
        self.made(name, self.stream.choice([
            f"def f(s):\n    m = s * 2\n    return m + s\n{name} = f({self.pick()})",
            f"g = lambda s: s * 2 - 1\n{name} = g(g({self.pick()}))",
            f"def f(s, t=3):\n    for r in range(2):\n        s = s * t\n    return s\n{name} = f({self.pick()})",
        ]))  # fmt: skip

    def layer(self) -> None:
        name = self.name()
        self.made(name, self.stream.choice([
            f"{name} = lin({self.pick()})", f"{name} = net({self.pick()})", f"{name} = net(lin({self.pick()}))",
            f"fc = torch.nn.Linear(3, 3)\nwith torch.no_grad():\n    fc.weight.fill_(.5)\n    fc.bias.zero_()\n"
            f"{name} = fc({self.pick()})",
            f"{name} = torch.nn.functional.relu(lin({self.pick()}))",
        ]))  # fmt: skip

    def gradient(self) -> None:
        a = self.stream.choice(self.results or ["w"])
        name = self.name()
        self.backward += 1
        self.lines.append(self.stream.choice([
            f"({a} * w).sum().backward()", f"{name} = ({a} * w).sum()\n{name}.backward()",
            f"{name} = (w * {a}).sum()\n{name}.backward(retain_graph=True)\n{name}.backward()",
            f"{name}, = torch.autograd.grad(({a} * w).sum(), w)",
            f"{name} = torch.autograd.grad((w ** 3).sum(), w, create_graph=True)[0]\n{name}.sum().backward()",
            "w.grad = None\n(w * u).sum().backward()", "opt.zero_grad()\n(w * w * u).sum().backward()",
            f"({a} * w).mean().backward()\nw.grad.zero_()", "old.sum().backward()",
        ]))  # fmt: skip

    def parts(self) -> None:
        name = self.name()
        self.made(f"{name}[0]", self.stream.choice([
            f"{name} = torch.stack([{self.pick()}, {self.pick()}]).unbind(0)",
            f"{name} = (M * {self.pick()}).split(1)\n{name} = [e[0] for e in {name}]",
            f"{name} = [v * 2 for v in xs]", f"{name} = M[1], {self.pick()} * 2",
        ]))  # fmt: skip

    def leaf(self) -> None:
        name = self.name()
        self.lines.append(self.stream.choice([
            f"{name} = torch.ones(3).requires_grad_()", f"{name} = torch.arange(3.)\n{name}.requires_grad = True",
            f"{name} = torch.tensor([1., 0., 2.], requires_grad=True)", f"{name} = {self.pick()}.detach().requires_grad_()",
        ]))  # fmt: skip
        self.vectors += [name, name]

    def choice(self) -> None:
        name = self.name()
        self.made(name, f"{name} = {self.pick()} * 2 if {self.stream.random() < 0.5} else {self.pick()} + 1")

    def builtin(self) -> None:
        name = self.name()
        self.made(name, self.stream.choice([
            f"{name} = sum(v * v for v in [w, u, {self.pick()}])", f"{name} = sum([{self.pick()}, {self.pick()}])",
            f"{name} = {self.pick()} * max(2, 1)", f"{name} = abs({self.pick()})",
        ]))  # fmt: skip

    def number(self) -> None:
        name = self.name()
        self.made(name, self.stream.choice([
            f"{name} = {self.pick()} * {self.pick()}.sum().item()", f"{name} = torch.tensor({self.pick()}.tolist())",
        ]))  # fmt: skip

    def step(self) -> None:
        self.lines.append("(w * u).sum().backward()\nopt.step()\nopt.zero_grad()")

    def hook(self) -> None:
        name = self.name()
        self.made(name, f"{name} = {self.pick()} * w\n{name}.register_hook(lambda grad: grad * 10)")

    def buffer(self) -> None:
        name = self.name()
        self.made(name, self.stream.choice([
            f"{name} = torch.zeros(3)\n{name}[0] = {self.pick()}.sum()",
            f"{name} = torch.zeros(3)\n{name}[1:] = {self.pick()}[1:]",
            f"{name} = torch.empty(3).fill_(2.)\n{name}[2] = {self.pick()}[0]",
            f"{name} = torch.zeros(3)\nfor i in range(3):\n    {name}[i] = {self.pick()}[i] * i",
        ]))  # fmt: skip
