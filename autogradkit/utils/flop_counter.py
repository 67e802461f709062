"""`torch.utils.flop_counter`: how many floating-point operations the products of matrices in a block take.

A recorder hears the ops and the modules that they run in. As PyTorch's it counts matrix products and convolutions alone, two
operations for each product that is added up, and what it was given a formula for. The products of backward are inside of
formulas: they are told from the sizes of the gradients that came to a node and left it, and counted where the op itself ran.
"""

from __future__ import annotations

import functools
import weakref
from collections import defaultdict
from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from autogradkit._ops.operators.namespaces import ops
from autogradkit._ops.operators.overloads import OpOverloadPacket
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.recording import Recorder
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.utils._pytree import tree_map

if TYPE_CHECKING:
    from autogradkit.core.facts import Declaration


def _product(result: Tensor, args: Any) -> int:
    return 2 * result.numel() * next(each for each in args if isinstance(each, Tensor)).shape[-1]


def _sum_and_product(result: Tensor, args: Any) -> int:
    return 2 * result.numel() * args[1].shape[-1]


def _convolution(result: Tensor, args: Any) -> int:
    weight, transposed = args[1].shape, args[6]
    return 2 * (args[0] if transposed else result).numel() * prod(weight[1:])


_COUNTS = {
    "mm": ("mm", _product), "bmm": ("bmm", _product), "matmul": ("mm", _product), "linear": ("addmm", _product),
    "addmm": ("addmm", _sum_and_product), "baddbmm": ("baddbmm", _sum_and_product), "convolution": ("convolution", _convolution),
}  # fmt: skip


Shape = Sequence[int]


def _products_of_gradients(given: Shape, sent: Sequence[Any]) -> int:
    """Of both operands of a matrix product, as far as somebody wanted them; `given` is the size of its gradient."""
    first, second = sent
    count = 0 if first is None else 2 * prod(given) * first.shape[-1]
    return count if second is None else count + 2 * prod(second.shape) * given[-2]


def _convolutions_of_gradients(given: Shape, sent: Sequence[Any], x: Shape, weight: Shape, transposed: bool) -> int:
    """Of input and weight: convolutions of `given` with the weight, and of the input with `given` (PyTorch's formulas)."""
    count = 0
    if sent[0] is not None:
        places = (sent[0].shape if transposed else given)[2:]
        count += 2 * prod(places) * prod(weight) * given[0]
    if sent[1] is not None:
        one, other = (given, x) if transposed else (x, given)
        count += 2 * prod(sent[1].shape[2:]) * prod(other) * one[1]
    return count


# By op: the name of what backward runs, and at which of the node's edges it sends what it ran for
_IN_BACKWARD = {
    "mm": ("mm", 0), "bmm": ("bmm", 0), "addmm": ("mm", 1), "baddbmm": ("bmm", 1), "convolution": ("convolution_backward", 0),
}  # fmt: skip

Formula = Callable[..., int]
flop_registry: dict[Any, Formula] = {}  # what `register_flop_formula` was told, by operators of `torch.ops`


def _of_shapes(formula: Formula) -> Formula:
    """A formula of sizes as one of tensors."""

    @functools.wraps(formula)
    def count(*args: Any, out_val: Any = None, **kwargs: Any) -> int:
        args, kwargs, out_shape = tree_map(_shape_or_itself, (args, kwargs, out_val))
        return formula(*args, out_shape=out_shape, **kwargs)

    return count


def _shape_or_itself(value: Any) -> Any:
    return value.shape if isinstance(value, Tensor) else value


@entry
def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Formula], Formula]:
    """Decorate a function that says how many operations an operator takes: `torch.ops.aten.sin`, or several of them.

    It is given the call's arguments, with the sizes of tensors in their places, and `out_shape`; with `get_raw` the arguments
    themselves, and `out_val`. The function that is kept comes back. Raises ValueError for what is no operator, RuntimeError for
    one that has a formula.

    >>> import autogradkit as torch
    >>> from autogradkit.utils.flop_counter import FlopCounterMode, register_flop_formula
    >>> @register_flop_formula(torch.ops.aten.erfc)
    ... def operations(size, *args, out_shape=None, **kwargs):
    ...     return 10 * size.numel()
    >>> with FlopCounterMode(display=False) as counter:
    ...     y = torch.erfc(torch.ones(2, 3))
    >>> counter.get_flop_counts()["Global"]
    {<OpOverloadPacket(op='aten.erfc')>: 60}
    """

    def register(formula: Formula) -> Formula:
        told = formula if get_raw else _of_shapes(formula)
        for target in targets if isinstance(targets, list | tuple) else (targets,):
            if not isinstance(target, OpOverloadPacket):
                raise ValueError(
                    "register_flop_formula(targets): expected each target to be OpOverloadPacket (i.e. torch.ops.mylib.foo), "
                    f"JitFunction, or HigherOrderOperator, got {target} which is of type {type(target)}"
                )
            if target in flop_registry or any(str(target) == f"aten.{name}" for name, _ in _COUNTS.values()):
                raise RuntimeError(f"duplicate registrations for {target}")
            flop_registry[target] = told
        return told

    return register


