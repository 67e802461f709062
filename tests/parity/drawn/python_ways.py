"""Statements that lean on Python: functions of the learner's, holders, comprehensions, loops in loops, errors caught or not,
NumPy's writing into memory that a tensor has.

Used by `programs`.
"""

from __future__ import annotations

from .writer import Writer

BEFORE = """class Box: pass
box = Box()
box.t = torch.tensor([1., 3., -2.], requires_grad=True)
box.inner = Box()
box.inner.t = torch.tensor([0., 1., 1.])
held = {'b': [torch.tensor([2., 0., 1.])], 'c': torch.tensor([1., 1., -1.], requires_grad=True)}
pair = (torch.tensor([1., 2., 2.]), torch.tensor([3., 0., 1.], requires_grad=True))
def twice(t): return t * 2
def norm(t, eps=1e-3):
    m = t.mean()
    v = ((t - m) ** 2).mean()
    return (t - m) / (v + eps)
"""


def called(w: Writer) -> None:
    name, a, b = w.name(), w.pick(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = twice({a})",
            f"{name} = norm({a})",
            f"{name} = twice(norm({a} + {b}))",
            f"{name} = norm({a}, eps=.1) * {b}",
            f"def f(t, *more, scale=2):\n    for each in more:\n        t = t + each\n"
            f"    return t * scale\n{name} = f({a}, {b}, {a}, scale=3)",
            f"def f(x, y):\n    x, y = y, x\n    return x - y\n{name} = f({a}, {b})",
            f"def outer(t):\n    def inner(s):\n        return s * t\n    return inner(t + 1)\n{name} = outer({a})",
            f"def both(t):\n    return t * 2, t + 1\n{name}, r = both({a})",
            f"def both(t):\n    return t * 2, t + 1\nr = both({a})\n{name} = r[0] * r[1]",
            f"def f(n, t):\n    if n == 0:\n        return t\n    return f(n - 1, t * {b})\n{name} = f(2, {a})",
            f"def edit(t):\n    t *= 2\n    return t\n{name} = edit({a} * 1)",
            f"{name} = (lambda s, t: s * t)({a}, {b})",
            f"def gen(t):\n    for k in range(2):\n        t = t * 2\n        yield t\n"
            f"for {name} in gen({a}):\n    q = {name} + 1",
            f"import functools\n{name} = functools.reduce(lambda s, t: s * t, [{a}, {b}, {a}])",
            f"{name} = list(map(twice, [{a}, {b}]))[1]",
            f"{name} = [{a}, {b}, {a} * 2][{b}.detach().argmax()]",
            f"i = {b}.argmin()\n{name} = {a}[i] * {b}",
        ),
    )


def holder(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = box.t * {a}",
            f"box.h = {a} * 2\n{name} = box.h + 1",
            f"{name} = box.inner.t - {a}",
            f"{name} = held['b'][0] * held['c']",
            f"held['new'] = {a} + 1\n{name} = held['new'] * 2",
            f"xs.append({a} * 3)\n{name} = xs[-1] + xs[0]",
            f"{name} = pair[0] * pair[1]",
            f"s, t = pair\n{name} = s * t",
            f"xs[0] = xs[0] * 2\n{name} = xs[0] - {a}",
            f"held['c'] = held['c'] * {a}\n{name} = held['c'] + 1",
            f"box.t = box.t * {a}\n{name} = box.t.clone()",
            f"d = dict(k={a} * 2, l={a} + 1)\n{name} = d['k'] - d['l']",
            f"first, *rest = [{a} * 2, {a} + 1, {a}]\n{name} = first * rest[0]",
            f"(s, t), r = pair, {a}\n{name} = s * t + r",
            f"k = s = {a} * 2\n{name} = k + s",
            f"held['b'][0] += 1\n{name} = held['b'][0] * 1",
            f"key = 'c'\n{name} = held[key] * 2",
            f"box.inner.t.mul_(2)\n{name} = box.inner.t + {a}",
            f"{name}: torch.Tensor = {a} * 3",
        ),
    )


def comprehension(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        f"{name}[0]",
        w.one_of(
            f"{name} = [t * {a} for t in xs]",
            f"{name} = [t + s for t in xs for s in pair]",
            f"{name} = [twice(t) for t in xs if t.sum() > 2]",
            f"{name} = [k * t for k, t in enumerate(pair)]",
            f"{name} = [s * t for s, t in zip(xs, pair)]",
            f"{name} = tuple(t - 1 for t in xs)",
            f"{name} = [{a} * k for k in range(3)]",
            f"{name} = [[t * 2 for t in xs][0] + {a}]",
            f"by = {{str(k): {a} * k for k in range(2)}}\n{name} = [by['0'] + by['1']]",
            f"{name} = sorted([{a} * 2, {a} + 9], key=lambda t: t.sum())",
            f"{name} = []\nfor t in xs:\n    {name}.append(t * {a})",
            f"{name} = [(z := {a} * 2) + z]",
        ),
    )


