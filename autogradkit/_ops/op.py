"""How an op is declared: once, in one place, and everything else follows from it.

    @op(samples=lambda t: [(t(2, 3), t(3, 4))])
    def mm(self: Array, mat2: Array) -> Array:
        \"\"\"Matrix product of two matrices. ...\"\"\"
        return self @ mat2

    mm.vjp(
        self=lambda g, mat2: k.mm(g, k.transpose(k.conj(mat2), 0, 1)),
        mat2=lambda g, self: k.mm(k.transpose(k.conj(self), 0, 1), g),
    )

The function is the kernel: it gets an ndarray for every parameter annotated `Array` (`Array | None`, `Sequence[Array]`)
and plain values for the rest, and gives an ndarray or a tuple of them. From the declaration follow `autogradkit.mm`,
`Tensor.mm`, `out=`, the node `MmBackward0` with `_saved_self` and `_saved_mat2`, the entry in `REGISTRY` from which the
tests take samples and the type stub its signature, and `k.mm` for use in other formulas.

- `vjp(parameter=formula, ...)`: one formula for each differentiable parameter. A formula's first parameter is the gradient
  of the output (a tuple of them if the op has several differentiable outputs); the names of the others are what is saved:
  a tensor parameter, `result` (or a name from `outputs=`), `<parameter>_sym_sizes` or `_sym_strides` for its geometry,
  for its shape, strides and offset, or a plain parameter.
  A tensor is saved only when a formula that names it will run. A formula uses operators, `.shape`, `.ndim` and `k.` only:
  the same one runs on arrays in plain backward and on tensors under `create_graph`. It need not undo broadcasting or
  promotion: the engine does. For `Sequence[Array]` parameters it gives one gradient per element.
- `group_vjp(formula)`: PyTorch computes these gradients together, so all that it names is saved if any is needed. It gets
  `needs`, a tuple of bools, last, and returns a tuple.
- `view=True`: the kernel returns views on `self`'s memory as a tuple: they may not be edited in place. An op that gives
  one view is declared with `view_op` (view_op.py).
- `in_place=True`: also `Tensor.name_`; `in_place_node=` where PyTorch gives its node another name, `writes=` a
  kernel that checks and then writes into its first argument, where that saves computing all of it; `overlaps=True`
  where an element may be written several times, since each time it gets the same value.
- `sizes="shape"`: this parameter may be given as separate ints, `x.view(2, 3)`.
- `public="sum"`: the name that users know it by, where several nodes stand behind one function.
- `samples`: from a maker `t(*shape, low=, high=)` of float64 tensors that require grad, a list of argument tuples.

What is no node of its own in PyTorch is a plain function over declared ops, published with `@composite()`.

Pointwise ops have declarations of their own in `pointwise_op.py`, with PyTorch's promotion, strides and fast entries.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np

from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.storage import Array
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.views import MULTI_OUTPUT, NO_GRAD, PLAIN, view_of
from autogradkit.engine.graph import (
    OpNode,
    SavedOutput,
    edge_of,
    next_sequence_number,
    requires_grad,
)
from autogradkit.engine.modes import MODE

REGISTRY: dict[str, Op] = {}
PUBLIC: dict[str, Callable[..., Any]] = {}  # what `autogradkit.<name>` offers: declared ops and compositions of them
_ALIASES = {"input": "self", "axis": "dim", "keepdims": "keepdim"}
_REQUIRED = inspect.Parameter.empty
TENSOR, OPTIONAL, LIST, PLAIN_VALUE = "Array", "Array | None", "Sequence[Array]", ""


class Op:
    """A declared op: its kernel, its formulas, its node class and its samples."""

    def __init__(
        self,
        kernel: Callable[..., Any],
        *,
        name: str | None = None,
        public: str | None = None,
        node: str | None = None,
        outputs: tuple[str, ...] = ("result",),
        differentiable_outputs: int | None = None,
        view: bool = False,
        in_place: bool = False,
        in_place_node: str | None = None,
        writes: Callable[..., None] | None = None,
        overlaps: bool = False,
        sizes: str | None = None,
        kind: str | None = None,
        samples: Callable[[Callable[..., Tensor]], Iterable[tuple[Any, ...]]] | None = None,
        method: bool = True,
        function: bool = True,
    ) -> None:
        self.name = name or kernel.__name__
        self.public = public or self.name
        self.kernel = kernel
        self.view = view
        self.in_place = in_place
        self.in_place_node = in_place_node
        self.writes = writes
        self.overlaps = overlaps
        self.in_place_node_class: type[OpNode] | None = None
        self.kind = kind or ("view" if view else "op")
        self.outputs = outputs
        self.differentiable_outputs = len(outputs) if differentiable_outputs is None else differentiable_outputs
        self.samples = samples
        # A view op that gives several views gets the gradients of all of them, as one tuple.
        self.several_views = view and str(inspect.signature(kernel).return_annotation).startswith("tuple")
        self.method = method
        self.function = function
        self.sizes = sizes
        self.doc = inspect.getdoc(kernel) or ""
        signature = inspect.signature(kernel)
        parameters = [p for p in signature.parameters.values() if p.name != "out"]
        self.parameters = tuple(p.name for p in parameters)
        self.kinds = tuple(str(p.annotation) if _is_tensor(p.annotation) else PLAIN_VALUE for p in parameters)
        self.defaults = tuple(p.default for p in parameters)
        self.positional = sum(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters)
        self.index = {parameter: i for i, parameter in enumerate(self.parameters)}
        self.tensors_at = tuple(i for i, kind in enumerate(self.kinds) if kind != PLAIN_VALUE)
        self.required = sum(default is _REQUIRED for default in self.defaults)
        self.formulas: dict[str, Callable[..., Any]] = {}
        self.group: Callable[..., Any] | None = None
        self.differentiable: tuple[int, ...] = ()  # parameters that have a formula
        self.node_name = node or _camel(self.name) + "Backward0"
        self.node_class: type[OpNode] | None = None
        self.entry: Callable[..., Any] = self.run
        self._entries: list[Callable[[], None]] = []
        REGISTRY[self.name] = self

    # -- differentiation --------------------------------------------------------------------------------------------

    def set_formulas(self, formulas: dict[str, Callable[..., Any]], group: Callable[..., Any] | None) -> None:
        """Fix how the op is differentiated, and with it what its nodes save."""
        self.formulas = formulas
        self.group = group
        names = {parameter: _names(formula) for parameter, formula in formulas.items()}
        if group is not None:
            everything = tuple(name for name in _names(group) if name != "needs")
            names = dict.fromkeys(formulas, everything)
        wanted = list(dict.fromkeys(name for each in names.values() for name in each))
        # In PyTorch's order, inputs by name and then outputs: the first that was edited is the one its error speaks of.
        saved = tuple(
            sorted(
                (name for name in wanted if self._is_tensor_name(name)), key=lambda name: (name in self.outputs, name)
            )
        )
        settings = tuple(name for name in wanted if name not in saved)
        for name in settings:
            if (
                name not in self.index
                and name.removesuffix("_opt").rpartition("_sym_sizes")[0] not in self.index
                and name.rpartition("_sym_strides")[0] not in self.index
                and (name.rpartition("_geometry")[0] not in self.index)
            ):
                raise TypeError(f"a formula of {self.name} asks for '{name}', which is no parameter or output of it")
        self.differentiable = tuple(self.index[parameter] for parameter in formulas)
        # For each saved name, the positions (among the differentiable parameters) whose formula needs it.
        self.needed_by = tuple(
            tuple(i for i, parameter in enumerate(formulas) if name in names[parameter]) for name in saved
        )
        # Where in the argument values each saved tensor stands; None for a result.
        self.saved_at = tuple(None if name in self.outputs else self.index[name] for name in saved)
        self.list_input = len(formulas) == 1 and self.kinds[self.differentiable[0]] == LIST
        self.node_class = self._make_node_class(saved, settings, names)
        self.in_place_node_class = self.node_class
        if self.in_place_node is not None:
            self.in_place_node_class = type(self.in_place_node, (self.node_class,), {"__slots__": ()})
        for configure in self._entries:
            configure()

    def when_differentiable(self, configure: Callable[[], None]) -> None:
        """Have a fast entry told, once the formulas are fixed, what its nodes save."""
        self._entries.append(configure)
        if self.node_class is not None:
            configure()

    def _is_tensor_name(self, name: str) -> bool:
        if name in self.outputs:
            return True
        return name in self.index and self.kinds[self.index[name]] != PLAIN_VALUE

    def _make_node_class(
        self, saved: tuple[str, ...], settings: tuple[str, ...], names: dict[str, tuple[str, ...]]
    ) -> type[OpNode]:
        position = {name: i for i, name in enumerate(saved)}
        position.update({name: len(saved) + i for i, name in enumerate(settings)})
        single = self.differentiable_outputs == 1 and not self.several_views
        members: dict[str, Any] = {
            "__slots__": (),
            "saved_names": saved,
            "setting_names": settings,
            "__module__": "autogradkit",
            "__doc__": f"The backward of `{self.name}`.",
        }
        if not settings:
            members["settings"] = ()  # in place of the slot: most nodes have none, and none is set
        if self.group is not None:
            picks = tuple(position[name] for name in _names(self.group) if name != "needs")
            members["differentiate"] = _grouped(self.group, picks, single)
        elif self.list_input:
            [(parameter, formula)] = self.formulas.items()
            members["differentiate"] = _listed(formula, tuple(position[name] for name in names[parameter]))
        else:
            plan = tuple((f, tuple(position[name] for name in names[p])) for p, f in self.formulas.items())
            members["differentiate"] = _one_by_one(plan, single)
        for index, name in enumerate(saved):
            members[f"_saved_{name}"] = property(_saved_getter(index), doc=f"The saved `{name}`.")
        for index, name in enumerate(settings):
            members[f"_saved_{name}"] = property(_setting_getter(index), doc=f"The `{name}` of the call.")
        return type(self.node_name, (OpNode,), members)

    def make_node(self, values: Sequence[Any], needs: Sequence[bool], edges: tuple[Any, ...]) -> OpNode:
        """The node of a call with these argument values; `needs` says which differentiable inputs require grad."""
        node_class = self.node_class
        assert node_class is not None
        node = object.__new__(node_class)
        node.edges = edges
        saved: list[Any] = []
        versions: list[Any] = []
        for index, needed_by in zip(self.saved_at, self.needed_by, strict=True):
            value: Any = None
            version: Any = 0
            if index is not None and any(needs[i] for i in needed_by):
                value = values[index]
                if isinstance(value, Tensor):
                    version = 0 if value._counter is None else value._counter.value
                elif isinstance(value, list | tuple):
                    value = tuple(value)
                    version = tuple([0 if each is None else each._version for each in value])
            saved.append(value)
            versions.append(version)
        node.saved = tuple(saved)
        node.versions = tuple(versions)
        if node_class.setting_names:
            node.settings = tuple(
                values[self.index[name]] if name in self.index else self._derived(name, values)
                for name in node_class.setting_names
            )
        node.sequence = next_sequence_number()
        node.hooks = None
        if MODE.anomaly:
            self.note_traceback(node)
        return node

    def note_traceback(self, node: OpNode) -> None:
        """Remember where a node was made, for anomaly mode."""
        node.ensure_hooks().traceback = "".join(traceback.format_stack()[:-3])

    def _derived(self, name: str, values: Sequence[Any]) -> Any:
        if name.endswith("_geometry"):
            tensor: Tensor = values[self.index[name.removesuffix("_geometry")]]
            return tensor._array.shape, element_strides(tensor._array), tensor.storage_offset()
        if name.endswith("_sym_strides"):
            return element_strides(values[self.index[name.removesuffix("_sym_strides")]]._array)
        value = values[self.index[name.removesuffix("_opt").removesuffix("_sym_sizes")]]
        if value is None and name.endswith("_opt"):
            return (0,)  # what PyTorch keeps of an argument that was left out
        if isinstance(value, list | tuple):
            return tuple(each._array.shape for each in value)
        return None if value is None else value._array.shape

    def finish_node(self, node: OpNode, results: Sequence[Tensor], needs: Sequence[bool]) -> None:
        """Tie the results to their node, and save those that a formula names."""
        outputs: list[Any] = []
        for number, result in enumerate(results if self.view else results[: self.differentiable_outputs]):
            outputs += (result._array.shape, result._array.dtype)
            result._node = node
            result._output_nr = number
            result._requires_grad = True
        node.outputs = tuple(outputs)
        self.save_outputs(node, results, needs)

    def save_outputs(self, node: OpNode, results: Sequence[Tensor], needs: Sequence[bool]) -> None:
        """Save the results that a formula names."""
        if None not in self.saved_at:
            return
        for index, name in enumerate(node.saved_names):
            if name in self.outputs and any(needs[i] for i in self.needed_by[index]):
                number = self.outputs.index(name)
                saved = SavedOutput(results[number], number)
                node.saved = (*node.saved[:index], saved, *node.saved[index + 1 :])
                node.versions = (*node.versions[:index], saved.counter.value, *node.versions[index + 1 :])

    def needs_and_edges(self, values: Sequence[Any]) -> tuple[list[bool], tuple[Any, ...]]:
        """Which differentiable inputs require grad, and where their gradients go."""
        inputs = values[self.differentiable[0]] if self.list_input else [values[i] for i in self.differentiable]
        edges: list[Any] = []
        needs: list[bool] = []
        for value in inputs:
            target, number = edge_of(value) if isinstance(value, Tensor) else (None, 0)
            needs.append(target is not None)
            edges += (target, number)
        return ([any(needs)] if self.list_input else needs), tuple(edges)

    def records(self, values: Sequence[Any]) -> bool:
        """Whether a call with these values is to be recorded."""
        return MODE.grad and self.node_class is not None and self.asks_for_grad(values)

    def asks_for_grad(self, values: Sequence[Any]) -> bool:
        """Whether some differentiable input requires grad."""
        inputs = values[self.differentiable[0]] if self.list_input else [values[i] for i in self.differentiable]
        for value in inputs:
            if isinstance(value, Tensor) and (
                value._requires_grad or (value._view is not None and requires_grad(value))
            ):
                return True
        return False

    # -- calling ----------------------------------------------------------------------------------------------------

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The argument values in order of the parameters. Raises TypeError, with PyTorch's texts."""
        if self.sizes is not None:
            args, kwargs = self._gather_sizes(args, kwargs)
        if len(args) > self.positional:
            raise TypeError(
                f"{self.public}() takes {self.positional} positional argument{'s' * (self.positional != 1)} but "
                f"{len(args)} were given"
            )
        values = [*args, *self.defaults[len(args) :]]
        for name, value in kwargs.items():
            name = _ALIASES.get(name, name) if name not in self.index else name
            if name not in self.index:
                raise TypeError(f"{self.public}() got an unexpected keyword argument '{name}'")
            if self.index[name] < len(args):
                raise TypeError(f"{self.public}() got multiple values for argument '{name}'")
            values[self.index[name]] = value
        if len(args) < self.required and any(value is _REQUIRED for value in values):
            missing = [p for p, v in zip(self.parameters, values, strict=True) if v is _REQUIRED]
            listed = ", ".join(f'"{"input" if p == "self" else p}"' for p in missing)
            raise TypeError(f"{self.public}() missing {len(missing)} required positional arguments: {listed}")
        for index in self.tensors_at:
            value = values[index]
            if self.kinds[index] == LIST or (value.__class__ is not Tensor and not isinstance(value, Tensor)):
                self._check_tensor(index, value, self.kinds[index])
        return values

    def _check_tensor(self, index: int, value: Any, kind: str) -> None:
        if kind == OPTIONAL and value is None:
            return
        name = "input" if self.parameters[index] == "self" else self.parameters[index]
        if kind == LIST:
            if not isinstance(value, list | tuple):
                raise TypeError(
                    f"{self.public}(): argument '{name}' (position {index + 1}) must be tuple of Tensors, not "
                    f"{type(value).__name__}"
                )
            for position, each in enumerate(value):
                if not isinstance(each, Tensor) and each is not None:
                    raise TypeError(
                        f"expected Tensor as element {position} in argument {index}, but got {type(each).__name__}"
                    )
            return
        raise TypeError(
            f"{self.public}(): argument '{name}' (position {index + 1}) must be Tensor, not {type_name(value)}"
        )

    def _gather_sizes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        assert self.sizes is not None
        at = self.index[self.sizes]
        given = args[at:]
        if self.sizes in kwargs or not given:
            return args, kwargs
        if len(given) == 1 and isinstance(given[0], list | tuple):
            return (*args[:at], tuple(int(s) for s in given[0])), kwargs
        if isinstance(given[0], int | np.integer | Tensor):
            return (*args[:at], tuple(int(s) for s in given)), kwargs
        return args, kwargs

    def call_kernel(self, values: Sequence[Any], kernel: Callable[..., Any] | None = None) -> Any:
        """What the kernel (or another one with the same parameters) gives for these argument values."""
        arrays = list(values)
        for index in self.tensors_at:
            value = arrays[index]
            if isinstance(value, Tensor):
                arrays[index] = value._array
            elif value is not None and self.kinds[index] == LIST:
                arrays[index] = [None if each is None else each._array for each in value]
        kernel = kernel or self.kernel
        if self.positional == len(arrays):
            return kernel(*arrays)
        named = zip(self.parameters[self.positional :], arrays[self.positional :], strict=True)
        return kernel(*arrays[: self.positional], **dict(named))

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Call the op: compute, and record where grad mode and the inputs ask for it."""
        out = kwargs.pop("out", None) if kwargs else None
        values = self.bind(args, kwargs)
        computed = self.call_kernel(values)
        if out is not None:
            return write_out(self, values, computed, out)
        results = self.wrapped(values, computed)
        # Integers and bools have no gradient.
        if self.records(values) and results and results[0]._array.dtype.kind not in "iub":
            needs, edges = self.needs_and_edges(values)
            node = self.make_node(values, needs, edges)
            self.finish_node(node, results, needs)
        return tuple(results) if isinstance(computed, tuple | list) else results[0]

    def wrapped(self, values: Sequence[Any], computed: Any) -> list[Tensor]:
        """Tensors around what the kernel gave."""
        several = isinstance(computed, tuple | list)
        arrays = computed if several else (computed,)
        if not self.view:
            return [wrap(a if a.__class__ is np.ndarray else np.asarray(a)) for a in arrays]
        creation = NO_GRAD if not MODE.grad else MULTI_OUTPUT if several else PLAIN
        return [view_of(values[0], a, creation) for a in arrays]

    def run_in_place(self, *args: Any, **kwargs: Any) -> Tensor:
        """Call the in-place variant: check, save, compute, write, and rewrite the history."""
        from autogradkit._ops.in_place import edit

        return edit(self, self.bind(args, kwargs))


def write_out(op: Op, values: Sequence[Any], computed: Any, out: Any) -> Any:
    """Give the result in the tensors that `out=` names."""
    from autogradkit._ops.in_place import into_out

    return into_out(op.public, values, computed, out)


def op(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare an op; see the module's docstring for the options."""

    def declare(kernel: Callable[..., Any]) -> Any:
        declared = Op(kernel, **options)
        return publish(declared, general_entry(declared, declared.run))

    return declare


