"""`summary(model, …)`: a table of a network's layers, with the shapes that come out, parameters, memory and multiply-adds.

Rests on modules and on what recorders hear (`core/recording.py`): the input goes through the model once, each layer tells what it
gave, and each matrix product and convolution how much it multiplied. PyTorch has this in packages of others (torchinfo).
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autogradkit._ops.making.sampling import rand
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.facts import Declaration
from autogradkit.core.frames import entry
from autogradkit.core.random import default_generator
from autogradkit.core.recording import Recorder, unheard
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad

_COLUMNS = ("layer", "output shape", "parameters", "bytes", "multiply-adds")
# Where the two matrices of a product stand among an op's arguments.
_PRODUCTS = {"mm": 0, "bmm": 0, "mv": 0, "dot": 0, "addmm": 1, "baddbmm": 1, "addbmm": 1, "addmv": 1}


@dataclass
class Row:
    """A layer: its own parameters, without those of the layers in it; bytes are those of parameters and buffers."""

    name: str
    kind: str
    depth: int
    parameters: int = 0
    bytes: int = 0
    same_as: str | None = None  # the name under which this module stands further up
    shapes: list[tuple[int, ...]] = field(default_factory=list)  # what came out of its last call
    calls: int = 0
    multiply_adds: int = 0


class Summary:
    """The rows of a model, one a layer, and their sums; shown as a table, in a notebook as HTML."""

    def __init__(self, rows: list[Row], trainable: int, ran: bool) -> None:
        self.rows = rows
        self.trainable_params = trainable
        self._ran = ran

    @property
    def total_params(self) -> int:
        """How many numbers all parameters have; one that layers share counts once."""
        return sum(row.parameters for row in self.rows)

    @property
    def total_bytes(self) -> int:
        """The memory of parameters and buffers."""
        return sum(row.bytes for row in self.rows)

    @property
    def total_mult_adds(self) -> int | None:
        """Of the whole call; None where the model did not run."""
        return sum(row.multiply_adds for row in self.rows) if self._ran else None

    def _cells(self) -> Iterator[tuple[str, ...]]:
        for row in self.rows:
            kind = f"{row.kind} ({row.name})" if row.name else row.kind
            if row.same_as is not None:
                yield kind, f"the same as {row.same_as}", "", "", ""
                continue
            shapes = ", ".join(str(shape) for shape in row.shapes)
            shapes += f", {row.calls} calls" if row.calls > 1 else ""
            numbers = row.parameters, row.bytes, row.multiply_adds
            yield kind, shapes, *(f"{number:,}" if number else "" for number in numbers)

    def _sums(self) -> list[str]:
        sums = [
            f"Parameters: {self.total_params:,}, of them trainable: {self.trainable_params:,}",
            f"Bytes of parameters and buffers: {self.total_bytes:,}",
        ]
        return [*sums, f"Multiply-adds: {self.total_mult_adds:,}"] if self._ran else sums

    def __repr__(self) -> str:
        table = [
            _COLUMNS,
            *(("  " * row.depth + cells[0], *cells[1:]) for row, cells in zip(self.rows, self._cells(), strict=True)),
        ]
        widths = [max(len(line[place]) for line in table) for place in range(len(_COLUMNS))]
        lines = [
            "  ".join(
                cell.ljust(width) if place < 2 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        rule = "-" * (sum(widths) + 2 * len(widths) - 2)
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._sums()])

    def _repr_html_(self) -> str:
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in _COLUMNS)
        body = ""
        for row, cells in zip(self.rows, self._cells(), strict=True):
            left = f'<td style="text-align:left;padding-left:{row.depth + 0.5}em">{html.escape(cells[0])}</td>'
            left += f'<td style="text-align:left">{html.escape(cells[1])}</td>'
            body += f"<tr>{left}{''.join(f'<td>{cell}</td>' for cell in cells[2:])}</tr>"
        sums = "<br>".join(self._sums())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{sums}</p>"


@entry
def summary(
    model: Any,
    input_size: Any = None,
    input_data: Any = None,
    *,
    dtypes: Sequence[Dtype] | None = None,
    depth: int | None = None,
) -> Summary:
    """The layers of a model, and what a call with an input costs; without an input, what it has.

    `input_data` is a tensor, or a tuple, list or dict of arguments; it may stand in the place of `input_size`, which is a shape
    or a list of shapes, of which random inputs are made (`dtypes` says of which kind). The model runs once, in evaluation mode
    and without a graph; modes, random numbers and buffers are afterwards as they were. Multiply-adds are those of matrix
    products, convolutions and LSTMs, where they are computed: a layer's own, without those in it. `depth` folds what lies deeper.

    >>> import autogradkit as torch
    >>> torch.summary(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()), (5, 3))
    layer         output shape  parameters  bytes  multiply-adds
    ------------------------------------------------------------
    Sequential    (5, 2)
      Linear (0)  (5, 2)                 8     32             30
      ReLU (1)    (5, 2)
    ------------------------------------------------------------
    Parameters: 8, of them trainable: 8
    Bytes of parameters and buffers: 32
    Multiply-adds: 30
    """
    if input_data is None and (isinstance(input_size, Tensor | dict) or _has_tensors(input_size)):
        input_size, input_data = None, input_size
    rows = dict(_rows(model))
    place = default_generator.place()
    try:
        with unheard(), no_grad():
            if input_size is not None:
                input_data = _random_inputs(input_size, dtypes)
            if input_data is not None:
                _run(model, input_data, rows)
    finally:
        default_generator.back_to(place)
    trainable = sum(each.numel() for each in model.parameters() if each.requires_grad)
    return Summary(_folded(list(rows.values()), depth), trainable, input_data is not None)


def _has_tensors(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(each, Tensor) for each in value)


def _rows(model: Any) -> Iterator[tuple[Any, Row]]:
    """A row for each place of a module, by the module; by the name of the place where it stood further up already."""
    names: dict[Any, str] = {}
    counted: set[int] = set()
    repeated = "\0"  # the last place that stood further up: what lies in it did, too
    for name, module in model.named_modules(remove_duplicate=False):
        if name.startswith(f"{repeated}."):
            continue
        row = Row(name.rpartition(".")[2], type(module).__name__, name.count(".") + 1 if name else 0)
        if module in names:
            row.same_as = names[module]
            repeated = name
            yield name, row
            continue
        names[module] = name
        parameters, buffers = list(module._parameters.values()), list(module._buffers.values())
        for number, tensor in enumerate([*parameters, *buffers]):
            if tensor is not None and id(tensor) not in counted:
                counted.add(id(tensor))
                row.bytes += tensor.nbytes
                row.parameters += tensor.numel() if number < len(parameters) else 0
        yield module, row


def _random_inputs(size: Any, dtypes: Sequence[Dtype] | None) -> tuple[Tensor, ...]:
    sizes = [size] if all(isinstance(each, int) for each in size) else list(size)
    made = [rand(*each) for each in sizes]
    return tuple(each.to(kind) for each, kind in zip(made, dtypes or [each.dtype for each in made], strict=True))


def _run(model: Any, given: Any, rows: dict[Any, Row]) -> None:
    """Call the model, and fill in what its layers give and cost."""
    modes = [(module, module.training) for module in model.modules()]
    heard = _Costs(rows)
    hooks = [module.register_forward_hook(heard.gave) for module in model.modules()]
    try:
        model.eval()
        heard.begin()
        if isinstance(given, dict):
            model(**given)
        else:
            model(*given) if isinstance(given, tuple | list) else model(given)
    finally:
        heard.end()
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training


class _Costs(Recorder):
    """Hears the ops of a call, and counts for the layer that is being called."""

    def __init__(self, rows: dict[Any, Row]) -> None:
        super().__init__()
        self._rows = rows
        self._open: list[Any] = []

    def module_enter(self, module: Any) -> None:
        self._open.append(module)
        if module in self._rows:
            self._rows[module].calls += 1

    def module_exit(self, module: Any) -> None:
        self._open.pop()

    def gave(self, module: Any, args: Any, result: Any) -> None:
        """A forward hook: the shapes of what came out."""
        self._rows[module].shapes = [tuple(tensor.shape) for tensor in _tensors(result)]

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        if self._open and self._open[-1] in self._rows:
            self._rows[self._open[-1]].multiply_adds += _multiply_adds(declaration.name, args, result)


def _multiply_adds(name: str, args: tuple[Any, ...], result: Any) -> int:
    if name in _PRODUCTS:
        left, right = args[_PRODUCTS[name] : _PRODUCTS[name] + 2]
        return left.numel() * (right.shape[-1] if right.ndim > 1 else 1)
    if name == "convolution":
        given, weight, transposed = args[0], args[1], args[6]
        return (given if transposed else result).numel() * (weight.numel() // weight.shape[0])
    if name == "lstm_layer":
        given, of_inputs, of_states = args[:3]
        return given.shape[0] * given.shape[1] * (of_inputs.numel() + of_states.numel())
    return 0


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _tensors(each)


def _folded(rows: list[Row], depth: int | None) -> list[Row]:
    """The rows down to a depth, with what lies deeper added to what it lies in."""
    kept: list[Row] = []
    for row in rows:
        if depth is None or row.depth <= depth:
            kept.append(row)
        else:
            kept[-1].parameters += row.parameters
            kept[-1].bytes += row.bytes
            kept[-1].multiply_adds += row.multiply_adds
    return kept
