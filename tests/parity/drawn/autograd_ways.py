"""Statements that lean on autograd: gradients of gradients, several backward calls, hooks, functions with their own
backward, edits of views, what is cut off the graph.

Used by `programs`.
"""

from __future__ import annotations

from .writer import Writer

BEFORE = """class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t):
        ctx.save_for_backward(t)
        return t ** 3
    @staticmethod
    def backward(ctx, g):
        t, = ctx.saved_tensors
        return g * 3 * t ** 2
class Pass(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t, scale):
        ctx.scale = scale
        return t * scale
    @staticmethod
    def backward(ctx, g):
        return g * ctx.scale, None
class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, s, t):
        ctx.save_for_backward(s, t)
        return s * t, s + t
    @staticmethod
    def backward(ctx, g, h):
        s, t = ctx.saved_tensors
        return g * t + h, g * s + h
class Weighed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t):
        return t * factor
    @staticmethod
    def backward(ctx, g):
        return g * factor
factor = torch.tensor([2., 1., .5])
made = w * u
"""


def higher(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name}, = torch.autograd.grad((w ** 3 * {a}).sum(), w, create_graph=True)",
            f"g, = torch.autograd.grad((w ** 3).sum(), w, create_graph=True)\n{name}, = torch.autograd.grad((g * {a}).sum(), w)",
            f"g, h = torch.autograd.grad((w * w * u).sum(), (w, u), create_graph=True)\n{name} = g * h",
            f"{name} = torch.autograd.grad((w * u * u).sum(), [w, u])[1] * 2",
            f"{name}, = torch.autograd.grad(torch.tanh(w * {a}), w, grad_outputs=torch.ones(3))",
            f"y = (w ** 2).sum()\ny.backward(create_graph=True)\n{name} = w.grad * 2\nw.grad = None",
            f"g, = torch.autograd.grad((w.exp()).sum(), w, create_graph=True)\n"
            f"{name} = (g ** 2).sum() * {a}\n{name}.sum().backward()",
            f"y = w * {a}\n{name}, = torch.autograd.grad(y, w, torch.tensor([1., 2., 0.]), retain_graph=True)",
            f"y = (w * {a}).sum()\nq = torch.autograd.grad(y, [w, M], allow_unused=True)\n{name} = q[0]",
            f"y = w * {a}\n{name} = y.grad_fn(torch.tensor([1., 2., 0.]))[0] * w",
            f"y = torch.sin(w * {a})\nwith torch.no_grad():\n    {name} = y.grad_fn(xs[0]) * 2",
            f"y = w * {a}\nwith torch.no_grad():\n    {name} = y.grad_fn(xs[0])[0]",
            f"w.expand_as(w).grad_fn.next_functions[0][0](xs[0] * {a})\n{name} = w.grad * 2",
            f"node = w.expand_as(w).grad_fn.next_functions[0][0]\nwith torch.no_grad():\n    node(xs[0])\n    node(xs[1])\n"
            f"{name} = w.grad * {a}",
            f"g, = torch.autograd.grad((w ** 4).sum(), w, create_graph=True)\n"
            f"{name}, = torch.autograd.grad(g.sum(), w, create_graph=True)\n{name}.sum().backward()",
        ),
    )


