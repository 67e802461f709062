"""`torch.utils.flop_counter`: how many floating-point operations the products of matrices in a block take.

A recorder hears the ops and the modules that they run in. As PyTorch's it counts matrix products and convolutions alone, two
operations for each product that is added up; those of backward, whose products are inside of formulas, it does not see.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod
from typing import TYPE_CHECKING, Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.recording import Recorder
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

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


class _Counting(Recorder):
    """Adds up what it hears, for the modules that are being called."""

    def __init__(self) -> None:
        super().__init__()
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
        if kind == "inplace" or declaration.name not in _COUNTS or not isinstance(result, Tensor):
            return
        name, count = _COUNTS[declaration.name]
        for place in dict.fromkeys(("Global", *self.calls)):
            counts = self.counts[place]
            counts[f"aten.{name}"] = counts.get(f"aten.{name}", 0) + count(result, args)


class FlopCounterMode:
    """In its block, counts the operations of products, in all and by module; a table of modules down to `depth` is printed.

    Raises NotImplementedError for a `custom_mapping`.

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
        custom_mapping: Any = None,
    ) -> None:
        if mods is not None:
            warn("mods argument is not needed anymore, you can stop passing it")
        if custom_mapping:
            raise NotImplementedError(
                "custom_mapping counts calls of operators of torch.ops; FlopCounterMode hears ops, with no formula of others"
            )
        self.depth = depth
        self.display = display
        self._counting = _Counting()

    def __enter__(self) -> FlopCounterMode:
        self._counting = _Counting()
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
