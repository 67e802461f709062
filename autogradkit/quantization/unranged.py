"""Observers that look at no range: what they say was given to them, or is nothing. Rests on `observing.py`."""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit._ops.making.data import tensor
from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.frames import entry as _entry
from autogradkit.core.limits import finfo
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.quantization.observing import ObserverBase


class _Unranged(ObserverBase):
    def forward(self, x: Tensor) -> Tensor:
        """The same tensor."""
        return x

    @_entry
    def calculate_qparams(self) -> NoReturn:
        """Raises Exception: there is nothing to say."""
        raise Exception(f"calculate_qparams should not be called for {type(self).__name__}")


class FixedQParamsObserver(ObserverBase):
    """Says the scale and the zero point that it was made with. Raises NotImplementedError with `is_dynamic`."""

    scale: Tensor
    zero_point: Tensor

    @_entry
    def __init__(
        self,
        scale: float,
        zero_point: int,
        dtype: dtypes.dtype = dtypes.quint8,
        qscheme: schemes.qscheme = schemes.per_tensor_affine,
        quant_min: int = 0,
        quant_max: int = 255,
        is_dynamic: bool = False,
        **options: Any,
    ) -> None:
        if is_dynamic:
            raise NotImplementedError("FixedQParamsObserver doesn't support dynamic quantization")
        super().__init__(dtype, is_dynamic, **options)
        self.quant_min, self.quant_max, self.qscheme = quant_min, quant_max, qscheme
        self.register_buffer("scale", tensor([scale], dtype=dtypes.float32))
        self.register_buffer("zero_point", tensor([zero_point], dtype=dtypes.int32))

    def forward(self, X: Tensor) -> Tensor:  # noqa: N803 - PyTorch's name
        """The same tensor."""
        return X

    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """The scale and the zero point."""
        return self.scale, self.zero_point


class PlaceholderObserver(_Unranged):
    """Stands where an observer is asked for, and says of which dtype numbers are to become."""

    @_entry
    def __init__(
        self,
        dtype: dtypes.dtype = dtypes.float32,
        custom_op_name: str = "",
        compute_dtype: dtypes.dtype | None = None,
        quant_min: int | None = None,
        quant_max: int | None = None,
        qscheme: schemes.qscheme | None = None,
        eps: float | None = None,
        is_dynamic: bool = False,
    ) -> None:
        super().__init__(dtype, is_dynamic)
        self.qscheme = schemes.per_tensor_affine if qscheme is None else qscheme
        self.quant_min, self.quant_max = quant_min, quant_max
        self.eps = finfo(dtypes.float32).eps if eps is None else eps
        self.custom_op = custom_op_name
        if compute_dtype:
            warn(f"Please use `is_dynamic` instead of `compute_dtype`. {_WIDE}`compute_dtype` {_DEPRECATED}of PyTorch.")

    def extra_repr(self) -> str:
        """The dtype, and whether ranges are to be found anew each time."""
        return f"dtype={self.dtype}, is_dynamic={self.is_dynamic}"


_WIDE = " " * 20  # PyTorch's text goes on in lines of source, spaces included
_DEPRECATED = f"will be deprecated in a future release {_WIDE}"


class RecordingObserver(_Unranged):
    """Keeps a copy of each tensor that it is given."""

    @_entry
    def __init__(self, dtype: dtypes.dtype = dtypes.quint8) -> None:
        super().__init__(dtype, False)
        self.tensor_val: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        """The same tensor, of which a copy is kept."""
        self.tensor_val.append(x.clone())
        return x

    def get_tensor_value(self) -> list[Tensor]:
        """The copies."""
        return self.tensor_val


class NoopObserver(_Unranged):
    """Stands where an observer is asked for."""

    @_entry
    def __init__(self, dtype: dtypes.dtype = dtypes.float16, custom_op_name: str = "") -> None:
        super().__init__(dtype, False)
        self.custom_op = custom_op_name


class ReuseInputObserver(_Unranged):
    """Says that what watched the input serves for the output, too."""

    @_entry
    def __init__(self) -> None:
        super().__init__(dtypes.quint8, False)