def publish(declared: Op, entry: Callable[..., Any]) -> Any:
    """Give the entry its name, document it, and attach it (and the in-place variant) to Tensor."""
    entry.__name__ = entry.__qualname__ = declared.name
    entry.__doc__ = declared.doc
    entry.__module__ = "autogradkit"
    declared.entry = entry
    entry.op = declared
    entry.vjp = lambda **formulas: declared.set_formulas(formulas, None)
    entry.group_vjp = lambda *parameters: (
        lambda formula: declared.set_formulas(
            cast("dict[str, Callable[..., Any]]", dict.fromkeys(parameters, formula)), formula
        )
    )
    if declared.function:
        PUBLIC[declared.name] = entry
    if declared.method:
        setattr(Tensor, declared.name, entry)
    if declared.in_place:
        edit = general_entry(declared, declared.run_in_place, "inplace", declared.public + "_")
        edit.__name__ = edit.__qualname__ = declared.name + "_"
        edit.__doc__ = f"In-place version of `{declared.name}`: writes into `self`, and returns it."
        edit.__module__ = "autogradkit"
        if declared.method:
            setattr(Tensor, declared.name + "_", edit)
        entry.in_place = edit
    return entry


def composite(*names: str, method: bool = True, function: bool = True) -> Callable[[Any], Any]:
    """Publish a function that is no node of its own but composes declared ops; `names` are further names for it."""

    def declare(composed: Any) -> Any:
        for name in (composed.__name__, *names):
            if function:
                PUBLIC[name] = composed
            if method:
                setattr(Tensor, name, composed)
        composed.__module__ = "autogradkit"
        return composed

    return declare


