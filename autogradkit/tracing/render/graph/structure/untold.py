"""What a picture does not draw and therefore says: numbers read out of tensors, what hooks did, second names of a tensor, and
what is older than the cell.

Rests on `model.py` and `numbers.py`; `build.py` asks it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from autogradkit.tracing.events import Numbers, Op, Value
from autogradkit.tracing.parsing import nodes_of, parsed, without_magics
from autogradkit.tracing.render.graph.structure.bounds import MOST_NAME, shortened
from autogradkit.tracing.render.graph.structure.model import Call, Link
from autogradkit.tracing.render.marks.numbers import one_line

_READERS = ("item", "tolist", "numpy")
_CASTS = ("float", "int")  # of Python's
MOST_NAMES = 6  # in one sentence
MOST_SENTENCES = 8  # of one kind


def updates(edited: Mapping[str, Iterable[str]], sharing: list[str]) -> Iterator[str]:
    """A sentence for each line on which an optimizer made more edits than are drawn, and one for what shares that memory."""
    for line, names in edited.items():
        yield f"{line} edits {_listed(names)} in place; its operations are not drawn."
    if sharing:
        yield f"So it edits {', '.join(sharing)}, in the same memory."


def _first(sentences: Sequence[str], what: str) -> Iterator[str]:
    """The first of these sentences; of the others how many there are."""
    told = sentences if len(sentences) == MOST_SENTENCES + 1 else sentences[:MOST_SENTENCES]
    yield from told
    if len(told) < len(sentences):
        yield f"{len(sentences) - len(told):,} further {what}."


def _listed(names: Iterable[str]) -> str:
    told = [*names]
    more = len(told) - MOST_NAMES
    return ", ".join(told[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def arrivals(calls: list[Call], links: list[Link], values: dict[int, Value]) -> Iterator[str]:
    """A sentence for the leaves on the picture whose `.grad` grew by a way that is not drawn."""
    drawn = {values[link.value].tensor for link in links}
    came = {(values[link.value].tensor, grad.call) for link in links for grad in link.grads}
    missing = dict.fromkeys(
        event.name or "a leaf"
        for call in calls
        for event in call.accumulated
        if event.tensor in drawn and (event.tensor, call.number) not in came
    )
    if missing:
        yield f"A gradient reached {_listed(missing)} by a way that is not drawn."


def numbers_read(source: str, ops: Sequence[Op] = (), values: Mapping[int, Value] | None = None) -> Iterator[str]:
    """A sentence for the places where the cell reads numbers out of tensors, to which no arrow leads: by `.item()` and its
    kin, by `float(x)`, and by an index that is a tensor of one integer.

    >>> list(numbers_read("y = x * x.sum().item()"))
    ['.item() in line 1 reads numbers, which are drawn without what they were computed from.']
    >>> list(numbers_read("x.numpy()[0] = 5."))
    ['NumPy writes into the memory of a tensor by .numpy() in line 1, which is no operation.']
    """
    known = (values or {}).values()
    whole = [each for each in known if not each.numbers.shape and "int" in each.numbers.dtype]
    read = any(name in source for name in (*_READERS, *[f"{cast}(" for cast in _CASTS]))
    if not whole and not read:  # as nearly all; to look takes longer than the rest
        return
    single = [each for each in known if set(each.numbers.shape) <= {1}]
    nodes = nodes_of(without_magics(source))
    calls = [each for each in nodes if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)]
    lines: dict[str, set[int]] = defaultdict(set)
    written = _only_written(nodes)
    for call in calls:
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in _READERS and not call.args and call not in written:
            lines[f".{call.func.attr}()"].add(call.lineno)
    writes = {
        call.lineno
        for call in calls
        if call in written and isinstance(call.func, ast.Attribute) and call.func.attr == "numpy"
    }
    if writes:
        where = f"line{'s' * (len(writes) > 1)} {_listed(map(str, sorted(writes)))}"
        yield f"NumPy writes into the memory of a tensor by .numpy() in {where}, which is no operation."
    is_whole, is_single = _given_by(ops, whole), _given_by(ops, single)
    for each in nodes:
        if isinstance(each, ast.Subscript):
            for index in each.slice.elts if isinstance(each.slice, ast.Tuple) else [each.slice]:
                if is_whole(index):
                    lines[f"The index {shortened(ast.unparse(index), MOST_NAME)}"].add(index.lineno)
        elif isinstance(each, ast.Call) and (cast := _cast(each)) and is_single(each.args[0]):
            lines[f"{cast}()"].add(each.lineno)
    sentences = [
        f"{name} in line{'s' * (len(found) > 1)} {_listed(map(str, sorted(found)))} reads numbers, which are drawn without "
        "what they were computed from."
        for name, found in lines.items()
    ]
    yield from _first(sentences, "indices read numbers")


def _only_written(nodes: Sequence[ast.AST]) -> set[ast.expr]:
    """The calls whose array is only written into, `x.numpy()[0] = 5.` or `a = x.numpy()` before `a[0] = 5.`: the picture has
    the new numbers in x."""
    stored = {each.value for each in nodes if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store)}
    names = {each.id for each in stored if isinstance(each, ast.Name)}
    loads = [each for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)]
    read = {each.id for each in loads if each not in stored}
    bound = {
        each.value
        for each in nodes
        if isinstance(each, ast.Assign)
        and all(isinstance(target, ast.Name) and target.id in names - read for target in each.targets)
    }
    return stored | bound


def _cast(call: ast.Call) -> str:
    """`float` of a call of it with one argument; empty of any other."""
    called = call.func.id if isinstance(call.func, ast.Name) and len(call.args) == 1 else ""
    return called if called in _CASTS else ""


def _given_by(ops: Sequence[Op], values: Sequence[Value]) -> Callable[[ast.expr], bool]:
    """Whether an expression gave one of these tensors, or is the name of one."""
    names = {value.name for value in values}
    made = {value.id for value in values}
    places = {
        (at.line, at.column, at.end_line, at.end_column)
        for op in ops
        if (at := op.position) is not None and at.file == "cell" and op.outputs[:1] and op.outputs[0] in made
    }

    def given(each: ast.expr) -> bool:
        place = (each.lineno, each.col_offset, each.end_lineno, each.end_col_offset)
        return place in places or (isinstance(each, ast.Name | ast.Attribute) and ast.unparse(each) in names)

    return given


def hooks(calls: list[Call], ops: list[Op], labels: dict[int, str]) -> Iterator[str]:
    """A sentence for each gradient that went on as another than had come; of many for the first of them."""
    yield from _first([*_hooked(calls, ops, labels)], "gradients were changed by hooks")


def _hooked(calls: list[Call], ops: list[Op], labels: dict[int, str]) -> Iterator[str]:
    made_by = {op.node: labels[op.outputs[0]] for op in ops if op.node is not None and op.outputs}
    for call in calls:
        came: dict[int, list[Numbers]] = defaultdict(list)
        for ran in call.ran:
            if len(ran.received) == 1 and ran.node in made_by:
                yield from _changed(came[ran.node], ran.received[0], made_by[ran.node])
            for target, numbers in zip(ran.edges, ran.sent, strict=True):
                if target is not None and numbers is not None:
                    came[target].append(numbers)
        for event in call.accumulated:
            if event.node is not None:
                yield from _changed(came[event.node], event.contribution, event.name or "a tensor")


def _changed(came: list[Numbers], went_on: Numbers | None, name: str) -> Iterator[str]:
    if (
        not came
        or went_on is None
        or any(each.data is None or each.shape != went_on.shape for each in (*came, went_on))
    ):
        return
    if len(came) == 1 and came[0].data == went_on.data:  # as nearly all: what follows takes a hundred times as long
        return
    total = np.sum([np.asarray(each.data) for each in came], axis=0)
    if not np.allclose(total, np.asarray(went_on.data), rtol=1e-4, atol=1e-6, equal_nan=True):
        several = " + ".join(one_line(each, 30) for each in came)
        yield f"A hook made ∂ {one_line(went_on, 30)} of the ∂ {several} that came to {name}."


def edits_in_hooks(undrawn: Sequence[Op], labels: Mapping[int, str]) -> Iterator[str]:
    """A sentence for each line that edits a tensor while backward runs, which no recorded operation reads."""
    lines: dict[int, dict[str, None]] = defaultdict(dict)
    for op in undrawn:
        if op.kind == "inplace" and op.position is not None and op.position.function != "<module>":
            lines[op.position.line][labels[op.outputs[0]]] = None
    yield from _first(
        [
            f"While backward ran, a hook edited {_listed(names)} in line {line}; its operations are not drawn."
            for line, names in lines.items()
        ],
        "lines of hooks edited tensors",
    )


def second_names(source: str, names: Iterable[str | None]) -> Iterator[str]:
    """A sentence for each line that gives a tensor on the picture another name, which no tensor there has. `names` are those
    on the picture.

    >>> list(second_names("y = x\\nx += 1", ["x"]))
    ['Line 1 makes no tensor: y is another name for x.']
    """
    told = set(names)
    found = [
        f"Line {each.lineno} makes no tensor: {target.id} is another name for {each.value.id}."
        for each in parsed(without_magics(source)).body
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name) and each.value.id in told
        for target in each.targets
        if isinstance(target, ast.Name) and target.id not in told
    ]
    yield from _first(found, "names are second ones")


def older(calls: list[Call], known: set[int | None], unmade: list[int], labels: dict[int, str]) -> Iterator[str]:
    """A sentence for each backward call that went through operations which ran before the cell, behind the values
    `unmade` here: through nodes that are not `known`."""
    told: set[str] = set()
    for call in calls:
        ran = [each for each in call.ran if each.node not in known]
        if not ran or not unmade:
            continue
        edges = {edge for each in ran for edge in each.edges}
        reached = [event.name for event in call.accumulated if event.node in edges and event.name]
        names = list(dict.fromkeys(labels[value] for value in unmade))
        what = "An operation that is" if len(ran) == 1 else f"{len(ran)} operations that are"
        to = f", and led the gradient to {', '.join(dict.fromkeys(reached))}" if reached else ""
        sentence = (
            f"{what} not drawn ran before this cell, behind {', '.join(names)}{to}: %graph {names[0]} draws all of it."
        )
        if sentence not in told:
            told.add(sentence)
            yield sentence
