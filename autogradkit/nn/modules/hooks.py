"""A module's hooks, and what calling a module with hooks does.

Rests on custom functions: the backward hooks stand at two identities, one before and one after the module's own graph.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autogradkit.autograd.function import Function
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.engine.modes import is_grad_enabled
from autogradkit.nn.modules.old_backward_hooks import attach

if TYPE_CHECKING:
    from autogradkit.nn.modules.module import Module

_NO_INPUT_GRADIENT = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.register_full_"
    "backward_hook for more details."
)
Hooks = dict[int, Callable[..., Any]]  # an OrderedDict, as in PyTorch, whose scripts read and clear them
Marks = dict[int, bool]


class ModuleHooks:
    """The hooks of one module, or of all, in the order in which they run, and the numbers of those that are called otherwise."""

    def __init__(self) -> None:
        self.before: Hooks = OrderedDict()
        self.before_with_kwargs: Marks = OrderedDict()
        self.after: Hooks = OrderedDict()
        self.after_with_kwargs: Marks = OrderedDict()
        self.always: Marks = OrderedDict()  # of those after, which are called though `forward` failed
        self.before_backward: Hooks = OrderedDict()
        self.after_backward: Hooks = OrderedDict()
        self.full: bool | None = None  # whether those after backward see inputs and outputs; None before the first

    def require_one_sort(self, full: bool, where: str = "on a single Module") -> None:
        """Raise RuntimeError where backward hooks of the other sort are registered already."""
        if self.full not in (None, full):
            raise RuntimeError(
                f"Cannot use both regular backward hooks and full backward hooks {where}. Please use only one of them."
            )
        self.full = full

    def add(
        self,
        kind: str,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        handled: type[RemovableHandle] = RemovableHandle,
        **marks: Any,
    ) -> RemovableHandle:
        """Put a hook at the end of its kind, or at the beginning; `marks` say where its number is entered, too."""
        registered: Hooks = getattr(self, kind)
        marked: list[Marks] = [getattr(self, name) for name, wanted in marks.items() if wanted]
        handle = handled(registered, *marked)
        others = dict(registered)
        if prepend:
            registered.clear()
        registered[handle.id] = hook
        for each in marked:
            each[handle.id] = True
        registered.update(others)
        return handle

    def any(self) -> bool:
        """Whether there are some left."""
        return bool(self.before or self.after or self.before_backward or self.after_backward)

    def after_those_of_all(self) -> ModuleHooks:
        """The hooks of all modules, and then these; of those after backward, which are of two sorts, only these."""
        both = ModuleHooks()
        for kind in ("before", "before_with_kwargs", "after", "after_with_kwargs", "always", "before_backward"):
            setattr(both, kind, {**getattr(OF_ALL, kind), **getattr(self, kind)})
        both.after_backward, both.full = self.after_backward, self.full
        return both

    def after_backwards(self, full: bool) -> list[Callable[..., Any]]:
        """The hooks after backward, of all modules and these, that see inputs and outputs, or those that do not."""
        return [hook for each in (OF_ALL, self) if each.full is full for hook in each.after_backward.values()]


def registry(own: str, kind: str) -> property:
    """The attribute of `Module` that is its hooks of one kind, by the numbers that they are removed by.

    `own` names the method that gives all that hold one's hooks: made by it, where there are none yet.
    """

    def get(module: Module) -> Any:
        return getattr(getattr(module, own)(), kind)

    def replace(module: Module, hooks: Any) -> None:
        setattr(getattr(module, own)(), kind, hooks)

    def leave_out(module: Module) -> None:  # as a module from an old file had none
        replace(module, OrderedDict())

    return property(get, replace, leave_out)


OF_ALL = ModuleHooks()
EVERYWHERE: list[ModuleHooks] = []  # `OF_ALL` while it has some: calls of modules look here


class BackwardHookFunction(Function):
    """The identity, whose node the backward hooks of a module are registered on."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> Any:
        """Give every tensor back, which makes it a view of itself; it requires grad where it did."""
        ctx.mark_non_differentiable(*(each for each in tensors if not each.requires_grad))
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Pass every gradient on."""
        return gradients


def call(module: Module, hooks: ModuleHooks | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run the module's `forward` between its hooks, and those of all modules."""
    hooks = hooks or ModuleHooks()
    if EVERYWHERE:
        hooks = hooks.after_those_of_all()
    elif not hooks.any():  # those that there were have been removed
        return module.forward(*args, **kwargs)
    if not hooks.always:
        return _Call(module, hooks, args, kwargs).run()
    this = _Call(module, hooks, args, kwargs)
    try:
        return this.run()
    except Exception:
        this.finish_after_error()
        raise


