"""Source text of generated functions, with the two fragments that every one of them needs: a new tensor, a new node.

Rests on core and the engine, whose names the generated code sees; lanes.py, edit_lanes.py, entries.py, straight.py write by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import setitem
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare import memory, plans
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import CLASSES, KINDS
from autogradkit._ops.declare.recipe import origin
from autogradkit._ops.declare.signature import REQUIRED
from autogradkit.core.address import address_of
from autogradkit.core.device import device
from autogradkit.core.dtype import dtype, from_numpy_dtype
from autogradkit.core.frames import shorten
from autogradkit.core.memory import refused_by_numpy
from autogradkit.core.quiet import is_taken, run_in_spare, run_quietly
from autogradkit.core.random import Generator
from autogradkit.core.recording import RECORDERS, heeded
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.size import Size, as_size
from autogradkit.core.storage import Array, VersionCounter
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import LAYOUTS, PENDING, Tensor, counter_of, layout_of, reading_to_save
from autogradkit.core.views import MULTI_OUTPUT, PLAIN, View, view_of
from autogradkit.core.views import NO_GRAD as NO_GRAD_VIEW
from autogradkit.engine.history import edge_of, requires_grad
from autogradkit.engine.modes import MODE, NO_GRAD
from autogradkit.engine.node import SEQUENCE
from autogradkit.engine.saved import SavedOutput, SavedResult, cast_to_save

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def refuse_whole(array: Array) -> None:
    """Raise RuntimeError as whole numbers, or bools, would have to be differentiated."""
    name = from_numpy_dtype(array.dtype).tensor_type.removeprefix("torch.").removesuffix("Tensor")
    raise RuntimeError(f"Autograd not support dtype: {name}")


STRIDES: dict[Any, tuple[int, ...]] = {}


def strides_of(array: Array) -> tuple[int, ...]:
    """`element_strides`, remembered by sizes, strides and item size."""
    if len(STRIDES) > 4096:
        STRIDES.clear()
    found = STRIDES[array.shape, array.strides, array.itemsize] = element_strides(array)
    return found


def refuse_complex(name: str) -> None:
    """Raise RuntimeError as complex numbers would have to be differentiated by an op that PyTorch has no such gradient of."""
    raise RuntimeError(f"{name} does not support automatic differentiation for outputs with complex dtype.")


SCOPE: dict[str, Any] = {
    "CLASSES": CLASSES, "Generator": Generator, "LAYOUTS": LAYOUTS, "M": REQUIRED,
    "MISREAD": (AttributeError, IndexError, ValueError), "MODE": MODE,
    "MULTI_OUTPUT": MULTI_OUTPUT, "NO_GRAD": NO_GRAD, "NO_GRAD_VIEW": NO_GRAD_VIEW, "PENDING": PENDING, "PLAIN": PLAIN,
    "RECORDERS": RECORDERS, "refuse_complex": refuse_complex, "refuse_whole": refuse_whole, "REDUCTIONS": plans.REDUCTIONS,
    "STRIDES": STRIDES, "heeded": heeded,
    "SavedOutput": SavedOutput, "SavedResult": SavedResult, "Size": Size, "Tensor": Tensor, "VersionCounter": VersionCounter,
    "View": View,
    "address_of": address_of, "cast_to_save": cast_to_save,
    "allocate": memory.allocate, "asarray": np.asarray, "bool8": np.dtype(bool), "as_size": as_size, "copyto": np.copyto,
    "counter_of": counter_of, "dense": memory.dense, "device": device, "dtype": dtype, "edge_of": edge_of, "layout_of": layout_of,
    "may_share_memory": np.may_share_memory,
    "like": memory.like, "ndarray": np.ndarray, "new": object.__new__, "np_empty": np.empty,
    "reduction_plan": plans.reduction_plan, "refused_by_numpy": refused_by_numpy, "requires_grad": requires_grad,
    "SEQUENCE": SEQUENCE, "shorten": shorten,
    "is_taken": is_taken, "run_in_spare": run_in_spare, "run_quietly": run_quietly,
    "setitem": setitem,
    "strides_of": strides_of, "view_of": view_of, "wrap_dim": wrap_dim,
}  # fmt: skip


# A test of what a variable holds.
IS_TENSOR = KINDS["Array"].usual


class Source:
    """The lines of a function that is being written, and the names that it sees."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {**SCOPE, "__name__": "autogradkit._ops.declare.generated"}

    def emit(self, depth: int, *lines: str) -> None:
        """Add lines, indented by `depth`."""
        self.lines += [" " * depth + line for line in lines]

    def shortening(self, otherwise: Sequence[str] = ()) -> str:
        """The text, its body in a `try` by which errors leave without the frames of this package, and NumPy's of sizes that no
        memory holds as PyTorch's.

        `otherwise` are lines of a handler that comes before.
        """
        head, *body = "\n".join(self.lines).splitlines()
        return "\n".join(
            [
                head,
                " try:",
                *[" " + line for line in body],
                *otherwise,
                " except BaseException as error:",
                "  shorten(error)",
                "  if (refused := refused_by_numpy(error)) is None: raise",
                "  raise refused from None",
            ]
        )

    def emit_call(self, depth: int, result: str, function: str, arguments: str) -> None:
        """A line that calls a function; `result` is what it assigns to, if anything."""
        made = f"{result} = " if result else ""
        self.emit(depth, f"{made}{function}({arguments})")

    def emit_quiet(self, depth: int, result: str, function: str, arguments: str, before: str = "") -> None:
        """Lines that call a kernel where NumPy is silent (core/quiet.py), behind `before` on its line."""
        made = f"{result} = " if result else ""
        self.emit(
            depth,
            f"try: {before}{made}run_quietly({function}, {arguments})",
            "except RuntimeError as error:",
            " if not is_taken(error): raise",
            f" {made}run_in_spare({function}, {arguments})",
        )

    def new_tensor(self, depth: int, name: str, array: str, layout: str = "None") -> None:
        """Lines that make the tensor `name` around `array`: a leaf that requires no gradient."""
        self.emit(
            depth,
            f"{name} = new(Tensor)",
            f"{name}._array = {array}",
            f"{name}._layout = {layout}",
            f"{name}._node = {name}._grad = {name}._counter = {name}._view = {name}._hooks = None",
            f"{name}._output_nr = 0",
            f"{name}._requires_grad = False",
        )

    def new_view(self, depth: int, name: str, of: str, array: str, layout: str) -> None:
        """Lines that make the tensor `name`, a view on the tensor `of` that came to be as `creation` says."""
        self.emit(depth, f"if {of}._view is None and not PENDING:")
        self.new_tensor(depth + 1, name, array, layout)
        self.emit(
            depth + 1,
            f"{name}._counter = counter = {of}._counter or counter_of({of})",
            f"{name}._view = record = new(View)",
            f"record.base = {of}",
            "record.creation = creation",
            "record.version = counter.value",
        )
        self.emit(depth, f"else: {name} = view_of({of}, {array}, creation)")

    def new_node(
        self, depth: int, call: Call, results: list[str], arrays: list[str], outputs: str = "", plain: str = ""
    ) -> None:
        """Lines that record the call where grad mode and an input ask for it.

        `results` are the variables of the result tensors, `arrays` those of their arrays (where a call makes several views,
        these are in the list `o`). `outputs` is the source of their shapes and dtypes in turn, and `plain` a test that says that
        they are floating numbers, where these are at hand.
        """
        op, recipe = call.op, call.op.recipe
        if recipe is None:
            return
        if recipe.list_input and not recipe.saved:
            self._node_of_list(depth, call, results, arrays)
            return
        names = [op.parameters[i].name for i in recipe.differentiable]
        inputs = [name for name in names if name not in call.numbers]
        if not inputs:
            return
        first = "o[0]._array" if op.several else arrays[0]
        whole = f"{first}.dtype.kind in 'iub'" if not plain else f"not ({plain}) and {first}.dtype.kind in 'iub'"
        floating = "" if op.refuses_whole or plain == "True" else f" and not ({whole})"
        self.emit(depth, f"if (not NO_GRAD or MODE.grad){floating}:")
        depth += 1
        needed = self.needs(depth, call, inputs)
        asked = " or ".join(needed.values())
        self.emit(depth, f"if o and ({asked}):" if op.several else f"if {asked}:")
        depth += 1
        if op.refuses_whole and plain != "True":
            self.emit(depth, f"if {whole}: refuse_whole({first})")
        if op.real_gradient:
            self.emit(depth, f"if {first}.dtype.kind == 'c': refuse_complex({op.owner.name!r})")
        self.node(depth, call, names, needed, results, arrays)
        self._outputs(depth, op, results, arrays, outputs)

    def needs(self, depth: int, call: Call, inputs: list[str]) -> dict[str, str]:
        """Lines that ask which inputs require grad; the variable that tells it of each."""
        needed: dict[str, str] = {}
        for name in inputs:
            v = call.values[name]
            optional = f"{v} is not None and " if call.optional(name) else ""
            needed[name] = f"need_{name}"
            self.emit(
                depth,
                f"need_{name} = {optional}({v}._requires_grad or ({v}._view is not None and requires_grad({v})))",
            )
        return needed

    def node(
        self, depth: int, call: Call, names: list[str], needed: dict[str, str], results: list[str], arrays: list[str]
    ) -> None:
        """Lines that make `node`, of the inputs `names`, without what it made."""
        recipe = call.recipe
        assert recipe is not None
        key = f"Node{call.number}"
        node_class = recipe.in_place_class if call.edits else recipe.node_class
        self.scope[key] = partial(object.__new__, node_class)  # users cannot construct one
        self.emit(depth, f"node = {key}()")
        self._edges(depth, call, names, needed)
        self._saved(depth, call, names, needed, results, arrays)
        if recipe.settings:
            self.emit(depth, f"node.settings = ({''.join(f'{self._setting(call, n)}, ' for n in recipe.settings)})")
        self.emit(depth, "node.sequence = next(SEQUENCE)", "node.hooks = None")

    def _outputs(self, depth: int, op: Overload, results: list[str], arrays: list[str], outputs: str) -> None:
        """Lines that tell the node what it made, and each result where it comes from."""
        if op.several:
            self.emit(
                depth,
                "outputs = []",
                "for number, each in enumerate(o):",
                " outputs += (each._array.shape, each._array.dtype)",
                " each._node = node",
                " each._output_nr = number",
                " each._requires_grad = True",
                "node.outputs = tuple(outputs)",
            )
            return
        made, results = (each if op.view else each[op.differentiable_outputs] for each in (arrays, results))
        shapes = "".join(f"{array}.shape, {array}.dtype, " for array in made)
        self.emit(depth, f"node.outputs = {outputs or f'({shapes})'}")
        for number in range(len(made)):
            self.emit(depth, f"{results[number]}._node = node", f"{results[number]}._requires_grad = True")
            if number:
                self.emit(depth, f"{results[number]}._output_nr = {number}")

    def _node_of_list(self, depth: int, call: Call, results: list[str], arrays: list[str]) -> None:
        """Lines that record the call of an op which has a gradient for each tensor of a list, and keeps none of them."""
        op, recipe = call.op, call.op.recipe
        assert recipe is not None
        key = f"Node{call.number}"
        self.scope[key] = partial(object.__new__, recipe.node_class)
        tensors = call.values[op.parameters[recipe.differentiable[0]].name]
        self.emit(
            depth,
            "if not NO_GRAD or MODE.grad:",
            f" for each in {tensors}:",
            "  if each._requires_grad or (each._view is not None and requires_grad(each)):",
            f"   if {arrays[0]}.dtype.kind in 'iub': refuse_whole({arrays[0]})",
            f"   node = {key}()",
            "   edges = []",
            f"   for each in {tensors}:",
            "    if (to := each._node) is not None and each._view is None: edges += (to, each._output_nr)",
            "    else: edges += edge_of(each)",
            "   node.edges = tuple(edges)",
            "   node.saved = node.versions = ()",
        )
        if recipe.settings:
            self.emit(depth + 3, f"node.settings = ({''.join(f'{self._setting(call, n)}, ' for n in recipe.settings)})")
        self._outputs(depth + 3, op, results, arrays, "")
        self.emit(depth + 3, "node.sequence = next(SEQUENCE)", "node.hooks = None", "break")

    def _edges(self, depth: int, call: Call, names: list[str], needed: dict[str, str]) -> None:
        if len(names) == 1:
            v = call.values[names[0]]
            self.emit(
                depth,
                f"if (to := {v}._node) is not None and {v}._view is None: node.edges = (to, {v}._output_nr)",
                f"elif {v}._view is None and {v}._hooks is None: node.edges = ({v}, 0)",
                f"else: node.edges = edge_of({v})",
            )
            return
        edges: list[str] = []
        for name in names:
            if name not in needed:
                edges += ["None", "0"]
                continue
            v = call.values[name]
            first = (
                "if"
                if len(needed) == 1
                else f"if not {needed[name]}: to_{name} = None; at_{name} = 0\n{' ' * depth}elif"
            )
            self.emit(
                depth,
                f"{first} (to_{name} := {v}._node) is not None and {v}._view is None: at_{name} = {v}._output_nr",
                f"elif {v}._view is None and {v}._hooks is None: to_{name} = {v}; at_{name} = 0",
                f"else: to_{name}, at_{name} = edge_of({v}); {needed[name]} = to_{name} is not None",
            )
            edges += [f"to_{name}", f"at_{name}"]
        self.emit(depth, f"node.edges = ({', '.join(edges)})")

    def _saved(
        self, depth: int, call: Call, names: list[str], needed: dict[str, str], results: list[str], arrays: list[str]
    ) -> None:
        op, recipe = call.op, call.recipe
        assert recipe is not None
        saved: list[str] = []
        versions: list[str] = []
        for at, (name, index, needed_by) in enumerate(
            zip(recipe.saved, recipe.saved_at, recipe.needed_by, strict=True)
        ):
            condition = "" if needed_by is None else needed.get(names[needed_by])
            saved.append(f"saved{at}")
            versions.append(f"version{at}")
            if condition is None:  # what would need it is a number
                saved[-1], versions[-1] = "None", "0"
                continue
            if index is None:
                place = op.outputs.index(name)
                differentiable = range(len(op.outputs))[op.differentiable_outputs]
                number = differentiable.index(place) if place in differentiable else -1
                versions[-1] = "0"
                made, array = results[place], arrays[place]
                if call.edits:  # as it will be after the edit
                    versions[-1] = f"version{at}"
                    keep = (
                        f"saved{at} = new(SavedOutput); saved{at}.array = {array}; saved{at}.counter = own; "
                        f"saved{at}.number = 0; saved{at}.maker = None; version{at} = own.value + 1"
                    )
                elif number < 0:  # comes from no node, and may be kept itself
                    keep = f"saved{at} = {made}"
                elif number == 0:
                    keep = (
                        f"saved{at} = {made}._counter = SavedResult(); saved{at}.value = 0; saved{at}.array = {array}"
                    )
                else:
                    keep = (
                        f"counter = {made}._counter = VersionCounter(); counter.value = 0; "
                        f"saved{at} = new(SavedOutput); saved{at}.array = {array}; "
                        f"saved{at}.counter = counter; saved{at}.number = {number}; saved{at}.maker = None"
                    )
            else:
                v = call.values[name]
                if name in call.numbers:
                    versions[-1] = "0"
                    keep = f"saved{at} = {v}"
                elif call.edits and index == op.first_tensor:  # the old contents, which are about to be overwritten
                    versions[-1] = "0"
                    keep = f"saved{at} = clone({v})"
                elif op.parameters[index].spelled == "OptionalArrays":
                    self.scope["reading_to_save"] = reading_to_save
                    each = "0 if each is None else reading_to_save(each)"
                    keep = f"saved{at} = tuple({v}); version{at} = tuple([{each} for each in {v}])"
                else:
                    counter = f"{v}._counter"
                    kept = f"{v} if common is None else cast_to_save({v}, common)" if name in call.cast else v
                    keep = f"saved{at} = {kept}; counter = {counter}; version{at} = 0 if counter is None else counter.to_save"
                    if call.optional(name):
                        condition = f"{condition} and {v} is not None" if condition else f"{v} is not None"
            if not condition:
                self.emit(depth, keep)
            else:
                version = "" if versions[-1] == "0" else f"; version{at} = 0"
                self.emit(depth, f"if {condition}: {keep}", f"else: saved{at} = None{version}")
        if saved:
            self.emit(depth, f"node.saved = ({', '.join(saved)},)", f"node.versions = ({', '.join(versions)},)")
        else:
            self.emit(depth, "node.saved = node.versions = ()")

    @staticmethod
    def _setting(call: Call, name: str) -> str:
        op = call.op
        if name in op.index:
            return call.values[name]
        parameter, suffix = origin(name)
        array, value = call.arrays[parameter], call.values[parameter]
        if call.op.parameters[call.op.index[parameter]].spelled == "Arrays":
            return f"tuple([each._array.shape for each in {value}])"
        if suffix == "_sym_strides" and parameter in call.strides:
            return call.strides[parameter]
        if suffix == "_sym_strides":
            return f"(STRIDES.get(({array}.shape, {array}.strides, {array}.itemsize)) or strides_of({array}))"
        if suffix == "_geometry":
            return f"({array}.shape, strides_of({array}), {value}.storage_offset())"
        if suffix == "_kind":
            return f"{value}._array.dtype.kind"
        if call.optional(parameter):
            missing = "(0,)" if suffix == "_sym_sizes_opt" else "None"
            return f"({missing} if {value} is None else {array}.shape)"
        return f"{array}.shape"
