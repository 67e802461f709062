"""What a way of pruning is: a hook that multiplies a parameter by its mask, and several of them one after the other.

`pruning_methods.py` has those that choose a mask; `prune.py` is what users call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, cast

from autogradkit._ops.making.filled import ones_like
from autogradkit.core.frames import entry
from autogradkit.nn.modules.module import Module
from autogradkit.nn.utils.changes import as_a_whole


class BasePruningMethod(ABC):
    """A hook before `forward`. Subclasses say what they prune (`PRUNING_TYPE`) and define `compute_mask`."""

    PRUNING_TYPE: str
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask for a tensor, or for its scores, that also prunes what `default_mask` does."""

    @entry
    def apply_mask(self, module: Module) -> Any:
        """The parameter times its mask."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        mask, original = getattr(module, f"{name}_mask"), getattr(module, f"{name}_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    @entry
    @as_a_whole
    def apply(cls, module: Any, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        """Prune a parameter of a module, after what has pruned it already; the arguments go to the constructor."""
        method = cls(*args, **kwargs)
        method._tensor_name = name
        own = [(number, hook) for number, hook in module._before_forward() if _prunes(hook, name)]
        if len(own) > 1:
            raise AssertionError(
                f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a PruningContainer."
            )
        for number, _ in own:
            module._remove_before_forward(number)
        if own:
            ((_, before),) = own
            container = before if isinstance(before, PruningContainer) else PruningContainer(before)
            container.add_pruning_method(method)
            method = container
        original = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got "
                f"{importance_scores.shape} vs {original.shape}"
            )
        first = not isinstance(method, PruningContainer)
        if first:
            module.register_parameter(f"{name}_orig", original)
            del module._parameters[name]
            default = ones_like.owner(original)
        else:
            default = getattr(module, f"{name}_mask").detach().clone()
        try:
            mask = method.compute_mask(
                original if importance_scores is None else importance_scores, default_mask=default
            )
            module.register_buffer(f"{name}_mask", mask)
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if first:
                module.register_parameter(name, getattr(module, f"{name}_orig"))
                del module._parameters[f"{name}_orig"]
            raise
        return method

    @entry
    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A tensor with what this prunes set to 0; nothing is kept."""
        if importance_scores is None:
            importance_scores = t
        elif importance_scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t, got {importance_scores.shape} vs {t.shape}"
            )
        default = ones_like.owner(t) if default_mask is None else default_mask
        return t * self.compute_mask(importance_scores, default_mask=default)

    @entry
    @as_a_whole
    def remove(self, module: Any) -> None:
        """Make the parameter, with its zeros, an ordinary one."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters[f"{name}_orig"]
        del module._parameters[f"{name}_orig"]
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)
        original.data = weight.data


def _prunes(hook: Any, name: str) -> bool:
    return isinstance(hook, BasePruningMethod) and hook._tensor_name == name


class PruningContainer(BasePruningMethod):
    """Several ways of pruning one parameter: each sees what the ones before left."""

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    @entry
    def add_pruning_method(self, method: Any) -> None:
        """Add one at the end. Raises TypeError for what is none, ValueError for one of another parameter."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer {self}. "
                f"Found '{method._tensor_name}'"
            )
        self._pruning_methods = (*self._pruning_methods, cast("Any", method))

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    @entry
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask of the last method for what is not pruned yet, together with the mask so far."""
        method = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        left = _unpruned(method, t, default_mask)
        part = method.compute_mask(t[left], default_mask=default_mask[left])
        if mask is default_mask:
            mask = mask.clone()
        mask[left] = part.to(dtype=mask.dtype)
        return mask


def _unpruned(method: Any, t: Any, mask: Any) -> Any:
    """The index of what is not pruned yet: of numbers, or of whole slices."""
    kind = method.PRUNING_TYPE
    if kind == "unstructured":
        return mask == 1
    dims = t.dim()
    if kind == "structured":
        if not hasattr(method, "dim"):
            raise AttributeError(
                'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
            )
        dim = method.dim + dims if method.dim < 0 else method.dim
        if dim < 0:
            raise IndexError(f"Index is out of bounds for tensor with dimensions {dims}")
        kept = mask.sum(dim=[at for at in range(dims) if at != dim]) != 0
        return (*(slice(None),) * dim, kept)
    if kind == "global":
        return (slice(None),) * dims
    raise ValueError(f"Unrecognized PRUNING_TYPE {kind}")
