"""How an overload is differentiated: its formulas, what its nodes save, and the node class with its backward.

A formula's parameters after the gradient name what is saved: a tensor parameter, an output, `<parameter>_sym_sizes`,
`_sym_strides`, `_geometry` or (NumPy's) `_kind` of one, or a plain parameter. Rests on the engine's nodes; overload.py makes
one for each differentiable overload when it is first needed.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.kinds import CLASSES
from autogradkit._ops.declare.refusals import is_missing
from autogradkit.core import errors
from autogradkit.core.frames import entry, learners_stack
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.steps import Step
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor, reading_to_save, version_of, wrap
from autogradkit.engine.dispatching import DISPATCHING, is_heard
from autogradkit.engine.history import edge_of, rebased_history, requires_grad, reshaped
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import SEQUENCE, Node, read_only
from autogradkit.engine.packing import Packed, packed
from autogradkit.engine.required import OPS
from autogradkit.engine.saved import FREED, OpNode, SavedCast, SavedOutput, SavedResult, SavedTold
from autogradkit.engine.saved_tensor import SavedTensor
from autogradkit.engine.sparse import make_aware

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

Formula = Callable[..., Any]
_OURS = ("_geometry", "_kind")  # what PyTorch's nodes keep otherwise, and do not show
_DERIVED = ("_sym_sizes_opt", "_sym_sizes", "_sym_strides", *_OURS)


def names_of(formula: Formula) -> tuple[str, ...]:
    """What a formula asks for besides the gradient."""
    code = getattr(formula, "__wrapped__", formula).__code__
    return code.co_varnames[1 : code.co_argcount]


def origin(name: str) -> tuple[str, str]:
    """(parameter, suffix) of a saved name: ("self", "_sym_sizes") of "self_sym_sizes"."""
    for suffix in _DERIVED:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""


class Recipe:
    """What is saved, by whom it is needed, and the node class."""

    def __init__(self, overload: Overload, formulas: dict[str, Formula]) -> None:
        self.overload = overload
        group = overload.group
        self.formulas = formulas
        self.group = group
        index, outputs = overload.index, overload.outputs
        asked = {parameter: names_of(formula) for parameter, formula in formulas.items()}
        if group is not None:
            asked = dict.fromkeys(formulas, tuple(name for name in names_of(group) if name != "needs"))
        wanted = list(dict.fromkeys(name for names in asked.values() for name in names))
        tensors = [n for n in wanted if n in outputs or (n in index and overload.parameters[index[n]].kind.is_tensor)]
        # In PyTorch's order, inputs by name and then outputs: the first that was edited is the one its error speaks of.
        self.saved = tuple(sorted(tensors, key=lambda name: (name in outputs, name)))
        self.settings = tuple(name for name in wanted if name not in tensors)
        self.differentiable = tuple(index[parameter] for parameter in formulas)
        self.needed_by = tuple(self._needed_by(name, asked) for name in self.saved)
        # Where in the argument values each saved tensor stands; None for a result.
        self.saved_at = tuple(None if name in outputs else index[name] for name in self.saved)
        lists = [name for name in formulas if overload.parameters[index[name]].spelled in ("Arrays", "OptionalArrays")]
        if lists and len(formulas) > 1:
            raise TypeError(f"{overload.owner.name}: a list of tensors, {lists[0]}, is differentiated by itself only")
        self.list_input = bool(lists)
        self.single = len(overload.outputs[overload.differentiable_outputs]) == 1 and not overload.several
        self.node_class = self._node_class(overload, asked)

    def _needed_by(self, name: str, asked: dict[str, tuple[str, ...]]) -> int | None:
        """The position, among the differentiable parameters, of the one whose gradient must go somewhere for `name` to be saved.

        As in PyTorch that is the one whose formula alone asks for it. Outputs, what several ask for, all that a backward
        op has, and what the only formula asks for, are saved by every node: None.
        """
        users = [i for i, parameter in enumerate(self.formulas) if name in asked[parameter]]
        always = name in self.overload.outputs or len(users) != 1 or "backward" in self.overload.owner.name
        return None if always or len(self.formulas) == 1 else users[0]

    # -- recording a call -------------------------------------------------------------------------------------------

    def inputs(self, values: Sequence[Any]) -> Sequence[Any]:
        """The differentiable ones among the values of a call."""
        at = self.differentiable
        return values[at[0]] if self.list_input else [values[i] for i in at]

    def asked_for(self, values: Sequence[Any]) -> bool:
        """Whether some differentiable input requires grad."""
        return any(isinstance(value, Tensor) and requires_grad(value) for value in self.inputs(values))

    def record(self, saved: Sequence[Any], values: Sequence[Any], results: Sequence[Tensor]) -> None:
        """Make the node of a call and tie the results to it; `saved` are the values as they are to be saved."""
        node = self._node(self.node_class, saved, values)
        outputs: list[Any] = []
        view = self.overload.view
        for number, result in enumerate(results if view else results[self.overload.differentiable_outputs]):
            outputs += (result._array.shape, result._array.dtype)
            result._node = node
            result._output_nr = number
            result._requires_grad = True
            if result.__class__ is SparseTensor:
                make_aware(node)
        node.outputs = tuple(outputs)
        self._save_outputs(node, results)

    def prepare_edit(self, saved: Sequence[Any], values: Sequence[Any], view: Array | None = None) -> list[Step]:
        """Make the node of an in-place call before the write; the steps that are returned rewrite the history with it.

        `view` is what the tensor will show where an edit changes its geometry and not its elements.
        """
        at = self.overload.first_tensor
        target: Tensor = values[at]
        needs = [isinstance(value, Tensor) and requires_grad(value) for value in self.inputs(values)]
        name = self.overload.parameters[at].name
        if any(n == name and (by is None or needs[by]) for n, by in zip(self.saved, self.needed_by, strict=True)):
            saved = list(saved)  # what is saved of `self` is its old contents, which are about to be overwritten
            saved[at] = OPS.clone(target)
        node = self._node(self.in_place_class, saved, values)
        edited = target._array if view is None else view
        node.outputs = (edited.shape, edited.dtype)
        steps, maker = rebased_history(target, node) if view is None else (reshaped(target, node), node)
        self._save_outputs(node, (target,), maker)
        return steps

    @cached_property
    def in_place_class(self) -> type[OpNode]:
        """The node class of the in-place form, which PyTorch gives another name for some ops."""
        name = self.overload.in_place_node
        if name is None:
            return self.node_class
        namespace, own = _divided(name)
        return type(own, (self.node_class,), {"__slots__": (), "__module__": "builtins", "namespace": namespace})

    def _node(self, node_class: type[OpNode], saved_values: Sequence[Any], values: Sequence[Any]) -> OpNode:
        """A node without outputs."""
        node = object.__new__(node_class)
        edges: list[Any] = []
        needs: list[bool] = []
        for value in self.inputs(values):
            target, number = edge_of(value) if isinstance(value, Tensor) else (None, 0)
            needs.append(target is not None)
            edges += (target, number)
        node.edges = tuple(edges)
        saved: list[Any] = []
        versions: list[Any] = []
        for index, needed_by in zip(self.saved_at, self.needed_by, strict=True):
            value: Any = None
            version: Any = 0
            if index is not None and (needed_by is None or needs[needed_by]):
                value = saved_values[index]
                if MODE.packing is not None:
                    value = _packed(value)
                if isinstance(value, Tensor):
                    version = reading_to_save(value)
                elif isinstance(value, SavedCast):
                    version = reading_to_save(value.tensor)
                elif isinstance(value, (list, tuple)):
                    value = tuple(value)
                    version = tuple([reading_to_save(each) if isinstance(each, Tensor) else 0 for each in value])
            saved.append(value)
            versions.append(version)
        node.saved = tuple(saved)
        node.versions = tuple(versions)
        if self.settings:
            index_of = self.overload.index
            node.settings = tuple(
                [values[index_of[n]] if n in index_of else derived(n, values, index_of) for n in self.settings]
            )
        node.sequence = next(SEQUENCE)
        node.hooks = None
        if MODE.anomaly:
            node.ensure_hooks().traceback = learners_stack(sys._getframe())
        return node

    def _save_outputs(self, node: OpNode, results: Sequence[Tensor], maker: Node | None = None) -> None:
        """Save results; with `maker`, from whom an edited tensor will come, as they will be after the edit."""
        outputs = self.overload.outputs
        differentiable = range(len(outputs))[self.overload.differentiable_outputs]
        edits = 0 if maker is None else 1
        for index, name in enumerate(self.saved):
            if name in outputs:
                number = outputs.index(name)
                saved: Any = results[number]
                version = reading_to_save(saved)
                if number in differentiable:  # else it comes from no node, and may be kept itself
                    kept = SavedTold if DISPATCHING and is_heard((saved,)) else SavedOutput
                    saved = kept(saved, differentiable.index(number), maker)
                    version = saved.counter.value + edits
                    if MODE.packing is not None:
                        saved = packed(node.output_tensor(saved), saved.number)
                elif MODE.packing is not None:
                    saved = packed(saved)
                node.saved = (*node.saved[:index], saved, *node.saved[index + 1 :])
                node.versions = (*node.versions[:index], version, *node.versions[index + 1 :])

    # -- the node class -----------------------------------------------------------------------------------------------

    def _node_class(self, overload: Overload, asked: dict[str, tuple[str, ...]]) -> type[OpNode]:
        members: dict[str, Any] = {
            "__slots__": (),
            "__module__": "builtins",  # as PyTorch's, so that a class shows its name alone
            "__doc__": f"The backward of `{overload.owner.name}`.",
            "saved_names": self.saved,
            "setting_names": self.settings,
            "declaration": overload,
            "gradient_versions": overload.gradient_versions,
            "refuses_complex": overload.refuses_complex,
        }
        if not self.settings:
            members["settings"] = ()  # in place of the slot: most nodes have none, and none is set
        for index, name in enumerate(self.saved):
            members[f"_saved_{name}"] = read_only(_saved_getter(index), f"_saved_{name}")
            members[f"_raw_saved_{name}"] = read_only(_raw_getter(index, f"_saved_{name}"), f"_raw_saved_{name}")
        # PyTorch's nodes do not show these
        untold = {each.name for each in overload.parameters if each.optional and each.spelled == "bool"}
        for index, name in enumerate(self.settings):
            if name not in untold and not name.endswith(_OURS):
                members[f"_saved_{name}"] = read_only(_setting_getter(index), f"_saved_{name}")

        def apply(node: OpNode, gradients: Sequence[Any], create_graph: bool, *rest: Any) -> Sequence[Any]:
            # The first call writes the straight line that all later ones take.
            made = node_class.apply = self._write_apply(asked)
            return made(node, gradients, create_graph, *rest)

        members["apply"] = apply
        members["namespace"], own = _divided(overload.node_name)
        node_class: Any = type(own, (OpNode,), members)
        return node_class

    def _write_apply(self, asked: dict[str, tuple[str, ...]]) -> Callable[..., Sequence[Any]]:
        """`OpNode.apply` for this class, with the check of each saved value and the formulas in a straight line."""
        scope: dict[str, Any] = {
            "FREED": FREED, "CLASSES": CLASSES, "SavedOutput": SavedOutput, "SavedResult": SavedResult,
            "Packed": Packed, "twice": errors.backward_twice, "__name__": __name__,
        }  # fmt: skip
        count = len(self.formulas)
        nothing = "(None,) * (len(self.edges) // 2)" if self.list_input else f"({'None, ' * count})"
        lines = ["def apply(self, gradients, create_graph, edges=None, release=False):"]
        if self.overload.is_unimplemented:  # refuses whatever arrives, and wherever it would go
            scope["refuse"] = next(iter(self.formulas.values()))
            lines.append(" return refuse(gradients)")
            return compiled("\n".join(lines), f"backward/{self.node_class.__name__}", "apply", scope)
        asked_for = "self.unpack(create_graph)" if self.saved else "pass"  # what was edited is refused all the same
        if self.single:
            lines += [" g = gradients[0]", " if g is None:"]
        else:
            lines += [" g = gradients", " if g[0] is None and all([each is None for each in g]):"]
        lines.append(f"  {asked_for}")
        for i, formula in enumerate(self.formulas.values()):
            if is_missing(formula):
                scope[f"missing{i}"] = formula
                lines.append(f"  if (edges or self.edges)[{2 * i}] is not None: missing{i}(None)")
        lines += [*["  if release: self.release()"] * bool(self.saved), f"  return {nothing}"]
        variables = {name: f"v{i}" for i, name in enumerate((*self.saved, *self.settings))}
        let_go: list[str] = []
        if self.saved:
            lines += [
                " saved = self.saved",
                " if saved is FREED: raise twice(self)",
                f" if create_graph: {self._tuple(self.saved, variables)} = self.unpack(True)",
            ]
            lines += [" else:", f"  {self._tuple(self.saved, variables)} = saved"]
            something = " or ".join(f"{variables[name]} is not None" for name in self.saved)
            let_go = [f" if release and ({something}): self.saved = FREED"]
            for i, name in enumerate(self.saved):
                v = variables[name]
                lines += [
                    f"  kind = {v}.__class__",
                    "  if kind in CLASSES:",
                    f"   counter = {v}._counter",
                    f"   if counter is not None and counter.value != self.versions[{i}]:",
                    f"    raise self.edited({v}, self.versions[{i}])",
                    f"   {v} = {v}._array",
                    "  elif kind is SavedResult:",
                    f"   if {v}.value != self.versions[{i}]: raise self.edited({v}, self.versions[{i}])",
                    f"   {v} = {v}.array",
                    f"  elif kind is Packed: {v} = {v}.tensor(self)._array",
                    "  elif kind is SavedOutput:",
                    f"   if {v}.counter.value != self.versions[{i}]: raise self.edited({v}, self.versions[{i}])",
                    f"   {v} = {v}.array",
                    f"  elif {v} is not None and kind is not float and kind is not int: {v} = self.unpack(False)[{i}]",
                ]
        if self.settings:
            lines.append(f" {self._tuple(self.settings, variables)} = self.settings")
        lines.append(" if edges is None: edges = self.edges")
        given = {p: "".join(f", {variables[name]}" for name in names) for p, names in asked.items()}
        if self.group is not None:
            scope["group"] = self.group
            picks = "".join(f", {variables[name]}" for name in names_of(self.group) if name != "needs")
            lines += [
                f" found = group(g{picks}, tuple([target is not None for target in edges[::2]]))",
                " sent = [None if target is None else each for target, each in zip(edges[::2], found, strict=True)]",
            ]
        elif self.list_input:
            [(parameter, scope["formula"])] = self.formulas.items()
            # Of all tensors of the list, as in PyTorch, whose hooks see those, too, that lead nowhere.
            lines.append(f" sent = formula(g{given[parameter]})")
        elif count == 1:
            [(parameter, formula)] = self.formulas.items()
            scope |= {"formula": formula, "quick": getattr(formula, "on_arrays", formula)}
            lines.append(
                f" sent = (None if edges[0] is None else (formula if create_graph else quick)(g{given[parameter]}),)"
            )
        else:
            parts: list[str] = []
            for i, (parameter, formula) in enumerate(self.formulas.items()):
                scope[f"formula{i}"] = formula
                parts.append(f"None if edges[{2 * i}] is None else formula{i}(g{given[parameter]})")
            lines.append(f" sent = ({', '.join(parts)})")
        lines += [*let_go, " return sent"]
        return compiled("\n".join(lines), f"backward/{self.node_class.__name__}", "apply", scope)

    @staticmethod
    def _tuple(names: Sequence[str], variables: dict[str, str]) -> str:
        return "".join(f"{variables[name]}, " for name in names)


def _packed(value: Any) -> Any:
    """What is to be saved of an operand, as users' hooks leave it."""
    if isinstance(value, SavedCast):
        return packed(value.tensor, dtype=value.dtype)
    if isinstance(value, (list, tuple)):
        return tuple([packed(each) if isinstance(each, Tensor) else each for each in value])
    return packed(value) if isinstance(value, Tensor) else value


