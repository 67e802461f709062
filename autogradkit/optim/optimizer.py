"""What optimizers share: parameter groups, their options, per-parameter state, and saving and loading both.

Rests on tensors. A subclass gives `defaults` and `_updater`, which gets a group's options ready and returns what edits one
parameter by a kernel of `kernels.py`: no op runs and no graph is made, only the parameter's version counts on as it does in
PyTorch. An interrupt leaves each parameter with its state either before the step or after it.
"""

from __future__ import annotations

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

from autogradkit.autograd.profiler import record_function
from autogradkit.core import errors
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.facts import Declaration, OpFacts, Remembering
from autogradkit.core.frames import entry, shorten
from autogradkit.core.meta import CLASSES, META, NO_ITEM
from autogradkit.core.pending import reading, unread, writing
from autogradkit.core.quiet import quietly
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.shapes import broadcast_shapes, unfit
from autogradkit.core.sparse import SPARSE, SparseTensor
from autogradkit.core.steps import Step, take
from autogradkit.core.strides import has_internal_overlap
from autogradkit.core.tensor import PENDING, Tensor, counter_of
from autogradkit.core.warning import warn
from autogradkit.engine.modes import enable_grad, no_grad, set_grad_enabled
from autogradkit.nn.modules.members import type_text
from autogradkit.nn.modules.module import clear_gradients
from autogradkit.optim.hooks import register_optimizer_step_post_hook as register_optimizer_step_post_hook
from autogradkit.optim.hooks import register_optimizer_step_pre_hook as register_optimizer_step_pre_hook
from autogradkit.optim.saving import Group, Saved

ParamsT = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]  # what an optimizer is made with


class _RequiredParameter:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()  # the default of an option that each group has to give