class _Call:
    """One call of a module with hooks: what its forward got, what came of it so far, which hooks had their turn."""

    def __init__(self, module: Module, hooks: ModuleHooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.called: set[int] = set()

    def run(self) -> Any:
        hooks, module = self.hooks, self.module
        self.prepare()
        backward = None
        full = hooks.after_backwards(full=True)
        if (hooks.before_backward or full) and is_grad_enabled():
            backward = _Backward(module, list(hooks.before_backward.values()), full)
            self.args = backward.around_inputs(self.args)
        self.result = module.forward(*self.args, **self.kwargs)
        for number, hook in list(hooks.after.items()):
            self.called.add(number)
            self.pass_through(hook, number in hooks.after_with_kwargs)
        if backward is not None:
            self.result = backward.around_outputs(self.result)
        others = hooks.after_backwards(full=False)
        if others:
            attach(module, others, self.args, self.result)
        return self.result

    def prepare(self) -> None:
        """The hooks before `forward`."""
        for number, hook in list(self.hooks.before.items()):
            if number in self.hooks.before_with_kwargs:
                replaced = hook(self.module, self.args, self.kwargs)
                if replaced is None:
                    continue
                if not isinstance(replaced, tuple) or len(replaced) != 2:
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                self.args, self.kwargs = replaced
            else:
                replaced = hook(self.module, self.args)
                if replaced is not None:
                    self.args = replaced if isinstance(replaced, tuple) else (replaced,)

    def pass_through(self, hook: Callable[..., Any], with_kwargs: bool) -> None:
        """One hook after `forward`."""
        given = (self.args, self.kwargs) if with_kwargs else (self.args,)
        replaced = hook(self.module, *given, self.result)
        if replaced is not None:
            self.result = replaced

    def finish_after_error(self) -> None:
        """Call what is to be called always and was not yet; what these raise is only warned of."""
        for number, hook in list(self.hooks.after.items()):
            if number in self.hooks.always and number not in self.called:
                of_all = number in OF_ALL.after
                try:
                    self.pass_through(hook, number in self.hooks.after_with_kwargs and not of_all)
                except Exception as error:
                    warn(
                        f"{'global ' * of_all}module forward hook with ``always_call=True`` raised an exception that was "
                        f"silenced as another error was raised in forward: {error}"
                    )


def _counted(kind: str, given: Any, expected: int) -> Any:
    if len(given) != expected:
        what = "Backward hook" if kind == "grad_input" else "Backward pre hook"
        raise RuntimeError(f"{what} returned an invalid number of {kind}, got {len(given)}, but expected {expected}")
    return given


class _Backward:
    """The backward hooks of one call: what arrived at its outputs, until what leaves at its inputs is known."""

    def __init__(self, module: Module, before: list[Callable[..., Any]], after: list[Callable[..., Any]]) -> None:
        self.module = module
        self.before = before
        self.after = after
        self.inputs = 0
        self.input_indices: list[int] = []
        self.grad_output: Any = None

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        passed, indices, node = _through(args)
        if node is not None:
            self.input_indices = indices

            def hook(gradients: tuple[Any, ...], _: Any) -> Any:  # a refusal names it so
                return self._leaving(gradients)

            node.register_hook(hook)
        return passed

    def around_outputs(self, result: Any) -> Any:
        if not isinstance(result, (Tensor, tuple)):
            warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(result)}"
            )
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        passed, indices, node = _through(outputs)
        if node is not None:

            def hook(_: Any, gradients: tuple[Any, ...]) -> Any:
                return self._arriving(gradients, indices, len(outputs))

            node.register_hook(hook)
        return passed if isinstance(result, tuple) else passed[0]

    def _arriving(self, gradients: tuple[Any, ...], indices: list[int], count: int) -> Any:
        full: Any = _spread(gradients, indices, count)
        for hook in self.before:
            replaced = hook(self.module, full)
            if replaced is not None:
                full = _counted("grad_output", replaced, count)
        self.grad_output = full
        if not self.input_indices:
            # Nothing flows on to the inputs, so this is the last word about the module's backward.
            warn(_NO_INPUT_GRADIENT)
            for hook in self.after:
                replaced = hook(self.module, (None,) * self.inputs, full)
                if replaced is not None and not (
                    isinstance(replaced, tuple) and all(each is None for each in replaced)
                ):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return None or None for "
                        "all gradients."
                    )
            self.grad_output = None
        return tuple(full[i] for i in indices)

    def _leaving(self, gradients: tuple[Any, ...]) -> Any:
        if self.grad_output is None:
            return None  # the gradient came by another way than the module's output
        full: Any = _spread(gradients, self.input_indices, self.inputs)
        for hook in self.after:
            replaced = hook(self.module, full, self.grad_output)
            if replaced is not None:
                full = _counted("grad_input", replaced, self.inputs)
        self.grad_output = None
        return tuple(full[i] for i in self.input_indices)


def _through(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
    """The values with all tensors passed through one identity node, which tensors those were, and the node."""
    indices = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not any(values[i].requires_grad for i in indices):
        return values, [], None
    passed = list(values)
    for i, tensor in zip(indices, BackwardHookFunction.apply(*[values[i] for i in indices]), strict=True):
        passed[i] = tensor
    nodes = [passed[i].grad_fn for i in indices if passed[i].grad_fn is not None]
    return tuple(passed) if type(values) is tuple else type(values)(*passed), indices, nodes[0]


def _spread(gradients: tuple[Any, ...], indices: list[int], count: int) -> tuple[Any, ...]:
    full: list[Any] = [None] * count
    for i, gradient in zip(indices, gradients, strict=True):
        full[i] = gradient
    return tuple(full)
