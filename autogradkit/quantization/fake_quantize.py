"""PyTorch's `torch.ao.quantization.fake_quantize`: layers that round as quantising will, so that training foresees it.

Each has an observer that chooses the scale. What was rounded gets the gradient of what it was. Rests on `observer.py` and the ops
that round.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.network.fake_quantised import fake_quantize_per_channel_affine, fake_quantize_per_tensor_affine
from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization import observer as _observers
from autogradkit.quantization.observing import SYMMETRIC, Made, with_args
from autogradkit.quantization.tensor import ENDS, chosen

__all__ = [
    "FakeQuantize", "FakeQuantizeBase", "FixedQParamsFakeQuantize", "FusedMovingAvgObsFakeQuantize",
    "default_affine_fixed_qparams_fake_quant", "default_dynamic_fake_quant", "default_fake_quant",
    "default_fixed_qparams_range_0to1_fake_quant", "default_fixed_qparams_range_neg1to1_fake_quant",
    "default_fused_act_fake_quant", "default_fused_per_channel_wt_fake_quant", "default_fused_wt_fake_quant",
    "default_histogram_fake_quant", "default_per_channel_weight_fake_quant", "default_symmetric_fixed_qparams_fake_quant",
    "default_weight_fake_quant", "disable_fake_quant", "disable_observer", "enable_fake_quant", "enable_observer",
    "fused_per_channel_wt_fake_quant_range_neg_127_to_127", "fused_wt_fake_quant_range_neg_127_to_127",
]  # fmt: skip

__getattr__ = _absent_from("quantization.fake_quantize")
_PER_CHANNEL = (schemes.per_channel_affine, schemes.per_channel_symmetric)


class FakeQuantizeBase(_Module):
    """The base of these layers: whether they round, and whether they watch, are switches in buffers."""

    fake_quant_enabled: Tensor
    observer_enabled: Tensor

    def __init__(self) -> None:
        super().__init__()
        self._switches(dtypes.uint8)

    def _switches(self, kind: dtypes.dtype) -> None:
        self.register_buffer("fake_quant_enabled", tensor([1], dtype=kind))
        self.register_buffer("observer_enabled", tensor([1], dtype=kind))

    def forward(self, x: Tensor) -> Tensor:
        """What a layer makes of it. Raises NotImplementedError here."""
        raise NotImplementedError

    def calculate_qparams(self, **kwargs: Any) -> Any:
        """The scale and the zero point. Raises NotImplementedError here."""
        raise NotImplementedError

    def enable_fake_quant(self, enabled: bool = True) -> None:
        """Let it round from now on, or not."""
        self.fake_quant_enabled[0] = 1 if enabled else 0

    def disable_fake_quant(self) -> None:
        """Let it round no longer."""
        self.enable_fake_quant(False)

    def enable_observer(self, enabled: bool = True) -> None:
        """Let it watch from now on, or not."""
        self.observer_enabled[0] = 1 if enabled else 0

    def disable_observer(self) -> None:
        """Let it watch no longer."""
        self.enable_observer(False)

    @classmethod
    def with_args(cls, **options: Any) -> Made:
        """The class with some arguments, as a `QConfig` wants it."""
        return with_args(cls, **options)


class FakeQuantize(FakeQuantizeBase):
    """Rounds to the numbers that whole ones from `quant_min` to `quant_max` stand for, by the scale that its observer says.

    Raises AssertionError for ends that the observer's dtype has not.

    >>> import autogradkit as torch
    >>> layer = torch.ao.quantization.FakeQuantize(quant_min=0, quant_max=15)
    >>> layer(torch.tensor([0.0, 0.44, 1.5]))
    tensor([0.0000, 0.4000, 1.5000])
    """

    scale: Tensor
    zero_point: Tensor

    @_entry
    def __init__(
        self,
        observer: Any = _observers.MovingAverageMinMaxObserver,
        quant_min: int | None = None,
        quant_max: int | None = None,
        is_dynamic: bool = False,
        **observer_kwargs: Any,
    ) -> None:
        super().__init__()
        if quant_min is not None and quant_max is not None:
            if quant_min > quant_max:
                raise AssertionError("quant_min must be less than or equal to quant_max")
            given = getattr(getattr(observer, "p", None), "keywords", {})
            low, high = ENDS[given.get("dtype", observer_kwargs.get("dtype", dtypes.quint8)).name]
            if low > quant_min:
                raise AssertionError("quant_min out of bound")
            if quant_max > high:
                raise AssertionError("quant_max out of bound")
            observer_kwargs |= {"quant_min": quant_min, "quant_max": quant_max}
        self.activation_post_process = seen = observer(is_dynamic=is_dynamic, **observer_kwargs)
        self.quant_min, self.quant_max, self.is_dynamic = seen.quant_min, seen.quant_max, seen.is_dynamic
        self.register_buffer("scale", tensor([1.0], dtype=dtypes.float32))
        self.register_buffer("zero_point", tensor([0], dtype=dtypes.int32))
        self.dtype, self.qscheme = seen.dtype, seen.qscheme
        self.ch_axis = getattr(seen, "ch_axis", -1)
        self.is_per_channel = self.qscheme in _PER_CHANNEL

    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """The scale and the zero point that suit what was seen."""
        return self.activation_post_process.calculate_qparams()

    def forward(self, X: Tensor) -> Tensor:  # noqa: N803 - PyTorch's name
        """The numbers rounded, after the observer saw them."""
        if self.observer_enabled[0] == 1:
            self._watch(X.detach())
        return self._rounded(X) if self.fake_quant_enabled[0] == 1 else X

    def _watch(self, X: Tensor) -> None:  # noqa: N803
        self.activation_post_process(X)
        self._take(*self.calculate_qparams())

    @no_grad()
    def _take(self, scale: Tensor, zero_point: Tensor) -> None:
        for own, found in ((self.scale, scale), (self.zero_point, zero_point)):
            if own.shape != found.shape:
                own.resize_(found.shape)
            own.copy_(found)

    def _rounded(self, X: Tensor) -> Tensor:  # noqa: N803
        low, high = self.activation_post_process.quant_min, self.activation_post_process.quant_max
        if self.is_per_channel:
            return fake_quantize_per_channel_affine(X, self.scale, self.zero_point, self.ch_axis, low, high)
        return fake_quantize_per_tensor_affine(X, self.scale, self.zero_point, low, high)

    def extra_repr(self) -> str:
        """The switches, the range of whole numbers, and by what they stand for numbers."""
        return (
            f"{self._switched()}, {self._ends()}, dtype={self.dtype}, qscheme={self.qscheme}, ch_axis={self.ch_axis}, "
            f"scale={self.scale}, zero_point={self.zero_point}"
        )

    def _switched(self) -> str:
        return f"fake_quant_enabled={self.fake_quant_enabled}, observer_enabled={self.observer_enabled}"

    def _ends(self) -> str:
        seen = self.activation_post_process
        return f"quant_min={seen.quant_min}, quant_max={seen.quant_max}"

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str], *more: Any
    ) -> None:
        for name in ("scale", "zero_point"):
            if prefix + name in state_dict:
                getattr(self, name).resize_(state_dict[prefix + name].shape)
            elif strict:
                missing_keys.append(prefix + name)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing_keys, *more)


class FixedQParamsFakeQuantize(FakeQuantize):
    """Rounds by the scale that it was given. Raises AssertionError for an observer that is no FixedQParamsObserver."""

    @_entry
    def __init__(self, observer: Any) -> None:
        super().__init__(observer)
        if type(self.activation_post_process) is not _observers.FixedQParamsObserver:
            raise AssertionError(f"{type(self).__name__}'s observer must be a FixedQParamsObserver")
        self._observer_ctr = observer
        self.scale, self.zero_point = self.activation_post_process.calculate_qparams()

    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """The scale and the zero point that it was given."""
        return self.scale, self.zero_point

    def extra_repr(self) -> str:
        """The switches, by what whole numbers stand for numbers, and their range."""
        return (
            f"{self._switched()}, scale={self.scale}, zero_point={self.zero_point}, dtype={self.dtype}, {self._ends()}, "
            f"qscheme={self.qscheme}"
        )


class FusedMovingAvgObsFakeQuantize(FakeQuantize):
    """Rounds by running means of the least and the largest number of each batch.

    The zero point is the one that leaves less to round at the ends (`chosen` in `tensor.py`), in a symmetric scheme the middle.
    Raises AssertionError for an observer of another kind.
    """

    @_entry
    def __init__(
        self,
        observer: Any = _observers.MovingAverageMinMaxObserver,
        quant_min: int = 0,
        quant_max: int = 255,
        **observer_kwargs: Any,
    ) -> None:
        super().__init__(observer, quant_min, quant_max, **observer_kwargs)
        kinds = (_observers.MovingAverageMinMaxObserver, _observers.MovingAveragePerChannelMinMaxObserver)
        if not isinstance(self.activation_post_process, kinds):
            raise AssertionError("Fused observer+fake_quant module only works with MovingAverageMinMaxObserver")
        self._switches(dtypes.int64)
        self.is_symmetric_quant = self.qscheme in SYMMETRIC

    def _watch(self, X: Tensor) -> None:  # noqa: N803
        seen = self.activation_post_process
        seen(X)
        ends = zip(seen.min_val.reshape(-1).tolist(), seen.max_val.reshape(-1).tolist(), strict=True)
        found = [
            chosen(least, largest, seen.quant_min, seen.quant_max, self.is_symmetric_quant) for least, largest in ends
        ]
        self._take(tensor([scale for scale, _ in found]), tensor([zero for _, zero in found], dtype=dtypes.int32))

    def extra_repr(self) -> str:
        """The switches, by what whole numbers stand for numbers, and their range."""
        return (
            f"{self._switched()}, scale={self.scale}, zero_point={self.zero_point}, dtype={self.dtype}, {self._ends()}, "
            f"qscheme={self.qscheme}, reduce_range={self.activation_post_process.reduce_range}"
        )


def _switch(name: str) -> Any:
    def switch(mod: Any) -> None:
        if isinstance(mod, FakeQuantizeBase):
            getattr(mod, name)()

    switch.__name__ = switch.__qualname__ = name
    switch.__doc__ = f"`{name}()` of a layer that rounds, for `model.apply`; nothing of any other."
    return switch


disable_fake_quant, enable_fake_quant = _switch("disable_fake_quant"), _switch("enable_fake_quant")
disable_observer, enable_observer = _switch("disable_observer"), _switch("enable_observer")

_MEANS, _MEANS_BY_CHANNEL = _observers.MovingAverageMinMaxObserver, _observers.MovingAveragePerChannelMinMaxObserver
_ACTIVATIONS: dict[str, Any] = {"quant_min": 0, "quant_max": 255, "dtype": dtypes.quint8}
_WEIGHTS: dict[str, Any] = {
    "quant_min": -128, "quant_max": 127, "dtype": dtypes.qint8, "qscheme": schemes.per_tensor_symmetric,
}  # fmt: skip
_WEIGHTS_BY_CHANNEL = _WEIGHTS | {"qscheme": schemes.per_channel_symmetric}
_EVEN: dict[str, Any] = {"quant_min": -127, "eps": 2**-12}

default_fake_quant = FakeQuantize.with_args(
    observer=_MEANS, **_ACTIVATIONS, qscheme=schemes.per_tensor_affine, reduce_range=True
)
default_weight_fake_quant = FakeQuantize.with_args(observer=_MEANS, **_WEIGHTS, reduce_range=False)
default_dynamic_fake_quant = FakeQuantize.with_args(
    observer=_MEANS, quant_min=0, quant_max=255, is_dynamic=True, dtype=dtypes.quint8, averaging_constant=1
)
default_fixed_qparams_range_neg1to1_fake_quant = FixedQParamsFakeQuantize.with_args(
    observer=_observers.default_fixed_qparams_range_neg1to1_observer
)
default_fixed_qparams_range_0to1_fake_quant = FixedQParamsFakeQuantize.with_args(
    observer=_observers.default_fixed_qparams_range_0to1_observer
)
default_symmetric_fixed_qparams_fake_quant = default_fixed_qparams_range_neg1to1_fake_quant
default_affine_fixed_qparams_fake_quant = default_fixed_qparams_range_0to1_fake_quant
default_per_channel_weight_fake_quant = FakeQuantize.with_args(
    observer=_MEANS_BY_CHANNEL, **_WEIGHTS_BY_CHANNEL, reduce_range=False, ch_axis=0
)
default_histogram_fake_quant = FakeQuantize.with_args(
    observer=_observers.HistogramObserver, **_ACTIVATIONS, qscheme=schemes.per_tensor_affine, reduce_range=True
)
default_fused_act_fake_quant = FusedMovingAvgObsFakeQuantize.with_args(observer=_MEANS, **_ACTIVATIONS)
default_fused_wt_fake_quant = FusedMovingAvgObsFakeQuantize.with_args(observer=_MEANS, **_WEIGHTS)
default_fused_per_channel_wt_fake_quant = FusedMovingAvgObsFakeQuantize.with_args(
    observer=_MEANS_BY_CHANNEL, **_WEIGHTS_BY_CHANNEL
)
fused_wt_fake_quant_range_neg_127_to_127 = FusedMovingAvgObsFakeQuantize.with_args(
    observer=_MEANS, **(_WEIGHTS | _EVEN)
)
fused_per_channel_wt_fake_quant_range_neg_127_to_127 = FusedMovingAvgObsFakeQuantize.with_args(
    observer=_MEANS_BY_CHANNEL, **(_WEIGHTS_BY_CHANNEL | _EVEN)
)
