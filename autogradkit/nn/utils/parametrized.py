"""`ParametrizationList`: what a tensor is computed from, through which modules, and how it is assigned to.

`parametrize.py` puts it on modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.container import ModuleList
from autogradkit.nn.modules.module import Module


def register_tensor(module: Module, name: str, tensor: Any) -> None:
    """Register it as the parameter or the buffer that it is."""
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


class ParametrizationList(ModuleList):
    """The modules that a tensor passes through, and the tensor before them: `original`, or `original0`, `original1` ...

    Raises ValueError for no modules, and for modules that change the dtype or the sizes, unless `unsafe`.
    """

    @entry
    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        sizes, dtype = original.shape, original.dtype
        before = self._before(original)
        self.is_tensor = isinstance(before, Tensor)
        if isinstance(before, Tensor):
            self.ntensors = 1
            if before.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\noriginal.dtype: "
                    f"{dtype}\nright_inverse(original).dtype: {before.dtype}"
                )
            with no_grad():
                original.set_(before)
            register_tensor(self, "original", original)
        else:
            self.ntensors = len(before)
            self._register_all(before, original)
        if not unsafe:
            self._check(sizes, dtype)

    def _before(self, original: Any) -> Any:
        """What the modules, turned round, make of the tensor as it is."""
        before = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # by which a module says that it cannot be turned round
                        before = module.right_inverse(before)
        if not isinstance(before, Tensor | Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                f"{type(before).__name__}"
            )
        return before

    def _register_all(self, tensors: Sequence[Any], original: Any) -> None:
        for at, each in enumerate(tensors):
            if not isinstance(each, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                    f"{at} of the sequence with type {type(each).__name__}."
                )
            made = Parameter(each, original.requires_grad) if isinstance(original, Parameter) else each
            made.requires_grad_(original.requires_grad)
            register_tensor(self, f"original{at}", made)

    def _check(self, sizes: Any, dtype: Any) -> None:
        made = self()
        if not isinstance(made, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {type(made).__name__}.")
        changed = (
            "Registering a parametrization may not change the {0} of the tensor, unless `unsafe` flag is enabled.\n"
        )
        if made.dtype != dtype:
            message = f"unparametrized dtype: {dtype}\nparametrized dtype: {made.dtype}"
            raise ValueError(changed.format("dtype") + message)
        if made.shape != sizes:
            message = f"unparametrized shape: {sizes}\nparametrized shape: {made.shape}"
            raise ValueError(changed.format("shape") + message)

    @entry
    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the modules make `value` of them. Raises RuntimeError where one cannot be turned round."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
            if self.is_tensor:
                self._set_one(value)
            else:
                self._set_all(value)

    def _set_one(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
        if value.dtype != self.original.dtype:
            raise ValueError(
                f"The tensor returned by `right_inverse` has dtype {value.dtype} while `original` has dtype "
                f"{self.original.dtype}"
            )
        self.original.set_(value)

    def _set_all(self, values: Any) -> None:
        if not isinstance(values, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(values).__name__}.")
        if len(values) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of length "
                f"{len(values)}."
            )
        for at, each in enumerate(values):
            own = getattr(self, f"original{at}")
            if not isinstance(each, Tensor):
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors or reference-type opaques. Got element "
                    f"{at} of type {type(each).__name__}."
                )
            if each.dtype != own.dtype:
                raise ValueError(
                    f"Tensor {at} returned by `right_inverse` has dtype {each.dtype} while `original{at}` has dtype {own.dtype}"
                )
            own.set_(each)

    def forward(self) -> Any:
        """The tensor: the originals through all modules."""
        originals = ["original"] if self.is_tensor else [f"original{at}" for at in range(self.ntensors)]
        first, *rest = self
        made = first(*[getattr(self, name) for name in originals])
        for module in rest:
            made = module(made)
        return made