def higher_through(w: Writer) -> None:
    """Second derivatives through what has numbers of its own in its formula, memory of its own or a backward of its own."""
    name, a = w.name(), w.pick()
    function = w.one_of(
        f"torch.where(w > 0, w * {a}, w ** 2)",
        f"w.clamp(-1, 2) ** 2 * {a}",
        f"torch.maximum(w, {a}) ** 2",
        f"torch.stack([w * {a}, w]).max(0)[0] ** 2",
        f"w.masked_fill(w > 0, 0.) ** 2 * {a}",
        f"w.double() * {a} * w.double()",
        f"Two.apply(w, {a})[0] ** 2",
        f"Two.apply(w, {a})[1] * w",
        f"Weighed.apply(w * {a}) ** 2",
        f"w[[0, 2]] ** 2 * {a}[:2]",
        f"torch.cat([w, {a}])[1:4] ** 2",
        f"(w * {a}).abs() ** 1.5",
        f"(w * w).std() * {a}",
        f"w.cumsum(0) * {a} * w",
        "torch.nn.functional.max_pool2d((M * w)[None], 2) ** 2 * w[0]",
    )
    w.made(
        name,
        w.one_of(
            f"{name}, = torch.autograd.grad(({function}).sum(), w, create_graph=True)",
            f"g, = torch.autograd.grad(({function}).sum(), w, create_graph=True)\n"
            f"{name} = g * {a}\n({name} * w).sum().backward()",
            f"k = {a} * w\nk[0] = 2.\n{name}, = torch.autograd.grad((({function}) * k.sum()).sum(), w, create_graph=True)",
            f"k = torch.zeros(3)\nk[1] = (w * {a}).sum()\nk[2] = 1.\n"
            f"{name}, = torch.autograd.grad((({function}).sum() * k).sum(), w, create_graph=True)",
            f"k = w * {a}\nk.register_hook(lambda g: g * factor)\n"
            f"{name}, = torch.autograd.grad((({function}).sum() * k).sum(), w, create_graph=True)",
        ),
    )


def several(w: Writer) -> None:
    a, name = w.result(), w.name()
    w.lines.append(
        w.one_of(
            f"for _ in range(3):\n    ({a} * w).sum().backward(retain_graph=True)",
            f"{name} = w * u\n{name}.sum().backward(retain_graph=True)\n({name} * 2).sum().backward()",
            f"{name} = (w * {a})\n{name}.backward(torch.ones(3))",
            f"{name} = w * {a}\n{name}.backward(gradient=torch.tensor([1., 0., -1.]))",
            "(w * u).sum().backward(inputs=[w])",
            f"torch.autograd.backward([(w * 2).sum(), (w * {a}).sum()])",
            "w.grad = None\n(w * 2).sum().backward()\ng = w.grad.clone()\n(w * 3).sum().backward()",
            "(w * 2).sum().backward()\nw.grad += 1\nw.grad.mul_(2)",
            "w.grad = torch.ones(3)\n(w * u).sum().backward()",
            "made.sum().backward(retain_graph=True)",
            f"{name} = made * {a}\n{name}.sum().backward(retain_graph=True)",
            "(w * 2).sum().backward()\ng = w.grad\n(w * u).sum().backward()\nk = g * 2",
            f"{name} = (w * {a}).sum()\n{name}.backward(retain_graph=True)\n"
            f"with torch.no_grad():\n    u.add_(1)\n{name}.backward()",
        )
    )


def hooked(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = {a} * w\n{name}.retain_grad()\n({name} * 2).sum().backward()",
            f"{name} = w * {a}\n{name}.retain_grad()",
            f"{name} = w * 2\nseen = []\n{name}.register_hook(lambda g: seen.append(g))\n{name}.sum().backward()",
            f"h = w.register_hook(lambda g: g * 2)\n{name} = w * {a}\n{name}.sum().backward()\nh.remove()",
            f"{name} = w * {a}\nh = {name}.register_hook(lambda g: g.clamp(-1, 1))\n({name} * 9).sum().backward()",
            f"{name} = w * {a}\n{name}.register_hook(lambda g: print('') or None)\n{name}.sum().backward()",
            f"seen = []\nk = w * {a}\nk.register_hook(seen.append)\n(k * u).sum().backward()\n{name} = seen[0] * 2",
            f"seen = {{}}\nh = w.register_hook(lambda g: seen.update(w=g))\n(w * u).sum().backward()\n"
            f"h.remove()\n{name} = seen['w'] + {a}",
            f"u.register_post_accumulate_grad_hook(lambda t: None)\n{name} = u * {a}\n{name}.sum().backward()",
            f"def hook(module, args, output): return output * 2\nk = lin.register_forward_hook(hook)\n"
            f"{name} = lin({a})\nk.remove()",
            f"def pre(module, args): return (args[0] + 1,)\nk = lin.register_forward_pre_hook(pre)\n"
            f"{name} = lin({a})\nk.remove()",
        ),
    )