def nest(w: Writer) -> None:
    name, a, b = w.name(), w.pick(), w.pick()
    w.made(
        name,
        f"{name} = {a} * 1\n"
        + w.one_of(
            f"for i in range(2):\n    for j in range(2):\n        {name} = {name} + {b} * (i + j)",
            f"for i in range(2):\n    t = {name} * i\n    for j in range(2):\n        t = t + {b}\n    {name} = {name} + t",
            f"n = 0\nwhile n < 3:\n    n += 1\n    if n == 2:\n        break\n    {name} = {name} * {b}",
            f"n = 0\nwhile True:\n    {name} = {name} + 1\n    n += 1\n    if n > 2: break",
            f"for i in range(3):\n    if i == 1:\n        continue\n    {name} = {name} - {b}\nelse:\n    {name} = {name} * 2",
            f"for t in xs:\n    for s in t:\n        {name} = {name} * s",
            f"for row in M:\n    {name} = {name} + row * {b}",
            f"for i in range(2): {name} = {name} * 2; k = {name} + 1",
            f"for s, t in zip(xs, pair):\n    {name} = {name} + s * t",
            f"for key, t in held.items():\n    if key == 'c':\n        {name} = {name} * t",
            f"for i in range(2):\n    {name} += {b}",
            f"for i in range(2):\n    {name} = norm({name}) + twice({b})",
            f"for i in range(3):\n    {name}, k = {name} * 2, {name}",
            f"i = 3\nwhile i:\n    i -= 1\n    for t in xs[:i]:\n        {name} = {name} + t",
        ),
    )


def caught(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = {a} * 2\ntry:\n    {name} = {name} @ torch.ones(5)\nexcept RuntimeError:\n    {name} = {name} + 1",
            f"{name} = {a} * 1\nfor i in range(3):\n    try:\n        if i == 1:\n"
            f"            raise ValueError(i)\n        {name} = {name} * 2\n"
            f"    except ValueError:\n        {name} = {name} - 1\n    finally:\n        {name} = {name} + i",
            f"try:\n    {name} = {a} * 2\n    k = {name}.view(7)\nexcept Exception as error:\n    pass",
            f"for i in range(2):\n    try:\n        {name} = {a} * i\n        (w.detach() * i).sum().backward()\n"
            f"    except RuntimeError:\n        continue",
            f"import contextlib\n{name} = {a} * 3\nwith contextlib.suppress(RuntimeError):\n    {name} = {name} + torch.ones(2)",
        ),
    )


def fails(w: Writer) -> None:
    a = w.pick()
    w.lines.append(
        w.one_of(
            f"{a} @ torch.ones(4)",
            f"({a} * 2).view(2, 2)",
            "w.add_(1)",
            f"{a}.detach().sum().backward()",
            f"{a} + torch.ones(2)",
            "y = w.exp()\ny.mul_(2)\ny.sum().backward()",
            "y = (w * w).sum()\ny.backward()\ny.backward()",
            "raise ValueError('no')",
            "torch.ones(3)[5]",
            f"norm({a}) @ M[:2]",
            "nothing",
            f"for i in range(3):\n    k = {a}.reshape(3 - i)",
            f"torch.cat([{a}, M])",
            f"lin({a}[:2])",
        )
    )


def unpack(w: Writer) -> None:
    name, a, b = w.name(), w.pick(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name}, s = {a} * 2, {b} + 1",
            f"{name}, (s, t) = {a} * 2, ({b} + 1, {b} - 1)",
            f"s, t = {a} + 1, {b} * 2\ns, t = t, s\n{name} = s * t",
            f"{name}, s, t = M * {a}",
            f"s, t, r = {a}\n{name} = torch.stack([s, t, r])",
            f"s, t = torch.split({a}, [1, 2])\n{name} = torch.cat([t, s])",
            f"[{name}, s] = [{a} * 2, {b}]",
            f"{name} = s = {a} - 1",
            f"*s, {name} = {a} * 2, {b} * 3",
            f"s, t, r = M.unbind(0)\n{name} = s + t * r",
        ),
    )


def written_by_numpy(w: Writer) -> None:
    """What no operation does and no version counts."""
    name, a, b = w.name(), w.pick(), w.result()
    n = f"n{name}"
    w.made(
        name,
        w.one_of(
            f"x.numpy()[0] = 9.\n{name} = x * {a}",
            f"{n} = xs[0].numpy()\n{name} = xs[0] * {a}\n{n} += 1\n{name} = {name} + xs[0]",
            f"c.numpy()[:] = 7.\n{name} = {a} + x",
            f"{n} = {a}.detach().clone().numpy()\nt = torch.from_numpy({n})\n{name} = t * {b}\n{n}[1] = -3.\n{name} = {name} - t",
            f"{name} = {a} * 2\n{name}.detach().numpy()[1] = 4.\n({name} * {b}).sum().backward()",
            f"{name} = {a} + 1\nt = {name}[1:]\n{name}.detach().numpy()[:] = .5\ns = t * 3",
            f"{n} = x.numpy()\nfor i in range(3):\n    {n}[i] += i\n    {name} = x * {a}",
            f"{b}.detach().numpy()[2] = 2.\n{name} = {b} * {a}",
        ),
    )


KINDS = [
    (called, 5),
    (holder, 5),
    (comprehension, 3),
    (nest, 4),
    (caught, 2),
    (fails, 1),
    (unpack, 3),
    (written_by_numpy, 3),
]
