"""Lines about the graph: backward and grad in all their forms, hooks, flags, edits through views. Used by `writer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .runs import Line

if TYPE_CHECKING:
    from .writer import Writer

HOOKS = (
    "lambda g: g * 2", "lambda g: None", "lambda g: log.append(g)", "lambda g: g.clone()", "lambda g: g + 1", "lambda g: -g",
    "lambda g: g[:1]", "lambda g: g.double()", "lambda g: g.sum()",
)  # fmt: skip


def _requires(tensor: Any) -> bool:
    return tensor.requires_grad


def backward(w: Writer) -> Line:
    """A backward call, or `grad`."""
    stream = w.stream
    root = w.pick(lambda t: t.requires_grad and not t.is_leaf)
    options = []
    if stream.random() < 0.5:
        options.append("retain_graph=True")
    if stream.random() < 0.15:
        options.append("create_graph=True")
    shape = stream.random()
    scalar = f"{root}.sum()" if shape < 0.5 else f"({root} * {root}).sum()" if shape < 0.6 else root
    if scalar == root and stream.random() < 0.7:
        options.insert(
            0,
            f"{'gradient=' if stream.random() < 0.3 else ''}T.ones_like({w.pick() if stream.random() < 0.1 else root})",
        )
    inputs = [w.pick(_requires) for _ in range(stream.choice((1, 1, 2, 3)))]
    listed = inputs[0] if len(inputs) == 1 and stream.random() < 0.5 else "[" + ", ".join(inputs) + "]"
    if stream.random() < 0.35:
        given = [each.removeprefix("gradient=") for each in options if each.startswith(("T.", "gradient"))]
        named = [each for each in options if "_graph" in each]
        if stream.random() < 0.6:
            named.append("allow_unused=True")
        if stream.random() < 0.1:
            named.append("materialize_grads=True")
        return Line(f"{w.name()} = T.autograd.grad({', '.join([scalar, listed, *given, *named])})", "grad")
    if stream.random() < 0.25:
        options.append(f"inputs={listed}")
    if stream.random() < 0.1:
        second = w.pick(_requires)
        graph = [each for each in options if "_graph" in each or "inputs" in each]
        return Line(f"T.autograd.backward([{root}.sum(), {second}.sum()], {', '.join(graph)})", "backward")
    return Line(f"{scalar}.backward({', '.join(options)})", "backward")


def flag(w: Writer) -> Line:
    """Something that changes how a tensor takes part in the graph."""
    stream = w.stream
    kind = stream.randrange(16)
    v = w.pick(_requires if kind > 3 else lambda _t: True)
    if kind <= 1:
        return Line(f"{v}.requires_grad_({stream.choice(('', '', 'False'))})", "requires_grad_")
    if kind == 2:
        return Line(f"{w.name()} = {v}.detach()", "detach")
    if kind == 3:
        return Line(f"{v}.detach_()", "detach_")
    if kind <= 6:
        return Line(f"{v}.retain_grad()", "retain_grad")
    if kind <= 8:
        return Line(f"{v}.register_hook({stream.choice(HOOKS)})", "hook")
    if kind == 9:
        hook = stream.choice(("lambda p: log.append(p.grad)", "lambda p: None"))
        return Line(f"{v}.register_post_accumulate_grad_hook({hook})", "hook")
    if kind == 10:
        return Line(f"{v}.grad = {stream.choice(('None', f'T.ones_like({v})', w.pick()))}", "grad=")
    if kind == 11:
        return Line(f"{v}.grad.{stream.choice(('zero_()', 'mul_(2)', 'add_(1)'))}", "grad edit")
    if kind == 12:
        hook = stream.choice(
            ("lambda g, *_: log.append(g[0])", "lambda *_: None", "lambda g, *_: tuple(e * 2 for e in g)")
        )
        made = w.pick(lambda t: t.grad_fn is not None)
        return Line(f"{made}.grad_fn.{stream.choice(('register_hook', 'register_prehook'))}({hook})", "node hook")
    if kind == 13:
        return Line(f"{w.name()} = copy.deepcopy({w.pick(lambda t: t.is_leaf)})", "deepcopy")
    if kind == 14:
        like = w.value(v) if v in w.tensors() else None
        other = w.pick(lambda t: like is not None and t.shape == like.shape and t.dtype == like.dtype)
        return Line(f"{v}.data = {other}{stream.choice(('', '.detach()'))}", "data=")
    return Line(f"{w.name()} = {v}.grad", "grad of")


def edit(w: Writer) -> Line:
    """An edit in place, of a view, a base or behind the graph's back."""
    stream = w.stream
    v = w.pick()
    shape = tuple(w.value(v).shape) if v in w.tensors() else ()
    other = (
        w.pick(lambda t: tuple(t.shape) == shape)
        if stream.random() < 0.6
        else stream.choice(("2", "0.5", "-1", "True"))
    )
    name = stream.choice(
        ("mul_", "add_", "sub_", "div_", "copy_", "fill_", "zero_", "pow_", "exp_", "sigmoid_", "eq_", "clamp_", "neg_", "relu_",
         "lt_", "sqrt_", "maximum", "addcmul")
    )  # fmt: skip
    if name in ("zero_", "exp_", "sigmoid_", "neg_", "relu_", "sqrt_"):
        text = f"{v}{{}}.{name}()"
    elif name == "clamp_":
        text = f"{v}{{}}.clamp_(min=-1, max={stream.choice(('1', '0.5'))})"
    elif name == "copy_" and not other.startswith("v"):
        text = f"{v}{{}}.copy_(T.tensor({other}))"
    elif name in ("maximum", "addcmul"):
        text, name = f"{v}{{}}.mul_({v})", "mul_"
    else:
        text = f"{v}{{}}.{name}({other})"
    return Line(
        text.format(stream.choice(("", "", "", "[0]", "[:1]", ".t()", ".data", ".detach()", ".view(-1)"))), name
    )
