"""Lines about what stands around the ops: custom Functions, optimizers, NumPy, printing, the default dtype, removed hooks.

Used by `writer`. Optimizers are called `o`, arrays `n`, handles of hooks `h`, text `s`, each with a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .functions import ONE, TWO
from .runs import Line

if TYPE_CHECKING:
    from .writer import Writer

OPTIMIZERS = (
    "SGD({0}, lr=0.1)", "SGD({0}, lr=0.5, momentum=0.9)", "SGD({0}, lr=0.1, momentum=0.5, nesterov=True, weight_decay=0.1)",
    "Adam({0})", "Adam({0}, lr=0.1, weight_decay=0.01)", "Adam({0}, lr=0.1, amsgrad=True, maximize=True)",
    "Adagrad({0}, lr=0.1)", "RMSprop({0}, momentum=0.5)", "NAdam({0}, lr=0.1, weight_decay=0.1)", "Rprop({0})",
)  # fmt: skip
ARRAY_EDITS = ("{0} += 1", "{0} *= 2", "{0}[...] = 1", "{0}[:1] = 2", "{0}.fill(3)")
TEXTS = ("repr({0})", "str({0})", "f'{{{0}}}'", "repr({0}.grad)", "repr([{0}])", "repr({0}.grad_fn)[:12]")


def _leaf(tensor: Any) -> bool:
    return tensor.requires_grad and tensor.is_leaf


def function(w: Writer) -> Line:
    """A custom Function is applied."""
    stream = w.stream
    kind = stream.random()
    if kind < 0.2:
        return Line(f"{w.name()} = F.SetsUp.apply({w.pick()}, {stream.choice(('2', '0.5'))})", "Function SetsUp")
    name = stream.choice(ONE if kind < 0.7 else TWO)
    operands = [w.pick() for _ in range(1 if name in ONE else 2)]
    return Line(f"{w.name()} = F.{name}.apply({', '.join(operands)})", f"Function {name}")


def optimizer(w: Writer) -> Line:
    """An optimizer over tensors of the program is made, steps, or zeroes their gradients."""
    stream = w.stream
    made = w.others("o")
    if not made or stream.random() < 0.3:
        listed = [w.pick(_leaf if stream.random() < 0.95 else lambda _t: True) for _ in range(stream.randint(1, 2))]
        named = f"[{', '.join(dict.fromkeys(listed))}]"
        text = stream.choice(OPTIMIZERS).format(named)
        return Line(f"{w.name('o')} = T.optim.{text}", "optimizer")
    chosen = stream.choice(made)
    kind = stream.random()
    if kind < 0.55:
        return Line(f"{chosen}.step()", f"{type(w.pair.theirs[chosen]).__name__}.step")
    return Line(f"{chosen}.zero_grad({stream.choice(('', 'set_to_none=False', 'set_to_none=True'))})", "zero_grad")


def numpy(w: Writer) -> Line:
    """An array of a tensor, a tensor of an array, or an edit on the array's side."""
    stream = w.stream
    made = w.others("n")
    kind = stream.random()
    if not made or kind < 0.35:
        # NumPy has no bfloat16: PARITY.md says what becomes of it.
        v = w.pick(lambda t: "bfloat16" not in str(t.dtype))
        if v in w.tensors() and "bfloat16" not in str(w.value(v).dtype):
            how = stream.choice(
                (".detach().numpy()", ".numpy()", ".data.numpy()", ".numpy(force=True)", ".detach().t().numpy()")
            )
            return Line(f"{w.name('n')} = {v}{how}", "numpy")
        return Line(f"{w.name('n')} = np.arange(6.0).reshape(2, 3)[:, ::2]", "numpy")
    chosen = stream.choice(made)
    if kind < 0.7:
        return Line(stream.choice(ARRAY_EDITS).format(chosen), "array edit")
    how = stream.choice(("from_numpy", "from_numpy", "as_tensor", "tensor"))
    return Line(f"{w.name()} = T.{how}({chosen})", how)


def text(w: Writer) -> Line:
    """A tensor is printed."""
    return Line(f"{w.name('s')} = {w.stream.choice(TEXTS).format(w.pick())}", "repr")


def handle(w: Writer) -> Line:
    """A hook is removed; where there is none, one is registered whose handle is kept."""
    made = w.others("h")
    if made and w.stream.random() < 0.7:
        return Line(f"{w.stream.choice(made)}.remove()", "remove hook")
    v = w.pick(lambda t: t.requires_grad)
    kind = w.stream.random()
    if kind < 0.6:
        return Line(f"{w.name('h')} = {v}.register_hook(lambda g: g * 2)", "hook")
    if kind < 0.8:
        return Line(
            f"{w.name('h')} = {v}.register_post_accumulate_grad_hook(lambda p: log.append(p.grad.clone()))", "hook"
        )
    made_by = w.pick(lambda t: t.grad_fn is not None)
    return Line(f"{w.name('h')} = {made_by}.grad_fn.register_hook(lambda g, *_: tuple(e * 2 for e in g))", "node hook")


def around(w: Writer) -> Line:
    """One of all these."""
    stream = w.stream
    kind = stream.choices(
        (function, optimizer, numpy, text, handle, default_dtype, retain_again), (6, 6, 4, 3, 3, 1, 1)
    )[0]
    return kind(w)


def default_dtype(w: Writer) -> Line:
    """Another default dtype."""
    kind = w.stream.choice(("float64", "float64", "float32", "float16", "int64"))
    return Line(f"T.set_default_dtype(T.{kind})", "set_default_dtype")


def retain_again(w: Writer) -> Line:
    """A gradient is retained twice."""
    v = w.pick(lambda t: t.requires_grad)
    return Line(f"{v}.retain_grad(); {v}.retain_grad()", "retain_grad")