def compiled(source: str, place: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """A function from generated source; tracebacks show its lines, and tracing takes it for the package's."""
    file = f"{__file__.removesuffix('recipe.py')}generated/{place}.py"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    exec(compile(source, file, "exec"), scope)
    return scope[name]


def derived(name: str, values: Sequence[Any], index: dict[str, int]) -> Any:
    """A setting that is read off an argument: its sizes, strides or geometry."""
    parameter, suffix = origin(name)
    value = values[index[parameter]]
    if suffix == "_geometry":
        return value._memory.shape, value.stride(), value.storage_offset()
    if suffix == "_kind":
        return value._array.dtype.kind
    if suffix == "_sym_strides":
        return (
            () if value.layout.compresses is not None else value.stride()
        )  # PyTorch asks a compressed matrix for none
    if value is None:
        return (0,) if suffix == "_sym_sizes_opt" else None  # what PyTorch keeps of an argument that was left out
    if isinstance(value, (list, tuple)):
        return tuple([each._array.shape for each in value])
    return value._array.shape


def _saved_getter(index: int) -> Callable[[OpNode], Any]:
    @entry
    def get(self: OpNode) -> Any:
        held = self.saved[index] if self.saved is not FREED else None
        if isinstance(held, Tensor) and version_of(held) == int(self.versions[index]):
            return held  # as in PyTorch, which shows even what was detached in place since
        if isinstance(held, Packed):
            return held.shown(self)
        self.unpack(False)  # refuses what was edited since, or freed
        if isinstance(held, SavedCast):
            return held.tensor
        if isinstance(held, (SavedOutput, SavedResult)):
            return self.output_tensor(held)
        return held if held is None or isinstance(held, (Tensor, tuple)) else wrap(np.asarray(held))

    return get


def _raw_getter(index: int, name: str) -> Callable[[OpNode], Any]:
    def get(self: OpNode) -> Any:
        held = None if self.saved is FREED else self.saved[index]
        elements = range(len(held)) if isinstance(held, tuple) else [None]
        raw = [SavedTensor.of(self, "saved", index, each, lambda: getattr(self, name)) for each in elements]
        return tuple(raw) if isinstance(held, tuple) else raw[0]

    return get


def _setting_getter(index: int) -> Callable[[OpNode], Any]:
    return lambda self: self.settings[index]


def _divided(node_name: str) -> tuple[str, str]:
    """A node's name as PyTorch gives it in its C++ namespace, "" for most, and its own."""
    namespace, colons, own = node_name.rpartition("::")
    return namespace + colons, own
