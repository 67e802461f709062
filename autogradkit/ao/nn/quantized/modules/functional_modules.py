"""Sums, products and joins as layers, so that their results can be observed and get a scale. Rests on nn and quantization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from autogradkit._ops.making.data import tensor
from autogradkit._ops.selection.joining import cat as _cat
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.linear import Identity
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization import arithmetic

__getattr__ = _absent_from("ao.nn.quantized")


class FXFloatFunctional(_Module):
    """The operations, of tensors that are not quantised.

    >>> import autogradkit as torch
    >>> torch.ao.nn.quantized.FXFloatFunctional().add_relu(torch.tensor([1.0, 2.0]), torch.tensor([-2.0, 1.0]))
    tensor([0., 3.])
    """

    _own_name = "FloatFunctional"

    @_entry
    def forward(self, x: Any) -> NoReturn:
        """Raises RuntimeError: the operations are methods."""
        raise RuntimeError(
            f"{self._own_name} is not intended to use the 'forward'. Please use the underlying operation"
        )

    def _seen(self, result: Tensor) -> Tensor:
        return result

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """x + y."""
        return self._seen(x + y)

    def add_scalar(self, x: Tensor, y: float) -> Tensor:
        """x + y, of a number."""
        return x + y

    def mul(self, x: Tensor, y: Tensor) -> Tensor:
        """x · y, element by element."""
        return self._seen(x * y)

    def mul_scalar(self, x: Tensor, y: float) -> Tensor:
        """x · y, of a number."""
        return x * y

    def cat(self, x: Sequence[Tensor], dim: int = 0) -> Tensor:
        """The tensors side by side along `dim`."""
        return self._seen(_cat(x, dim=dim))

    def add_relu(self, x: Tensor, y: Tensor) -> Tensor:
        """What is positive of x + y."""
        return self._seen((x + y).relu())

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        """The matrix product."""
        return self._seen(x @ y)


class FloatFunctional(FXFloatFunctional):
    """The operations, of tensors that are not quantised, with an observer of the results once the model is prepared.

    >>> import autogradkit as torch
    >>> torch.ao.nn.quantized.FloatFunctional().cat([torch.ones(1), torch.zeros(2)])
    tensor([1., 0., 0.])
    """

    def __init__(self) -> None:
        super().__init__()
        self.activation_post_process: _Module = Identity()

    def _seen(self, result: Tensor) -> Tensor:
        return self.activation_post_process(result)


class QFunctional(FloatFunctional):
    """The operations, of quantised tensors, whose results have a scale of their own. `from_float` makes one.

    >>> import autogradkit as torch
    >>> a = torch.quantize_per_tensor(torch.tensor([1.0, 2.0]), 0.5, 0, torch.quint8)
    >>> torch.ao.nn.quantized.QFunctional().add(a, a)
    tensor([2., 4.], size=(2,), dtype=torch.quint8,
           quantization_scheme=torch.per_tensor_affine, scale=1.0, zero_point=0)
    """

    _own_name = "Functional"

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.zero_point = 1.0, 0

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> QFunctional:
        """The operations of a FloatFunctional that has seen numbers. Raises AssertionError for another layer."""
        if type(mod) is not FloatFunctional:
            raise AssertionError(
                f"QFunctional.from_float expects an instance of FloatFunctional, got {type(mod).__name__}"
            )
        scale, zero_point = mod.activation_post_process.calculate_qparams()
        made = cls()
        made.scale, made.zero_point = float(scale), int(zero_point)
        return made

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self._seen(arithmetic.added(x, y, self.scale, self.zero_point))

    def add_scalar(self, x: Any, y: float) -> Any:
        """x + y, of a number."""
        return arithmetic.shifted(x, y)

    def mul(self, x: Any, y: Any) -> Any:
        """x · y, element by element."""
        return self._seen(arithmetic.multiplied(x, y, self.scale, self.zero_point))

    def mul_scalar(self, x: Any, y: float) -> Any:
        """x · y, of a number."""
        return arithmetic.scaled(x, y)

    def cat(self, x: Any, dim: int = 0) -> Any:
        """The tensors side by side along `dim`."""
        return self._seen(arithmetic.joined(x, dim, self.scale, self.zero_point))

    def add_relu(self, x: Any, y: Any) -> Any:
        """What is positive of x + y."""
        return self._seen(arithmetic.added(x, y, self.scale, self.zero_point, relu=True))

    def matmul(self, x: Any, y: Any) -> Any:
        """The matrix product."""
        return arithmetic.matrix_product(x, y, self.scale, self.zero_point)

    def extra_repr(self) -> str:
        """By what whole numbers stand for numbers."""
        return f"scale={self.scale}, zero_point={self.zero_point}"

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "scale"] = tensor(self.scale)
        destination[prefix + "zero_point"] = tensor(self.zero_point)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, *more: Any
    ) -> None:
        self.scale = float(state_dict.pop(prefix + "scale"))
        self.zero_point = int(state_dict.pop(prefix + "zero_point"))
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, *more)