class _Counting(Recorder):
    """Adds up what it hears, for the modules that are being called; `formulas` come before its own."""

    def __init__(self, formulas: dict[Any, Formula]) -> None:
        super().__init__()
        self.formulas = {
            packet._qualified_op_name.removeprefix("aten::"): (packet, f) for packet, f in formulas.items()
        }
        self.calls: list[str] = []
        self.names: dict[int, str] = {}
        self.counts: dict[str, dict[Any, int]] = defaultdict(dict)
        # What backward may run, by node: its op, the modules that it ran in, and sizes that a convolution is told by
        self.ran: weakref.WeakKeyDictionary[Any, tuple[str, list[str], Any]] = weakref.WeakKeyDictionary()
        self.on_tensors = False  # whether backward's own ops are heard

    def module_enter(self, module: Any) -> None:
        if not self.calls:  # what the program calls itself: its parts are known by their names in it
            name = type(module).__name__
            self.names = {id(part): f"{name}.{path}" if path else name for path, part in module.named_modules()}
        self.calls.append(self.names.get(id(module), type(module).__name__))

    def module_exit(self, module: Any) -> None:
        if self.calls:
            self.calls.pop()

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        told = None if kind == "inplace" else self.formulas.get(declaration.name)
        if told is not None:
            self._add(self.calls, told[0], told[1](*args, **kwargs, out_val=result))
            return
        if kind == "inplace" or declaration.name not in _COUNTS or not isinstance(result, Tensor):
            return
        aten, count = _COUNTS[declaration.name]
        self._add(self.calls, getattr(ops.aten, aten), count(result, args))
        if result._node is not None and declaration.name in _IN_BACKWARD:
            sizes = (args[0].shape, args[1].shape, args[6]) if declaration.name == "convolution" else ()
            self.ran[result._node] = declaration.name, list(self.calls), sizes

    def backward_begin(self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool]) -> None:
        self.on_tensors = options["create_graph"]

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        name, calls, sizes = self.ran.get(node, (None, [], ()))
        if name is None or self.on_tensors or received[0] is None:
            return
        aten, first = _IN_BACKWARD[name]
        count = _convolutions_of_gradients if sizes else _products_of_gradients
        number = count(received[0].shape, sent[first : first + 2], *sizes)
        if number:
            self._add(calls, getattr(ops.aten, aten), number)

    def _add(self, calls: list[str], packet: Any, number: int) -> None:
        for place in dict.fromkeys(("Global", *calls)):
            counts = self.counts[place]
            counts[packet] = counts.get(packet, 0) + number


class FlopCounterMode:
    """In its block, counts the operations of products, in all and by module; a table of modules down to `depth` is printed.

    `custom_mapping` has formulas by operators, as `register_flop_formula` takes them, for this counter; one with an attribute
    `_get_raw` is given tensors.

    >>> import autogradkit as torch
    >>> from autogradkit.utils.flop_counter import FlopCounterMode
    >>> with FlopCounterMode(display=False) as counter:
    ...     y = torch.nn.Linear(3, 4)(torch.ones(2, 3))
    >>> counter.get_total_flops()
    48
    """

    def __init__(
        self,
        mods: Any = None,
        depth: int | None = 2,
        display: bool = True,
        custom_mapping: dict[Any, Formula] | None = None,
    ) -> None:
        if mods is not None:
            warn("mods argument is not needed anymore, you can stop passing it")
        own = custom_mapping or {}
        self._own = {each: f if getattr(f, "_get_raw", False) else _of_shapes(f) for each, f in own.items()}
        self.depth = depth
        self.display = display
        self._counting = _Counting({})

    def __enter__(self) -> FlopCounterMode:
        self._counting = _Counting({**flop_registry, **self._own})
        self._counting.begin()
        return self

    def __exit__(self, *_error: object) -> None:
        self._counting.end()
        if self.display:
            print(self.get_table())

    def get_total_flops(self) -> int:
        """How many there were."""
        return sum(self._counting.counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """How many, by module ("Global" is all of them) and operator of `torch.ops`."""
        return {name: dict(counts) for name, counts in self._counting.counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """The counts as a text, each module with its share, and what its ops have of it."""
        depth = self.depth if depth is None else depth
        total, counts = self.get_total_flops(), self._counting.counts
        power = max(0, min(len(_POWERS) - 1, (len(str(total)) - 2) // 3))
        modules = [each for each in sorted(counts) if each != "Global" and (not depth or each.count(".") < depth)]
        whole = any(sum(counts[each].values()) >= total for each in modules)
        places = modules if whole or "Global" not in counts else ["Global", *modules]
        rows: list[tuple[str, ...]] = []
        for place in places:
            indent = " " * (place.count(".") + (places[0] == "Global" and place != "Global"))
            told = [(place, sum(counts[place].values())), *[(f" - {op}", n) for op, n in counts[place].items()]]
            rows += [
                (indent + what, _in_thousands(n, power), f"{n / total:.2%}" if total else "0%") for what, n in told
            ]
        return _aligned([("Module", "FLOP", "% Total"), *(rows or [("Global", "0", "0%")])])


_POWERS = ("", "K", "M", "B", "T")


def _in_thousands(number: int, power: int) -> str:
    return f"{number / 1000**power:.3f}{_POWERS[power]}" if power else f"{float(number):g}"


def _aligned(rows: list[tuple[str, ...]]) -> str:
    """Rows below a heading, the first column on the left, the others on the right."""
    widths = [max(len(rows[0][at]) + 2, *[len(row[at]) for row in rows]) for at in range(3)]
    lines = ["  ".join([row[0].ljust(widths[0]), *[row[at].rjust(widths[at]) for at in (1, 2)]]) for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


__getattr__ = _absent_from("utils.flop_counter")