def own_function(w: Writer) -> None:
    name, a, b = w.name(), w.pick(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = Cube.apply({a})",
            f"{name} = Pass.apply({a}, 3.)",
            f"{name} = Cube.apply({a} * w) + {b}",
            f"cube = Cube.apply\n{name} = cube({a})",
            f"{name} = Cube.apply(w)\n{name}.sum().backward()",
            f"{name}, s = Two.apply({a}, {b})",
            f"s, {name} = Two.apply({a}, w)\n(s * {name}).sum().backward()",
            f"{name} = Pass.apply(Cube.apply({a}), 2.)",
        ),
    )


def through_views(w: Writer) -> None:
    name, a = w.name(), w.pick()
    w.made(
        name,
        w.one_of(
            f"{name} = {a} * 1\nv = {name}[1:]\nv.mul_(2)\n{name}.add_(1)",
            f"{name} = {a} * 1\nv = {name}.view(3)\n{name}[0] = 9.\nk = v * 2",
            f"{name} = {a}.clone()\nv = {name}[:2]\nv += w[:2]\n({name} * 2).sum().backward()",
            f"{name} = torch.zeros(3)\n{name}[1] = (w * {a}).sum()\n{name}[2] = 1.",
            f"B = torch.zeros(2, 3)\nB[0] = {a} * w\nB[1] = B[0] * 2\n{name} = B.sum(0)",
            f"B = M * 1\nB[:, 0] = {a}\n{name} = B[0]",
            f"B = M * 1\nrow = B[1]\nrow.zero_()\n{name} = B.sum(0)",
            f"B = M.clone()\nB.t()[0].add_({a})\n{name} = B[:, 1]",
            f"{name} = {a} * 1\nv = {name}.detach()\nv[0] = 4.",
            f"{name} = {a} * w\n{name}.data[1] = 0.",
            f"{name} = {a} * 1\nwith torch.no_grad():\n    {name}[0] = 3.",
            f"B = torch.stack([{a}, w])\nB[0].mul_(B[1].detach())\n{name} = B[0]",
            f"{name} = {a} * 1\nfor k in range(2):\n    {name}[k] = {name}[k + 1]",
            f"{name} = {a} * 1\ns, t = {name}[:1], {name}[1:]\ns.mul_(3)\nk = t * 2",
            f"{name} = {a}.expand(2, 3)[0] * 2",
            f"{name} = {a}.clone()\n{name}.copy_(w)",
            f"z = x.view(3)\nz[:2].copy_(w[1:])\n{name} = z * 2",
            f"{name} = {a} * 1\n{name}.unsqueeze(0)[0, 1] = 2.",
        ),
    )


def cuts(w: Writer) -> None:
    name, a, b = w.name(), w.pick(), w.pick()
    w.made(
        name,
        w.one_of(
            f"with torch.no_grad():\n    k = {a} * w\n{name} = k * {b}",
            f"k = ({a} * w).detach()\n{name} = k * w",
            f"{name} = {a} * w - ({b} * w).detach()",
            f"k = {a}.detach().clone().requires_grad_()\n{name} = k * 2\n{name}.sum().backward()",
            f"@torch.no_grad()\ndef f(t): return t * w\n{name} = f({a}) + 1",
            f"with torch.no_grad():\n    with torch.enable_grad():\n        {name} = {a} * w",
            f"{name} = ({a} * w).detach_() if False else {a} * w\nk = {name}.detach()\nk *= 2",
            f"torch.set_grad_enabled(False)\nk = {a} * 2\ntorch.set_grad_enabled(True)\n{name} = k * {b}",
            f"torch.set_grad_enabled(False)\n{name} = {a} * w\ntorch.set_grad_enabled(True)",
            f"u.requires_grad_(False)\n{name} = u * {a}\nu.requires_grad_(True)",
            f"{name} = torch.tensor({a}.detach().numpy()) * w",
            f"{name} = {a} * w\n{name} = {name}.detach()\n{name}.requires_grad_()",
            f"k = {a}.data\n{name} = k * w",
            f"k = torch.nn.Parameter({a} * 2)\n{name} = k * w",
            f"import copy\nk = copy.deepcopy([{a}.detach(), w])\n{name} = k[0] * k[1]",
        ),
    )


KINDS = [(higher, 4), (higher_through, 4), (several, 4), (hooked, 3), (own_function, 3), (through_views, 4), (cuts, 3)]
