"""`torch.utils.flop_counter`: how many floating-point operations the products of matrices in a block take.

A recorder hears the ops and the modules that they run in. As PyTorch's it counts matrix products and convolutions alone, two
operations for each product that is added up, and what it was given a formula for; those of backward, whose products are inside of
formulas, it does not see.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

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
    {'aten.erfc': 60}
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
        self.counts: dict[str, dict[str, int]] = defaultdict(dict)

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
            name, number = str(told[0]), told[1](*args, **kwargs, out_val=result)
        elif kind == "inplace" or declaration.name not in _COUNTS or not isinstance(result, Tensor):
            return
        else:
            aten, count = _COUNTS[declaration.name]
            name, number = f"aten.{aten}", count(result, args)
        for place in dict.fromkeys(("Global", *self.calls)):
            counts = self.counts[place]
            counts[name] = counts.get(name, 0) + number


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

    def get_flop_counts(self) -> dict[str, dict[str, int]]:
        """How many, by module ("Global" is all of them) and op."""
        return {name: dict(counts) for name, counts in self._counting.counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """The counts as a text, each module with its share."""
        depth = self.depth if depth is None else depth
        total = self.get_total_flops() or 1
        lines = [f"{'Module':<40}{'FLOP':>14}{'% Total':>10}"]
        for name, counts in self._counting.counts.items():
            if name == "Global" or depth is None or name.count(".") < depth:
                number = sum(counts.values())
                lines.append(f"{name:<40}{number:>14}{100 * number / total:>9.2f}%")
        return "\n".join(lines)


__getattr__ = _absent_from("utils.flop_counter")