def general_entry(
    declared: Op, run: Callable[..., Any], kind: str | None = None, name: str | None = None
) -> Callable[..., Any]:
    """What users call: `run`, reported to whoever records."""
    kind = kind or declared.kind
    name = name or declared.public

    def entry(*args: Any, **kwargs: Any) -> Any:
        if RECORDERS:
            return observed(name, kind, run, args, kwargs)
        return run(*args, **kwargs)

    return entry


# -- what node classes are built from ----------------------------------------------------------------------------------


def _one_by_one(plan: tuple[tuple[Callable[..., Any], tuple[int, ...]], ...], single: bool) -> Callable[..., Any]:
    def differentiate(self: OpNode, gradients: Sequence[Any], saved: list[Any]) -> list[Any]:
        values = [*saved, *self.settings]
        g = gradients[0] if single else gradients
        edges = self.edges
        return [
            None if edges[2 * index] is None else formula(g, *[values[i] for i in picks])
            for index, (formula, picks) in enumerate(plan)
        ]

    return differentiate


def _grouped(formula: Callable[..., Any], picks: tuple[int, ...], single: bool) -> Callable[..., Any]:
    def differentiate(self: OpNode, gradients: Sequence[Any], saved: list[Any]) -> Sequence[Any]:
        values = [*saved, *self.settings]
        g = gradients[0] if single else gradients
        needs = tuple(target is not None for target in self.edges[::2])
        return formula(g, *[values[i] for i in picks], needs)

    return differentiate


