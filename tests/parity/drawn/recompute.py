"""Whether each drawn operation gives its drawn output from its drawn inputs, as PyTorch computes it.

Used by `truth`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from autogradkit.tracing.events import BackwardBegin, BackwardEnd, Op
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.model import is_maker
from autogradkit.tracing.render.graph.telling.elements import grids_of
from autogradkit.tracing.render.graph.telling.update import Update
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.render.graph.wording.spelling import spelled_op
from autogradkit.tracing.render.marks.numbers import plain

from .arithmetic import comes_out, computed, four_places, in_half
from .runs import Falsity, Run, close, tensor_in, tensor_of

FUNCTIONS: dict[str, Any] = {
    "data": torch.Tensor.detach,
    "Parameter": torch.Tensor.detach,
    "deepcopy": torch.Tensor.detach,
    "slice": torch.ops.aten.slice.Tensor,
    "alias": torch.ops.aten.alias,
    "_reshape_alias": lambda x, size, _stride: x.reshape(size),  # the operand is a copy, which has other strides
    "select": torch.select,
    "max_pool2d": torch.nn.functional.max_pool2d,
    "linear": torch.nn.functional.linear,
    "relu": torch.relu,
    "where": torch.where,
    "_log_softmax": torch._log_softmax,
    "_softmax": torch._softmax,
    "nll_loss_forward": torch.ops.aten.nll_loss_forward,
    "huber_loss": torch.ops.aten.huber_loss,
    "mse_loss": torch.ops.aten.mse_loss,
    "l1_loss": torch.ops.aten.l1_loss,
    "mul_by_number": torch.mul,
    "div_by_number": torch.div,
    "copy_": lambda target, source: source.clone() if target is None else target.copy_(source),
    "as_strided_backward": lambda g, places, sizes: (
        g.new_zeros(sizes).flatten().index_add(0, places, g.flatten()).view(sizes)
    ),
    "slice_backward": torch.ops.aten.slice_backward,
    "pick_flat": torch.take,
    "threshold_backward": lambda g, x, threshold=0: torch.ops.aten.threshold_backward(g, x, threshold),
    "relu_backward": lambda g, result: torch.ops.aten.threshold_backward(g, result, 0),
    "values_at_indices": lambda x, places: x.flatten(-2).gather(-1, places.flatten(-2)).view(places.shape),
    "convolution_backward": torch.ops.aten.convolution_backward,
    "select_backward": torch.ops.aten.select_backward,
    "max_pool2d_with_indices_backward": torch.ops.aten.max_pool2d_with_indices_backward,
    "real": lambda x: x.real,
    "set_data_": lambda old, new: new.clone(),
    "imag": lambda x: x.imag,
    "index": lambda x, picked: x[tuple(slice(None) if each is None else each for each in picked)],
    "AccumulateGrad": lambda *given: sum(given[1:], given[0]).clone(),
    "batch": lambda x, rows: x[rows],
    "index_put_": lambda x, picked, values, *more: x.index_put_(picked, torch.as_tensor(values, dtype=x.dtype), *more),
    "index_put": lambda x, picked, values, *more: x.index_put(picked, values, *more),
}


OPTIMIZERS: dict[str, Any] = {
    f"{name.lower()}_": getattr(torch.optim, name)
    for name in ("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD")
}
# What the texts of settings speak of
SPOKEN = {
    "torch": torch,
    "array": torch.tensor,
    "inf": float("inf"),
    "nan": float("nan"),
}


def operations(run: Run, space: dict[str, Any]) -> Iterator[Falsity]:
    """Each drawn operation gives its drawn output from its drawn inputs; every input is drawn."""
    into = defaultdict(list)
    for link in run.graph.links:
        if link.kind == "flow":
            into[link.head].append(link)
    drawn = {item.op.step for item in run.graph.items.values() if item.op is not None}
    said = " ".join(run.graph.left_out)
    inside = within_backward(run.trace)  # what only makes the gradient of a gradient ready
    for event in run.trace.events:
        missing = isinstance(event, Op) and not is_maker(event) and event.step not in drawn | inside
        if (
            missing and event.kind == "detach" and ("reads numbers" in said or "NumPy writes" in said)
        ):  # x.detach().numpy()
            continue
        if missing and (event.position is None or event.position.code not in said):
            yield Falsity("not drawn", f"{event.name} at step {event.step}")
    for item in run.graph.items.values():
        op = item.op
        if op is None or item.kind != "op":
            continue
        came = {link.value for link in into[item.key]}
        for argument in op.inputs:
            if argument.value is not None and argument.value not in came:
                yield Falsity("edge missing", f"{op.name}: {run.graph.labels[argument.value]}")
        drawn_anew = op.kind == "random"  # other numbers each time
        if drawn_anew or any(run.trace.values[value].numbers.data is None for value in (*came, *op.outputs)):
            continue
        try:
            found = recomputed(run.trace, op, space)
        except Exception as error:
            yield Falsity("recompute", f"{op.name} cannot be recomputed: {error}")
            continue
        if op.name in OPTIMIZERS:
            found, kept = found
            yield from explained(run, op, found, kept)
        results = found if isinstance(found, list | tuple) else [found]
        for output, expected in zip(op.outputs, results, strict=False):
            told = tensor_of(run.trace, output)
            if expected is None:  # a gradient that nobody asked for
                if told.numel():
                    yield Falsity("recompute", f"{op.name} gives no such gradient, drawn {told.tolist()}")
            elif told.dtype != expected.dtype or not close(told, expected):
                yield Falsity("recompute", f"{op.name} gives {expected.tolist()}, drawn {told.tolist()}")


def explained(run: Run, op: Op, parameter: torch.Tensor, kept: dict[str, Any]) -> Iterator[Falsity]:
    """What the detail says of an optimizer's step: what is remembered is PyTorch's, and the numbers of each element come out."""
    for each in op.state:
        told = tensor_in(each.after)
        if each.name not in kept or not close(told, kept[each.name]):
            yield Falsity("state", f"{op.name}: {each.name} is drawn as {told.tolist()}, PyTorch {kept.get(each.name)}")
    update = Update(op, run.graph.values, run.graph.labels)
    if update.shape is None:
        yield Falsity("update", f"{op.name} is told without numbers")
        return
    for index in np.ndindex(update.shape):
        lines = update.at(index)
        false = [line for line in lines if not comes_out(line)]
        if false:
            yield Falsity("update", f"{op.name} at {list(index)}: {false[0]}")
        result = torch.tensor(computed(lines[-1].rpartition(" = ")[2]), dtype=parameter.dtype)
        if not close(result, parameter[index]):
            yield Falsity("update", f"{op.name} at {list(index)}: {lines[-1]}, PyTorch {parameter[index].item()}")


def elements(run: Run) -> Iterator[Falsity]:
    """What is told of each element that a detail shows: its equation comes out, and gives the gradient that was sent."""
    why = Why(run.graph)
    for item in run.graph.items.values():
        step = item.op is not None and item.op.facts.update  # see `explained`
        for grid in [] if step else grids_of(item, why):
            for index in grid.indices():
                told = grid.tell(index).partition("\n")[0].partition(", since")[0]
                equation = re.sub(
                    r" (from \S+( \(turn \d+\))?( \d+)?|before)(?= [+=])", "", told.partition(", not the")[0]
                )
                equation, coarse, _ = equation.partition(" in ")
                found = equation.rpartition(" = ")[2]
                rounded = in_half if coarse else four_places
                if plain(grid.numbers[index].item()) != found or not comes_out(equation, rounded):
                    yield Falsity("element", f"{told}, {grid.what} {grid.numbers.tolist()}")


def stepped(trace: Recording, op: Op) -> tuple[torch.Tensor, dict[str, Any]]:
    """What PyTorch's optimizer makes of a drawn step's parameter, gradient, options and state: the parameter and its state."""
    given = {argument.name: eval(argument.text or "None", SPOKEN) for argument in op.inputs if argument.value is None}
    parameter, gradient = (tensor_of(trace, argument.value) for argument in op.inputs if argument.value is not None)
    parameter.requires_grad_().grad = gradient
    optimizer = OPTIMIZERS[op.name]([parameter], **given)
    state = {each.name: tensor_in(each.before) for each in op.state if each.before is not None}
    if state:
        optimizer.state[parameter] = state
    optimizer.step()
    return parameter.detach(), optimizer.state[parameter]


def spelling(run: Run) -> Iterator[Falsity]:
    """An op that is all that ran in a method's call has the method's name in the picture."""
    calls = Counter(event.position for event in run.trace.events if isinstance(event, Op))
    lines = run.trace.source.splitlines()
    for item in run.graph.items.values():
        op = item.op
        place = None if op is None else op.position
        if op is None or item.kind != "op" or place is None or place.file != "cell" or place.line != place.end_line:
            continue
        written = lines[place.line - 1][place.column : place.end_column]
        method = re.search(r"\.([a-z]\w*)\([^()]*\)$", written)
        if method is None or calls[place] > 1 or op.kind not in ("op", "view") or op.facts.sign:
            continue
        told = spelled_op(op, run.graph.labels, run.graph.values)
        if hasattr(torch.Tensor, method[1]) and method[1] not in told and not told.endswith("]"):
            yield Falsity("spelling", f"{written} is drawn as {told}")


def within_backward(trace: Recording) -> set[int]:
    """Steps of what ran while a backward call did."""
    inside = 0
    found: set[int] = set()
    for event in trace.events:
        inside += isinstance(event, BackwardBegin) - isinstance(event, BackwardEnd)
        if inside:
            found.add(event.step)
    return found


def recomputed(trace: Recording, op: Op, space: dict[str, Any]) -> Any:
    if op.name in OPTIMIZERS:
        return stepped(trace, op)
    positional: dict[int, Any] = {}
    named: dict[str, Any] = {}
    for argument in op.inputs:
        value = eval(argument.text or "None", SPOKEN) if argument.value is None else tensor_of(trace, argument.value)
        if argument.name == "out":  # which is written, not read
            continue
        if argument.name is not None:
            named[argument.name] = value
        elif argument.place in positional:
            positional[argument.place].append(value)  # a list of tensors
        else:
            several = (op.name in ("cat", "stack") and argument.place == 0) or (
                op.name in ("index", "index_put", "index_put_") and argument.place == 1
            )
            positional[argument.place or 0] = [value] if several else value
    function = FUNCTIONS.get(op.name)
    if function is None and isinstance(space.get(op.name), type):  # the learner's own Function
        function = space[op.name].apply
    function = function or getattr(torch.Tensor, op.name, None) or getattr(torch, op.name, None)
    function = function or getattr(torch.nn.functional, op.name)
    given = [positional.get(place) for place in range(max(positional, default=-1) + 1)]
    return function(*given, **named)
