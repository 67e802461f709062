"""Lazy modules: their parameters get their sizes from the first input, and then they are the plain layers.

What they share, and `LazyLinear`; convolutions are in `lazy_conv.py`, norms in `lazy_norm.py`. Rests on the plain layers and on
uninitialized parameters (`nn/uninitialized.py`).
"""

from __future__ import annotations

from typing import Any, cast

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.linear import Linear
from autogradkit.nn.modules.module import Module, Samples
from autogradkit.nn.uninitialized import UninitializedParameter, is_lazy

__all__ = ["LazyLinear"]


class LazyModuleMixin(Module):
    """What lazy modules share: a hook before the first call that infers sizes, and one before loading that takes them over."""

    cls_to_become: type[Module] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _lazy_load_hook(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name, own in [*self._parameters.items(), *self._buffers.items()]:
            given = state_dict.get(prefix + name)
            if is_lazy(own) and given is not None and not is_lazy(given):
                with no_grad():
                    own.materialize(given.shape)

    @entry
    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters the sizes that the first input asks for; each lazy module defines it."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer still waits for its sizes."""
        return any(is_lazy(each) for each in [*self._parameters.values(), *self._buffers.values()])

    @entry
    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _make_lazy(self, name: str, wanted: bool, device: Any, dtype: Dtype | None) -> None:
        if wanted:
            setattr(self, name, UninitializedParameter(device=device, dtype=dtype))


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` whose `in_features` is the size of the last dimension of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyLinear(2)
    >>> layer(torch.ones(4, 3)).shape, layer
    (torch.Size([4, 2]), Linear(in_features=3, out_features=2, bias=True))
    """

    cls_to_become = Linear

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LazyLinear(2), m.randn(4, 3)), (m.nn.LazyLinear(2, bias=False), m.randn(3))]

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Dtype | None = None) -> None:
        super().__init__(0, 0, False)
        self._make_lazy("weight", True, device, dtype)
        self.out_features = out_features
        self._make_lazy("bias", bias, device, dtype)

    def reset_parameters(self) -> None:
        """Draw the initial values anew, once there are sizes."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    @entry
    def initialize_parameters(self, input: Any) -> None:
        """Take `in_features` from the input."""
        features = input.shape[-1]
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = features
                cast("Any", self.weight).materialize((self.out_features, features))
                if self.bias is not None:
                    cast("Any", self.bias).materialize((self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:  # sizes came from a state dict
            if features != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {features} is not equal to in_features from self.weight: "
                    f"{self.weight.shape[-1]}"
                )
            self.in_features = features
