"""Hooks of all modules at once: what `nn.modules.module` registers, for calls, for backward, and for what modules are given.

Rests on hooks, where the calls of a module look for those that are set; members.py looks for those on registering. They run
before a module's own, and are meant for looking on: a module that counts calls sees every layer of every network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.nn.modules.hooks import EVERYWHERE, OF_ALL
from autogradkit.nn.modules.members import ON_REGISTERING

# By PyTorch's names, for packages that give modules their members themselves, and call these hooks.
_global_parameter_registration_hooks = ON_REGISTERING["parameter"]
_global_buffer_registration_hooks = ON_REGISTERING["buffer"]
_global_module_registration_hooks = ON_REGISTERING["module"]


class _Handle(RemovableHandle):
    """What takes such a hook away; with the last one calls of modules have nothing more to look for."""

    def remove(self) -> None:
        super().remove()
        if not OF_ALL.any():
            EVERYWHERE.clear()


def _added(kind: str, hook: Callable[..., Any], **marks: Any) -> RemovableHandle:
    handle = OF_ALL.add(kind, hook, handled=_Handle, **marks)
    EVERYWHERE[:] = [OF_ALL]
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the `forward` of every module; what it returns replaces the arguments."""
    return _added("before", hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the `forward` of every module; what it returns replaces the output.

    >>> import autogradkit as torch
    >>> from autogradkit.nn.modules.module import register_module_forward_hook
    >>> with register_module_forward_hook(lambda module, args, output: print(module, tuple(output.shape))):
    ...     _ = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())[1](torch.ones(4, 3))
    ReLU() (4, 3)
    """
    return _added("after", hook, after_with_kwargs=with_kwargs, always=always_call)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before every module's backward; what it returns replaces grad_output."""
    return _added("before_backward", hook)


@entry
def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` after every module's backward; it may replace grad_input.

    Raises RuntimeError once a hook of the other sort was registered.
    """
    OF_ALL.require_one_sort(True, "as a global Module hook")
    return _added("after_backward", hook)


@entry
def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` with the gradients of the last node that each module made.

    Raises RuntimeError once a hook of the other sort was registered.
    """
    OF_ALL.require_one_sort(False, "as a global Module hook")
    return _added("after_backward", hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, parameter)` before any module is given a parameter; what it returns is put in its place."""
    return RemovableHandle.add(ON_REGISTERING["parameter"], hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` before any module is given a buffer; what it returns is put in its place."""
    return RemovableHandle.add(ON_REGISTERING["buffer"], hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, submodule)` before any module is given another; what it returns is put in its place."""
    return RemovableHandle.add(ON_REGISTERING["module"], hook)
