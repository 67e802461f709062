"""What a quantised linear layer keeps instead of parameters. Rests on nn; the dynamic layers have one each."""

from __future__ import annotations

from typing import Any

from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module as _Module

__getattr__ = _absent_from("ao.nn.quantized")


class LinearPackedParams(_Module):
    """The weight and the bias of a dynamic layer, which are no parameters: nothing trains them."""

    _version = 3

    def __init__(self, dtype: dtypes.dtype, weight: Any, bias: Tensor | None) -> None:
        super().__init__()
        self.dtype = dtype
        self._packed_params = (weight, bias)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "dtype"] = self.dtype
        destination[prefix + "_packed_params"] = self._packed_params

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str], *more: Any
    ) -> None:
        for name in ("dtype", "_packed_params"):
            if prefix + name in state_dict:
                setattr(self, name, state_dict.pop(prefix + name))
            else:
                missing_keys.append(prefix + name)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, missing_keys, *more)

    def extra_repr(self) -> str:
        """The weight and the bias."""
        return repr(self._packed_params)
