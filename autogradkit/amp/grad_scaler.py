"""`GradScaler`: a loss is multiplied before backward, and the gradients divided before the step, so that 16 bits hold them.

A step whose gradients are not finite is left out, and the scale becomes smaller; after a while without any it grows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from typing import Any

import autogradkit
from autogradkit.core.dtype import float16
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad


class OptState(Enum):
    """How far an optimizer has come since the last `update()`."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


class _Turn:
    """What happened to an optimizer since the last `update()`."""

    def __init__(self) -> None:
        self.stage = OptState.READY
        self.found: bool | None = None  # whether a gradient was infinite or NaN; None before they were looked at


class GradScaler:
    """Scales a loss, and what follows from it, for one device; for "cuda", which is not here, it warns and does nothing.

    >>> import autogradkit as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> scaler = torch.amp.GradScaler("cpu")
    >>> scaler.scale((w * 3).sum()).backward()
    >>> w.grad
    tensor([196608.])
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w
    tensor([-0.5000], requires_grad=True)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if device == "cuda" and enabled:
            warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.")
            enabled = False
        self._device = device
        self._enabled = enabled
        if not enabled:
            return
        if growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale = init_scale
        self._scale: Tensor | None = None  # made by the first `scale`
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0  # steps since the scale changed
        self._turns: dict[int, _Turn] = {}  # by the optimizer's id

    # -- the scale ---------------------------------------------------------------------------------------------------

    @entry
    def scale(self, outputs: Any) -> Any:
        """A tensor, or tensors in lists and tuples, times the scale. Raises ValueError for anything else."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if self._scale is None:
                self._scale = autogradkit.full((), self._init_scale, dtype=autogradkit.float32)
            return outputs * self._scale
        if isinstance(outputs, Iterable):
            scaled = map(self.scale, outputs)
            return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else scaled
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _initialized_scale(self, name: str) -> Tensor:
        if self._scale is None:
            raise AssertionError(
                f"Attempted {name} but _scale is None.  This may indicate your script did not use scaler.scale(loss or "
                "outputs) earlier in the iteration."
            )
        return self._scale

    # -- the step ----------------------------------------------------------------------------------------------------

    @entry
    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of the optimizer's parameters by the scale, once before each step; `step` does so itself.

        Raises RuntimeError where that was done already, ValueError for gradients of float16.
        """
        if not self._enabled:
            return
        scale = self._initialized_scale("unscale_")
        turn = self._turns.setdefault(id(optimizer), _Turn())
        if turn.stage == OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if turn.stage == OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        parameters = [each for group in optimizer.param_groups for each in group["params"]]
        gradients = [each.grad for each in parameters if each.grad is not None]
        if any(each.dtype is float16 for each in gradients):
            raise ValueError("Attempting to unscale FP16 gradients.")
        inverse = scale.double().reciprocal().float()
        with no_grad():
            for each in gradients:
                turn.found = bool(turn.found) or not each.isfinite().all()
                each.mul_(inverse)
        turn.stage = OptState.UNSCALED

    @entry
    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step()` with gradients divided by the scale, unless one of them is infinite or NaN."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._initialized_scale("step")
        turn = self._turns.setdefault(id(optimizer), _Turn())
        if turn.stage == OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if turn.stage == OptState.READY:
            self.unscale_(optimizer)
        if turn.found is None:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None if turn.found else optimizer.step(*args, **kwargs)
        turn.stage = OptState.STEPPED
        return result

    @entry
    def update(self, new_scale: float | Tensor | None = None) -> None:
        """End the iteration: after a step that was left out the scale becomes smaller, after enough others it grows."""
        if not self._enabled:
            return
        scale = self._initialized_scale("update")
        if new_scale is not None:
            self._set(scale, new_scale)
        else:
            found = [turn.found for turn in self._turns.values() if turn.found is not None]
            if not found:
                raise AssertionError("No inf checks were recorded prior to update.")
            self._adapt(scale, any(found))
        self._turns = {}

    def _set(self, scale: Tensor, wanted: float | Tensor) -> None:
        if not isinstance(wanted, Tensor):
            scale.fill_(wanted)
            return
        if wanted.device.type != self._device or wanted.numel() != 1 or wanted.requires_grad:
            raise AssertionError(
                "new_scale should be a float or a 1-element torch.cuda.FloatTensor or torch.FloatTensor with "
                "requires_grad=False."
            )
        scale.copy_(wanted)

    def _adapt(self, scale: Tensor, found: bool) -> None:
        if found:
            scale.mul_(self._backoff_factor)
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            if math.isfinite((scale * self._growth_factor).item()):
                scale.mul_(self._growth_factor)
            self._growth_tracker = 0

    # -- what is set -------------------------------------------------------------------------------------------------

    def get_scale(self) -> float:
        """The scale; 1 where nothing is scaled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()

    def get_growth_factor(self) -> float:
        """By what the scale grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set that."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """By what the scale is multiplied after a step that was left out."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set that."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set that."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether anything is scaled."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides the scales to come; empty where nothing is scaled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    @entry
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue where another one was. Raises RuntimeError for the empty state of one that scales nothing."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]
