"""Lines that index, assign by index and make views. Used by `writer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .runs import Line

if TYPE_CHECKING:
    from .writer import Writer

VIEWS = (
    ".view(-1)", ".t()", ".transpose(0, -1)", ".unsqueeze(0)", ".unsqueeze(-1)", ".squeeze()", ".squeeze(0)", ".detach()",
    ".data", ".expand(2, *{0}.shape)", ".diagonal()", ".narrow(0, 0, 1)", ".unfold(0, 1, 1)", ".unbind(0)", ".split(1)",
    ".chunk(2)", ".as_strided((2,), (1,))", ".as_strided((2, 2), (1, 1))", ".as_strided((1,), (1,), 1)", ".mT", ".T",
    ".H.clone()",    ".view_as({0})", ".reshape(-1)", ".contiguous()", ".flatten()", ".movedim(0, -1)",
    ".permute(*reversed(range({0}.dim())))", ".view({0}.shape)", ".expand_as({0})", ".select(0, 0)", ".tensor_split(2)",
    ".clone()", ".to(T.float64)", ".to(T.float32)", ".float()", ".long()", ".bool()", ".half()", ".to(T.complex64)",
    ".type_as({1})", ".expand_as({1})", ".swapaxes(0, -1)", ".mH.clone()", ".item()", ".tolist()", ".unflatten(0, (1, -1))",
    ".ravel()", ".reshape_as({1})", ".grad", ".broadcast_to((2, *{0}.shape))",
)  # fmt: skip


def view(w: Writer) -> Line:
    """A view, or a copy that could have been one."""
    base = w.pick()
    text = w.stream.choice(VIEWS)
    label = text.split("(")[0].lstrip(".")
    return Line(f"{w.name()} = {base}{text.format(base, w.pick())}", label)


def _one_index(w: Writer, size: int) -> str:
    """An index of one dimension."""
    stream = w.stream
    kind = stream.randrange(15)
    last = max(size - 1, 0)
    if kind <= 2:
        return str(stream.choice((0, -1, last, last)) if stream.random() < 0.95 else size)
    if kind <= 5:
        return stream.choice((":", "1:", ":1", "::2", ":-1", "0:0", "-1:", "5:", "1:0"))
    if kind == 6:
        return f"[{stream.randint(0, last)}, {stream.randint(0, last)}]"
    if kind == 7:
        return f"T.tensor([{stream.randint(0, last)}, {stream.randint(-size, last) if size else 0}])"
    if kind == 8:
        return str([stream.random() < 0.5 for _ in range(size)])
    if kind == 9:
        return f"T.tensor({[stream.random() < 0.5 for _ in range(size)]}, dtype=T.{stream.choice(('bool', 'bool', 'uint8'))})"
    if kind == 10:
        return f"T.tensor({stream.randint(0, last)})"
    if kind == 11:
        return f"T.tensor([[{stream.randint(0, last)}], [{stream.randint(0, last)}]])"
    if kind == 12:
        return f"T.tensor([{stream.randint(0, last)}], dtype=T.{stream.choice(('int32', 'int16', 'float32'))})"
    if kind == 13:
        return stream.choice(
            ("[]", "range(1)", "[[0, 0]]", "slice(None, None, -1)", "T.zeros(0, dtype=T.int64)", "1.0")
        )
    return f"T.tensor({[[stream.random() < 0.5 for _ in range(size)]]}).t().squeeze(1)"


def index(w: Writer, shape: tuple[int, ...], name: str) -> str:
    """An index of every kind into a tensor of that shape."""
    stream = w.stream
    if stream.random() < 0.12:
        return stream.choice(
            (f"{name} > 0", f"{name} == {name}", "...", "None", "True", "False", w.pick(), f"{name} != {name}", "()")
        )
    parts = []
    for size in shape[: stream.randint(1, max(1, len(shape)))]:
        if stream.random() < 0.08:
            parts.append(stream.choice(("None", "...", "True", "False")))
        parts.append(_one_index(w, size))
    if not parts:
        parts.append(stream.choice(("None", "...", "True", "False", "()", "0")))
    return ", ".join(parts)


def get(w: Writer) -> Line:
    """What an index gives."""
    base = w.pick()
    return Line(f"{w.name()} = {base}[{index(w, _shape(w, base), base)}]", "getitem")


def index_assignment(w: Writer) -> Line:
    """An assignment by index."""
    stream = w.stream
    base = w.pick()
    place = index(w, _shape(w, base), base)
    kind = stream.random()
    if kind < 0.4:
        value = stream.choice(("0", "1.5", "-2", "True", "2j", "float('nan')"))
    elif kind < 0.5:
        value = f"{base}[{place}]"
    elif kind < 0.6:
        value = f"{base}[{index(w, _shape(w, base), base)}]"
    else:
        value = w.pick()
        value += stream.choice(("", "", ".sum()", "[0]", ".flatten()[0]"))
    if stream.random() < 0.15:
        return Line(f"{base}[{place}] {stream.choice('+-*')}= {value}", "setitem op")
    return Line(f"{base}[{place}] = {value}", "setitem")


def _shape(w: Writer, name: str) -> Any:
    return tuple(w.value(name).shape) if name in w.tensors() else (3,)
