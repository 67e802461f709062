"""How an op is declared that gives one view: as `@op(view=True)` is, with a shorter way from the call to the result.

    @view_op(samples=lambda t: [(t(2, 3),)])
    def t(self: Array) -> Array:
        return self.T

Rests on op. Views are made in every loop over rows and every reshape of a batch, so what a call costs shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit._ops.op import Op, general_entry, publish
from autogradkit.core.tensor import Tensor
from autogradkit.core.views import NO_GRAD, PLAIN, view_of
from autogradkit.engine.graph import edge_of, next_sequence_number, requires_grad
from autogradkit.engine.modes import MODE

_new = object.__new__


class ViewOp(Op):
    """A declared op whose result is one view on its first argument; the others are plain values."""

    def set_formulas(self, formulas: dict[str, Callable[..., Any]], group: Callable[..., Any] | None) -> None:
        super().set_formulas(formulas, group)
        assert self.node_class is not None
        # Where each setting is found among the arguments; None for the sizes of the first.
        self.settings_at = tuple(
            None if name == "self_sym_sizes" else self.index[name] for name in self.node_class.setting_names
        )

    def run(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or not args or not isinstance(args[0], Tensor):
            return super().run(*args, **kwargs)
        if self.sizes is not None and (len(args) != 2 or args[1].__class__ is not tuple):
            args, _ = self._gather_sizes(args, kwargs)
        if not self.required <= len(args) <= self.positional:
            return super().run(*args)
        base = args[0]
        array = self.kernel(base._array, *args[1:])
        records = MODE.grad
        view = view_of(base, array, PLAIN if records else NO_GRAD)
        if records and requires_grad(base) and array.dtype.kind not in "iub":
            assert self.node_class is not None
            node = _new(self.node_class)
            node.edges = edge_of(base)
            node.saved = node.versions = ()
            node.outputs = (array.shape, array.dtype)
            if self.settings_at:
                values = args + self.defaults[len(args) :]
                node.settings = tuple([base._array.shape if at is None else values[at] for at in self.settings_at])
            node.sequence = next_sequence_number()
            node.hooks = None
            if MODE.anomaly:
                self.note_traceback(node)
            view._node = node
            view._requires_grad = True
        return view


def view_op(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare an op that gives one view; the options are those of `op`."""

    def declare(kernel: Callable[..., Any]) -> Any:
        declared = ViewOp(kernel, view=True, **options)
        return publish(declared, general_entry(declared, declared.run))

    return declare