def _listed(formula: Callable[..., Any], picks: tuple[int, ...]) -> Callable[..., Any]:
    def differentiate(self: OpNode, gradients: Sequence[Any], saved: list[Any]) -> Sequence[Any]:
        values = [*saved, *self.settings]
        found = formula(gradients[0], *[values[i] for i in picks])
        return [None if target is None else g for target, g in zip(self.edges[::2], found, strict=True)]

    return differentiate


def _saved_getter(index: int) -> Callable[[OpNode], Any]:
    def get(self: OpNode) -> Any:
        value = self.unpack(True)[index]
        return value if value is None or isinstance(value, Tensor | tuple) else wrap(np.asarray(value))

    return get


def _setting_getter(index: int) -> Callable[[OpNode], Any]:
    return lambda self: self.settings[index]


def _names(formula: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(formula).parameters)[1:]


def _is_tensor(annotation: Any) -> bool:
    return annotation in (TENSOR, OPTIONAL, LIST)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def type_name(value: Any) -> str:
    """The name of a value's type as PyTorch's messages print it."""
    kind = type(value)
    return (
        f"{kind.__module__}.{kind.__qualname__}"
        if kind.__module__ not in ("builtins", "__main__")
        else kind.__qualname__
    )


__all__ = ["PUBLIC", "REGISTRY", "Array", "Op", "composite", "op"]
