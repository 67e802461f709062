"""Statements with other numbers than floats of 32 bits: half, double, complex, integers, truth values.

Used by `programs`.
"""

from __future__ import annotations

from .writer import Writer

BEFORE = """d = torch.tensor([1., .5, -2.], dtype=torch.float64, requires_grad=True)
half = torch.tensor([.5, 2., -1.], dtype=torch.float16, requires_grad=True)
cx = torch.tensor([1 + 2j, -1j, .5 + 0j], requires_grad=True)
n = torch.tensor([1, -2, 3])
m = torch.tensor([True, False, True])
idx = torch.tensor([2, 0])
byte = torch.tensor([1, 2, 250], dtype=torch.uint8)
"""


def mixed(w: Writer) -> None:
    name, a = w.name(), w.pick()
    other = w.one_of("d", "half")
    w.made(
        name,
        w.one_of(
            f"{name} = ({a} * {other}).float()",
            f"{name} = {other}.float() + {a}",
            f"{name} = {a}.double() * d\n{name} = {name}.float()",
            f"{name} = {a}.to({other}.dtype) * {other}\n{name} = {name}.float()",
            f"{name} = ({other} * 2).to(torch.float32)",
            f"{name} = {a}.half().float()",
            f"{name} = {a}.to(torch.float16).float() * {a}",
            f"{name} = {other}.type_as({a}) - {a}",
            f"k = {other} * {other}\n{name} = {a} * k.sum().float()",
            f"{name} = torch.exp({other} / 4).float()",
        ),
    )


def imaginary(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = (cx * {a}).abs()",
            f"{name} = cx.abs() * {a}",
            f"k = cx * 2j\n{name} = (k + {a}).abs()",
            f"{name} = (cx * cx).abs()",
            f"{name} = (cx - 1j).abs() + {a}",
            f"k = torch.tensor([1j, 2., -1j]) * {a}\n{name} = k.abs()",
            f"k = cx[1:] * cx[:2]\n{name} = k.abs().sum() * {a}",
        ),
    )


def whole(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = {a} * n",
            f"{name} = n.float() * {a}",
            f"{name} = {a} + (n // 2)",
            f"{name} = {a}[idx].sum() * n.float()",
            f"{name} = {a} * (n % 2)",
            f"{name} = {a} / n",
            f"{name} = {a} * n.sum()",
            f"{name} = {a}[n.argsort()]",
            f"k = n + 1\n{name} = {a} * k",
            f"{name} = {a}.gather(0, torch.tensor([2, 1, 1]))",
            f"{name} = {a}.index_select(0, idx).sum() * {a}",
            f"{name} = {a} * byte",
            f"k = n * byte\n{name} = {a} + k.float()",
            f"{name} = torch.zeros(3).index_add(0, idx, {a}[:2])",
            f"order = {a}.argsort()\n{name} = {a}[order]",
            f"best = {a}.argmax()\n{name} = {a}[best] * {a}",
            f"top, where = {a}.max(0)\n{name} = top * {a} + where",
            f"{name}, order = {a}.sort()",
            f"n += 1\n{name} = {a} * n",
            f"{name} = {a} ** n",
            f"{name} = torch.arange(3) * {a}",
            f"n[0] = 7\n{name} = n * {a}",
        ),
    )


def truth(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = {a} * m",
            f"{name} = torch.where(m, {a}, {w.pick()})",
            f"{name} = {a}.masked_fill(m, 0.)",
            f"{name} = {a} * ({a} > 0)",
            f"mask = {a} > 0\n{name} = {a} * mask.float()",
            f"mask = ({a} > 0) & m\n{name} = torch.where(mask, {a}, 0.)",
            f"{name} = {a}[m].sum() * {a}",
            f"{name} = {a} * (~m).float()",
            f"mask = {a} == {w.pick()}\n{name} = {a} * mask",
            f"{name} = {a}.clone()\n{name}[m] = 0.",
            f"{name} = {a} * 1\n{name}[{name} > 1] = 1.",
            f"{name} = {a} * (n > 0).sum()",
            f"if ({a} > 0).any():\n    {name} = {a} * 2\nelse:\n    {name} = {a} - 1",
            f"keep = m | (n < 0)\n{name} = keep * {a}",
        ),
    )


def back(w: Writer) -> None:
    a, name = w.pick(), w.name()
    w.lines.append(
        w.one_of(
            "(half * 2).sum().backward()",
            "(d * half).sum().backward()",
            f"({a} * d * w).sum().backward()",
            "(cx * cx).abs().sum().backward()",
            "cx.abs().sum().backward()",
            f"({a} * n * w).sum().backward()",
            f"{name} = (d ** 2).sum()\n{name}.backward()",
            "((half.float() * w).sum()).backward()",
            "(d.float() * w)[m].sum().backward()",
            f"{name}, = torch.autograd.grad((d ** 3).sum(), d, create_graph=True)\n{name}.sum().backward()",
        )
    )


KINDS = [(mixed, 4), (imaginary, 2), (whole, 5), (truth, 4), (back, 3)]