class Optimizer(Saved):
    """The base of all optimizers.

    `params` are tensors, (name, tensor) pairs, or dicts with a key "params" and the options in which that group differs
    from `defaults`. Raises TypeError or ValueError for what cannot be optimized.

    >>> import autogradkit as torch
    >>> w = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> w.sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.5, 0.5]
    """

    @entry
    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + type_text(params)
            )
        self.defaults = defaults
        self._prepare_hooks()
        defaults.get  # noqa: B018 - refuses what is no mapping, in Python's words
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    @entry
    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, such as layers unfrozen later. Options left out take the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, Tensor):
            param_group["params"] = [given]
        elif isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will "
                "change between runs. Please use a list instead."
            )
        else:
            param_group["params"] = list(given)
        given = param_group["params"]
        names = [each[0] for each in given if isinstance(each, tuple)]
        parameters = param_group["params"] = [each[1] if isinstance(each, tuple) else each for each in given]
        if names:
            if len(names) != len(parameters):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
        for parameter in parameters:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type_text(parameter)}")
            if not (self.defaults.get("differentiable") or parameter.is_leaf or parameter.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len(parameters) != len({id(parameter) for parameter in parameters}):
            warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see "
                "github.com/pytorch/pytorch/issues/40967 for more information"
            )
        named_already = {"param_names" in group for group in self.param_groups}
        if named_already - {"param_names" in param_group}:
            how = "with" if "param_names" in param_group else "without"
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{how} names to the optimizer"
            )
        taken = {id(parameter) for group in self.param_groups for parameter in group["params"]}
        if any(id(parameter) in taken for parameter in parameters):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros."""
        with record_function(self._zero_grad_profile_name) if RECORDERS else nullcontext():
            for group in self.param_groups:
                clear_gradients(group["params"], set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient. `closure` recomputes the loss, which is returned."""
        try:
            loss = None
            if closure is not None:
                with enable_grad():
                    loss = closure()
            for group in self.param_groups:
                self._update_group(group)
            return loss
        except BaseException as error:
            shorten(error)
            raise

    def _update_group(self, group: Group) -> None:
        if group.get("differentiable"):
            with set_grad_enabled(bool(self.defaults["differentiable"])):
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        self._differentiated(group, parameter, parameter.grad)
            return
        self._refuse_sparse(parameter._grad for parameter in group["params"])  # before any of them is changed
        self._move(group, ((parameter, parameter._grad) for parameter in group["params"]))

    def _refuse_sparse(self, gradients: Iterable[Tensor | None]) -> None:
        if SPARSE and self._sparse_refusal is not None and any(each.__class__ is SparseTensor for each in gradients):
            raise RuntimeError(self._sparse_refusal.format(type(self).__name__))

    def _move(self, group: Group, pairs: Iterable[tuple[Tensor, Tensor | None]]) -> None:
        """Change each parameter by the gradient beside it, if there is one."""
        update = self._updater(group)
        # What a trace says of the options.
        shown = {"lr": number(group["lr"]), **self._unusual(group)} if RECORDERS else {}
        for parameter, gradient in pairs:
            if gradient is None:
                continue
            array = parameter._array
            if not array.flags.forc and has_internal_overlap(array.shape, array.strides):
                raise RuntimeError(errors.WRITTEN_TWICE)
            change = update
            if META and parameter.__class__ in CLASSES:
                change = functools.partial(self._update_without_numbers, group)
            elif SPARSE and gradient.__class__ is SparseTensor:
                change = functools.partial(self._update_sparse, group)
            elif PENDING and unread((parameter, gradient)):
                change = functools.partial(_update_pending, change)
            if RECORDERS:
                observed(
                    self._declaration(group, parameter),
                    "inplace",
                    lambda parameter, gradient, change=change, **_shown: quietly(change, parameter, gradient),
                    (parameter, gradient),
                    shown,
                )
            else:
                try:
                    quietly(change, parameter, gradient)
                except ValueError as error:  # the parameter has other sizes than its gradient or its state
                    broadcast_shapes(array.shape, gradient._array.shape)
                    raise unfit(error) from None

    def _declaration(self, group: Group, parameter: Tensor) -> Declaration:
        """What a trace says of the step of one parameter."""
        name = type(self).__name__.lower()  # `sgd_` in a trace
        untold = self._moves_parts_apart and parameter.is_complex()
        update = "" if untold else "\n".join(self._lines(group, self.state.get(parameter, {})))

        def remembered() -> dict[str, Tensor]:
            return {name: each for name, each in self.state.get(parameter, {}).items() if isinstance(each, Tensor)}

        return Remembering(name, OpFacts(name, False, "", ("self", "grad"), update=update), self._symbols, remembered)

    def _unusual(self, group: Group) -> Group:
        """The options of a group, beside its learning rate, that are not as they are when nobody gives them."""
        defaults = _defaults(type(self))
        return {name: value for name, value in group.items() if name in defaults and value != defaults[name]}

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        """What changes a parameter of the group by its gradient, and returns it."""
        raise NotImplementedError

    # What it says of sparse gradients; None where it takes them, by `_update_sparse`.
    _sparse_refusal: ClassVar[str | None] = "{} does not support sparse gradients"

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        """Change a parameter by a sparse gradient, and return it."""
        raise NotImplementedError

    # Whether a step depends on what single elements are, as none on the meta device can.
    _asks_for_numbers: ClassVar[bool] = False

    def _update_without_numbers(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        """Change a parameter on the meta device, and return it: it has a state then, of its sizes."""
        if self._asks_for_numbers:
            raise RuntimeError(NO_ITEM)
        with no_grad():
            self._differentiated({**group, "foreach": None}, parameter, gradient)
        return parameter

    def _differentiated(self, group: Group, parameter: Tensor, gradient: Tensor) -> None:
        """Change a parameter by operations that are recorded."""
        raise NotImplementedError

    # Whether real and imaginary parts are changed each by itself, which the lines of a step do not say.
    _moves_parts_apart: ClassVar[bool] = False

    # What the lines of a step call the tensors of the state, by their names there.
    _symbols: ClassVar[Mapping[str, str]] = {}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        """What a step works out for one parameter, line by line, in the notation of rules (`tracing/notation.py`).

        `self` is the parameter, `grad` its gradient; the last line gives the parameter. `state` is that of the parameter before
        the step. An optimizer that gives no lines is shown without numbers.
        """
        return []

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            options = (f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            text += f"\nParameter Group {number}\n" + "".join(options)
        return text + ")"


def _update_pending(change: Callable[[Tensor, Tensor], Tensor], parameter: Tensor, gradient: Tensor) -> Tensor:
    """Change a parameter where of its numbers, or of its gradient's, something is pending."""
    with reading(unread((parameter, gradient))):
        change(parameter, gradient)
        for write in writing(parameter, parameter._memory, parameter._array):
            take(write)
    return parameter


def number(value: Any) -> float:
    """A learning rate as a float; it may be given as a tensor of one element."""
    return value.item() if isinstance(value, Tensor) else value


def squeezed(value: Any) -> Any:
    """A number, or a tensor of one element without dimensions."""
    return value.squeeze() if isinstance(value, Tensor) and value.dim() else value


def counted(remembered: Tensor, edits: int) -> Step:
    """The step that counts this many edits of a tensor of the state."""
    counter = counter_of(remembered)
    return setattr, counter, "value", counter.value + edits


def spelled(value: Any) -> str:
    """An option in the lines of a step, in parentheses where it is negative."""
    text = repr(float(number(value)))
    return f"(−{text[1:]})" if text.startswith("-") else text


def require_rate(lr: Any) -> None:
    """Raise ValueError for what is no learning rate."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    require_not_negative("learning rate", lr)


def require_not_negative(name: str, value: Any) -> None:
    """Raise ValueError for an option below 0."""
    if not 0.0 <= value:  # noqa: SIM300 - what Python says of what is no number is as in PyTorch
        raise ValueError(f"Invalid {name}: {value}")


def require_betas(betas: Any) -> None:
    """Raise ValueError where an average would keep nothing, or all."""
    for index in (0, 1):
        if not 0.0 <= betas[index] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {betas[index]}")


def refuse_fused(differentiable: bool, foreach: bool | None, fused: bool | None) -> None:
    """Raise for ways to compute a step that exclude each other.

    `foreach` says only how PyTorch loops; `fused` also that no edit of the parameters is counted.
    """
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def refuse_capturable(group: Group, what: str, xla: bool) -> None:
    """Raise AssertionError where a step is to be captured: no memory of the processor's is on a device that can.

    Of parameters without gradients there is no step.
    """
    if group.get("capturable") and any(parameter.grad is not None for parameter in group["params"]):
        devices = ["cuda", "xpu", "hpu", "privateuseone", *["xla"] * xla]
        raise AssertionError(f"If capturable=True, {what} must be on supported devices: {devices}.")


def require_fusible(group: Group) -> None:
    """Raise RuntimeError where a group is to be fused and has other parameters than real floating-point ones."""
    for parameter in group["params"] if group.get("fused") else ():
        if not parameter.is_floating_point():
            raise RuntimeError(
                "`fused=True` requires all the params to be floating point Tensors of supported devices: ['mps', 'cuda', "
                f"'xpu', 'hpu', 'cpu', 'mtia', 'privateuseone'] but {parameter.dtype} and cpu"
            )


@functools.cache
def _defaults(kind: type[Optimizer]) -> dict[str, Any]:
    """The options of a class of optimizers, beside the learning rate, as they are when nobody gives them."""
    parameters = inspect.signature(kind).parameters
    return {name: each.default for name, each in parameters.items() if name not in ("params", "lr")}


__getattr__ = _absent_from("optim.optimizer")
