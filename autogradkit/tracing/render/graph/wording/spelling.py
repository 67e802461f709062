"""How an op is spelled on a picture: as the learner writes it, `X[0:2]`, `mean(0, keepdim)`, `* 2`, without defaults.

Rests on what an op tells of itself (`core.facts`) and on the event stream. Serves `words.py` and `parts.py`. The operands that
are tensors are drawn as edges, so what is spelled is the rest of the call, and of two whose order matters their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autogradkit.tracing.events import Argument, Op, Value
from autogradkit.tracing.labels import TRANSPOSED
from autogradkit.tracing.render.graph.structure.model import inputs_of
from autogradkit.tracing.render.graph.structure.moves import BETWEEN
from autogradkit.tracing.subscripts import subscript

CUTS = {
    "detach": "✂ detach",
    "data": "✂ .data",
    "set_data": "✂ .data =",
    "Parameter": "✂ Parameter",
    "deepcopy": "✂ deepcopy",
}
MOST_NUMBER = 8  # characters of a number beside a sign
_CASTS = {
    "double",
    "float",
    "half",
    "bfloat16",
    "long",
    "int",
    "short",
    "char",
    "byte",
    "bool",
    "cdouble",
    "cfloat",
    "type_as",
}
_IN_ANY_ORDER = ("+", "*", "==", "!=", "&", "|", "^")  # signs between operands that may change places
_REDUCTIONS = ("none", "mean", "sum")
_SIZE = re.compile(r"torch\.Size\(\[([^]]*)\]\)")  # how a shape is printed: with it `view(a.shape)` is given sizes
_ASSIGNS = re.compile(r"[^=]*\]\s*=(?!=)")


def spelled_op(op: Op, labels: Mapping[int, str], values: Mapping[int, Value]) -> str:
    """What stands in an op's ellipse."""
    facts, rest = op.facts, _rest(op)
    if facts.label in CUTS:
        return CUTS[facts.label]
    index = spelled_index(op, labels, values)
    if index:
        return index
    if op.kind == "inplace":
        code = op.position.code if op.position is not None else ""
        if facts.label in ("copy", "fill") and _ASSIGNS.match(code):
            return " ".join(["=", *(_number(argument) for argument in rest if argument.place == 1)])
        if facts.label == "index_put" and _ASSIGNS.match(code):
            return "[…] ="
        sign = f"{facts.sign}=" if facts.sign and f"{facts.sign}=" in code else ""
    else:
        sign = facts.sign
    if sign and not rest:
        return sign
    if sign and len(rest) == 1 and (rest[0].name or _parameter(op, rest[0])) in ("self", "other", "exponent"):
        number = _number(rest[0])
        if len(number) <= MOST_NUMBER:
            turned = rest[0].place == 0 or facts.label == "rsub"
            return f"{number} {sign}" if turned else f"{sign} {number}"
    if op.called in TRANSPOSED:
        return f".{op.called}"
    if op.called and (op.name.startswith("_") or (op.label == "to" and op.called in _CASTS)):
        return op.called  # what ran is nobody's to call, or the name says it all
    inside = ", ".join([_spelled(op, argument, alone=len(rest) == 1) for argument in rest])
    ran = f"{op.label}({inside})" if inside else op.label
    if op.called.endswith(f".{op.label}"):  # it ran under its own name: where that is found is all there is to add
        return op.called.removesuffix(op.label) + ran
    return f"{op.called} → {ran}" if op.called else ran


def spelled_in_order(op: Op, labels: Mapping[int, str], values: Mapping[int, Value]) -> list[str]:
    """What stands in an op's ellipse, the longest spelling first: `h - mu`, `h - …`, `-`. An edge arrives where it is easiest
    to follow, so its place does not tell which of two operands it is; where their order matters, their names do.
    """
    text = spelled_op(op, labels, values)
    operands = inputs_of(op)
    if "(alpha=" not in text and _names_operands(op, text, operands, values):
        head, _, rest = text.partition("(")
        given = ", ".join(labels[value] for value in operands)
        given = f"[{given}]" if op.facts.parameters[:1] == ("tensors",) else given
        return [f"{head}({given}{f', {rest}' if rest else ')'}", text]
    if len(operands) != 2:
        return [text]
    first, second = (labels[value] for value in (operands[::-1] if op.facts.label == "rsub" else operands))
    if text == op.facts.sign and text not in _IN_ANY_ORDER:
        return _between(first, text, second)
    if "(alpha=" in text and first != second:  # of these two, the one that is multiplied
        return [text.replace("(alpha=", f"({second}, alpha="), text]
    return [text]


def _names_operands(op: Op, text: str, operands: Sequence[int], values: Mapping[int, Value]) -> bool:
    """Whether the ellipse of an op without a sign says which operand is which, `lerp(a, b, t)`, `where(found, x, y)`: where two
    or three have names and are not told apart by their dtypes, outside of layers, whose operands are theirs."""
    called = text.partition("(")[0].rpartition(".")[2]
    if op.kind != "op" or op.layers or op.facts.label != called or not 2 <= len(operands) <= 3:
        return False
    dtypes = [values[value].numbers.dtype for value in operands]
    return len({*operands}) > 1 and len({*dtypes}) < len(dtypes)


def spelled_call_in_order(
    title: str, ops: Sequence[Op], labels: Mapping[int, str], values: Mapping[int, Value]
) -> list[str]:
    """The same of a call in which several ops ran: `x @ W`, of batches, has views before its product and behind it; and of a row
    of turns and reshapes, `view(3, 2) · t`."""
    made = {output: inputs_of(op) for op in ops for output in op.outputs}

    def given(value: int) -> str:
        while made.get(value):
            value = made[value][0]
        return labels[value]

    if BETWEEN in title:
        first, *between, last = title.split(BETWEEN)
        shorter = BETWEEN.join([first, "…", last] if between else [first, last])
        return [BETWEEN.join(spelled_op(op, labels, values) for op in ops), title, shorter]
    products = [op for op in ops if op.facts.sign == title and len(inputs_of(op)) == 2]
    if len(products) != 1:
        return [title]
    first, second = map(given, inputs_of(products[0]))
    return _between(first, title, second)


