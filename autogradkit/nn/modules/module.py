"""`Module`: a part of a network, called with inputs, switched between modes, converted, saved and printed.

Rests on the recording contract and on its neighbours: `members.py` holds its parameters, buffers and submodules,
`conversion.py` gives them other dtypes, `hooked.py` holds its hooks, `hooks.py` is what a call with hooks does, `state.py` how
state dicts are made and loaded. Every layer, container and loss subclasses it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from autogradkit.compiler import compile as compiled
from autogradkit.core.frames import entry, shorten
from autogradkit.core.parameter import Parameter
from autogradkit.core.recording import GRAD_LISTENERS, RECORDERS, heeded, listeners, marks_of, restore
from autogradkit.core.tensor import Tensor
from autogradkit.engine.inference import marks_alone
from autogradkit.nn.modules import hooks
from autogradkit.nn.modules.conversion import Converted
from autogradkit.nn.modules.failure import note_layer
from autogradkit.nn.modules.global_hooks import (
    register_module_backward_hook as register_module_backward_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_buffer_registration_hook as register_module_buffer_registration_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_forward_hook as register_module_forward_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_forward_pre_hook as register_module_forward_pre_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_full_backward_hook as register_module_full_backward_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_full_backward_pre_hook as register_module_full_backward_pre_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_module_registration_hook as register_module_module_registration_hook,
)
from autogradkit.nn.modules.global_hooks import (
    register_module_parameter_registration_hook as register_module_parameter_registration_hook,
)
from autogradkit.nn.modules.hooked import Hooked
from autogradkit.nn.modules.hooks import EVERYWHERE
from autogradkit.nn.modules.members import Members
from autogradkit.nn.modules.pickling import Pickled
from autogradkit.nn.modules.state import _EXTRA_STATE_KEY_SUFFIX as _EXTRA_STATE_KEY_SUFFIX
from autogradkit.nn.modules.state import Stateful

__all__ = ["Module"]

T = TypeVar("T", bound="Module")  # by PyTorch's name, as programs import it
Samples = list[tuple[Any, ...]]  # `(layer, *inputs)`


def _forward_unimplemented(self: Any, *input: Any) -> None:
    """What calling the module computes; subclasses define it."""
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(Pickled, Converted, Hooked, Stateful):
    """A part of a network: holds parameters, buffers and other modules, and computes with `forward`.

    Subclasses call `super().__init__()` first, assign `Parameter`s and modules to attributes, and define `forward`.

    >>> import autogradkit as torch
    >>> class Shift(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.by = torch.nn.Parameter(torch.zeros(2))
    ...     def forward(self, x):
    ...         return x + self.by
    >>> [name for name, _ in Shift().named_parameters()]
    ['by']
    """

    training: bool
    dump_patches = False
    call_super_init = False  # whether constructor arguments go on to the next class
    _shown: tuple[str, ...] = ()  # the attributes that its repr shows

    @staticmethod
    def _samples(m: Any) -> Samples:
        """Layers with their inputs, made with the library `m`: tests/nn/test_layers.py holds each to PyTorch's."""
        return [(m.nn.Module(),)]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs and not self.call_super_init:
            raise TypeError(
                f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
            )
        if args and not self.call_super_init:
            raise TypeError(
                f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        own = self.__dict__
        own["training"] = True
        super().__init__()
        own["_hooks_of_module"] = None
        if self.call_super_init:
            super(Members, self).__init__(*args, **kwargs)

    forward: Callable[..., Any] = _forward_unimplemented

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if RECORDERS and heeded() and not marks_alone():
                return self.__recorded(args, kwargs)
            if self._hooks_of_module is None and not EVERYWHERE:
                return self.forward(*args, **kwargs)
            return hooks.call(self, self._hooks_of_module, args, kwargs)
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, RecursionError):  # which leaves no room to look
                note_layer(error, self, args, sys._getframe(), Module.__call__.__code__)
            shorten(error)
            raise

    def __recorded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        active = listeners()
        marks = marks_of(active)
        try:
            try:
                for recorder in active:
                    recorder.module_enter(self)
                if self._hooks_of_module is None and not EVERYWHERE:
                    return self.forward(*args, **kwargs)
                return hooks.call(self, self._hooks_of_module, args, kwargs)
            finally:
                for recorder in active:
                    recorder.module_exit(self)
                restore(marks)
        except BaseException:  # an interrupt may have come in these lines
            restore(marks)
            raise

    # -- modes --------------------------------------------------------------------------------------

    def train(self: T, mode: bool = True) -> T:
        """Put it and all submodules into training mode (dropout drops) or, with False, out of it."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: T) -> T:
        """Put it and all submodules into evaluation mode."""
        return self.train(False)

    def requires_grad_(self: T, requires_grad: bool = True) -> T:
        """Set `requires_grad` on all parameters: False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset every parameter's gradient: to None, or to zeros."""
        clear_gradients(self.parameters(), set_to_none)

    @entry
    def apply(self: T, fn: Callable[[Module], None]) -> T:
        """Call `fn` on every submodule, and then on itself."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing but a look at the options, which are those of `autogradkit.compile`: its ops run one by one."""
        compiled(self, *args, **kwargs)

    # -- text -------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of its repr: the attributes that `_shown` names, or what a subclass says."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._shown)

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        below = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if len(lines) == 1 and not below:
            return f"{self._get_name()}({lines[0]})"
        if not lines and not below:
            return f"{self._get_name()}()"
        return f"{self._get_name()}(\n  " + "\n  ".join([*lines, *below]) + "\n)"


def indented(text: str, spaces: int = 2) -> str:
    """`text` with every line but the first moved to the right; of blank ones nothing is left."""
    first, *others = text.split("\n")
    return "\n".join([first, *[" " * spaces + line if line.strip() else "" for line in others]])


_addindent = indented  # the name that scripts import


def clear_gradients(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Reset the `.grad` of each parameter that has one: to None, or to zeros that are part of no graph."""
    cleared: list[Tensor] = []
    try:
        for parameter in parameters:
            # A class of a user's may keep its gradient elsewhere.
            overrides = parameter.__class__ is not Parameter and type(parameter).grad is not Tensor.grad
            gradient = parameter.grad if overrides else parameter._grad
            if gradient is None:
                continue
            if not set_to_none:
                _zero(gradient)
            elif overrides or RECORDERS:
                parameter.grad = None  # which tells the recorders
            else:
                parameter._grad = gradient = None
                cleared.append(parameter)
    finally:  # also of those before an interrupt
        if cleared:
            for listener in GRAD_LISTENERS:
                listener.grads_cleared(cleared)


def _zero(gradient: Tensor) -> None:
    if gradient.grad_fn is not None:
        gradient.detach_()
    else:
        gradient.requires_grad_(False)
    gradient.zero_()
