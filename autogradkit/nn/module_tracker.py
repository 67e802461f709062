"""`torch.utils.module_tracker`: in which modules a program is, forward and backward.

Rests on the hooks of all modules, and on hooks of the tensors that go into one and come out, by which backward tells where it is.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

from autogradkit.autograd.graph import register_multi_grad_hook
from autogradkit.core.tensor import Tensor
from autogradkit.engine.callbacks import queue_callback
from autogradkit.engine.modes import MODE
from autogradkit.nn.modules.global_hooks import register_module_forward_hook, register_module_forward_pre_hook
from autogradkit.nn.modules.module import Module
from autogradkit.utils._pytree import tree_leaves


class ModuleTracker:
    """In its block, `parents` has the names of the modules that are running, "Global" and "Net.layer" among them.

    A module is named by its class, one within another by its attribute. In backward they are those whose forward made what is
    differentiated, if some input of theirs requires grad.

    >>> import autogradkit as torch
    >>> from autogradkit.utils.module_tracker import ModuleTracker
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    >>> with ModuleTracker() as tracker:
    ...     hook = net[0].register_forward_pre_hook(lambda *_: print(sorted(tracker.parents)))
    ...     y = net(torch.ones(1, 2))
    ['Global', 'Sequential', 'Sequential.0']
    """

    parents: set[str]

    def __init__(self) -> None:
        self.parents = {"Global"}
        self._names: weakref.WeakKeyDictionary[Module, str] = weakref.WeakKeyDictionary()
        self._seen: weakref.WeakSet[Module] = weakref.WeakSet()
        self._has_callback = False

    @property
    def is_bw(self) -> bool:
        """Whether backward is running."""
        return MODE.run is not None

    def _name(self, module: Module) -> str:
        name = self._names.setdefault(module, type(module).__name__)
        if module not in self._seen:
            self._seen.add(module)
            for own, child in module.named_children():
                self._names[child] = f"{name}.{own}"
                self._name(child)
        return name

    def _begins(self, name: str) -> Callable[..., None]:
        def begin(*_: Any) -> None:
            if not self._has_callback:
                self._has_callback = True
                queue_callback(self._ended)
            self.parents.add(name)

        return begin

    def _ends(self, name: str) -> Callable[..., None]:
        return lambda *_: self.parents.discard(name)

    def _ended(self) -> None:
        self.parents, self._has_callback = {"Global"}, False

    def _before(self, module: Module, inputs: Any) -> None:
        name = self._name(module)
        self.parents.add(name)
        given = _differentiated(inputs)
        if given and not self.is_bw:
            register_multi_grad_hook(given, self._ends(name))

    def _after(self, module: Module, inputs: Any, output: Any) -> None:
        name = self._name(module)
        self.parents.discard(name)
        made = _differentiated(output)
        if made and not self.is_bw:
            register_multi_grad_hook(made, self._begins(name))

    def __enter__(self) -> ModuleTracker:
        self._handles = [
            register_module_forward_pre_hook(self._before),
            register_module_forward_hook(self._after, always_call=True),
        ]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in self._handles:
            each.remove()


def _differentiated(values: Any) -> tuple[Tensor, ...]:
    return tuple([each for each in tree_leaves(values) if isinstance(each, Tensor) and each.requires_grad])