def _between(first: str, sign: str, second: str) -> list[str]:
    same = first == second  # then their names do not tell them apart
    return [sign] if same else [f"{first} {sign} {second}", f"{first} {sign} …", f"… {sign} {second}", sign]


def spelled_call(op: Op, labels: Mapping[int, str], values: Mapping[int, Value]) -> str:
    """The op as a call on the learner's names: `mul(x, 2)`, `mean(X, 0, keepdim=True)`, `X[0:2]`."""
    index = spelled_index(op, labels, values)
    if index:
        return index if not index.startswith("[") else labels[op.inputs[0].value or 0] + index
    parts: list[str] = []
    last = max((each.place for each in op.inputs if each.value is not None and each.place is not None), default=-1)
    for argument in op.inputs:
        if argument.value is None and argument.place is not None and argument.place <= last:
            parts.append(_alone(str(argument.text)))  # nothing by its name before what is given by its place
        elif argument.value is not None:
            text = labels[argument.value]
            parts.append(f"{argument.name}={text}" if argument.name else text)
        elif not _is_default(op, argument):
            text = _spelled(op, argument)
            name = _parameter(op, argument)
            parts.append(f"{name}=True" if text == name else text)
    return f"{op.label}({', '.join(parts)})"


def spelled_index(op: Op, labels: Mapping[int, str], values: Mapping[int, Value]) -> str:
    """`X[0:2]`, `[:, 1]`, `X[rows]`, `X[:, None]` of an op that subscripts are made of; empty for any other."""
    if not op.inputs or op.inputs[0].value is None:
        return ""
    source = values[op.inputs[0].value]
    owner = source.name if source.name is not None and len(source.name) <= 12 else ""
    if op.facts.label == "index":
        picked = [":" if each.value is None else labels[each.value] for each in op.inputs[1:]]
        inside = ", ".join(picked)
        return f"{owner}[{inside}]" if picked and len(inside) <= 14 else f"{owner}[…]"
    taken = subscript(op, source)
    return taken and owner + taken


def _rest(op: Op) -> list[Argument]:
    """The arguments that are no tensors and not as they are when nobody gives them."""
    rest = [each for each in op.inputs if each.value is None and each.text is not None and not _is_default(op, each)]
    # `contiguous` gives the layout itself
    return [each for each in rest if not (op.called and _parameter(op, each) == "memory_format")]


def _parameter(op: Op, argument: Argument) -> str | None:
    """The name of the parameter that an argument is for."""
    if argument.name is not None or argument.place is None:
        return argument.name
    parameters = op.facts.parameters
    place = _place_of_ints(op) if _is_one_of_ints(op, argument) else argument.place
    return parameters[place] if place < len(parameters) else None


def _place_of_ints(op: Op) -> int:
    return int(op.facts.parameters[:1] == ("self",))


def _is_one_of_ints(op: Op, argument: Argument) -> bool:
    """Whether it is one of the ints, or their list, that may come one by one: `view(2, 3)`, `zeros(2, 3)`."""
    if argument.name is not None or argument.place is None:
        return False
    return op.facts.spread and argument.place >= _place_of_ints(op)


def _is_default(op: Op, argument: Argument) -> bool:
    name, facts = _parameter(op, argument), op.facts
    if name not in facts.parameters or _is_one_of_ints(op, argument):
        return False
    if (
        name == "reduction" and argument.text == "1"
    ):  # the mean, as of every loss of nn.functional, whatever is the op's own
        return True
    default = facts.defaults[facts.parameters.index(name)] if facts.defaults else ""
    return _alone(str(argument.text)) == _alone(default) or (default == "()" and argument.text == "None")


def _spelled(op: Op, argument: Argument, alone: bool = False) -> str:
    """One argument: by its place where the learner gives it so, `mean(0)`, `view(-1, 400)`, or `masked_fill(-inf)` where it is
    `alone`; else by its name."""
    name, text = _parameter(op, argument), _SIZE.sub(r"(\1)", str(argument.text))
    if _is_one_of_ints(op, argument):
        return text[1:-1].rstrip(",") if text[:1] in ("(", "[") and text[-1:] in (")", "]") else text
    if not op.facts.spread:
        text = _alone(text)
    own = argument.name is None and argument.place == 1 and op.facts.parameters[:1] in (("self",), ("input",))
    own = own or (alone and argument.name is None and name == "value")
    if name is None or own or (argument.name is None and name in ("dim1", "axis1") and argument.place == 2):
        return text
    code = op.position.code if op.position is not None else ""
    if name == "correction" and text in ("0", "1") and "unbiased" in code:
        name, text = "unbiased", str(text == "1")
    if name == "reduction" and text in ("0", "1", "2"):
        text = _REDUCTIONS[int(text)]
    return name if text == "True" else f"{name}={text}"


def _alone(text: str) -> str:
    """`2` for `(2, 2)`: equal numbers, one for each dimension of a window, are given as one."""
    equal = re.fullmatch(r"[(\[](-?\d+)(, \1)*,?[)\]]", text)
    return equal[1] if equal else text


def _number(argument: Argument) -> str:
    """A number as it is written, a long one to four digits."""
    text = str(argument.text)
    if len(text) <= MOST_NUMBER:
        return text
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text
