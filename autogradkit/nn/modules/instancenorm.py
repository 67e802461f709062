"""Norms of each channel of each sample, which may keep running statistics: `InstanceNorm1d` … `InstanceNorm3d`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn import functional
from autogradkit.nn.modules.batchnorm import _NormBase
from autogradkit.nn.modules.module import Samples

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """The input standardised; one sample without its batch dimension is taken too."""
        self._check_input_dim(input)
        single = input.dim() == self._dimensions[0]
        at = 0 if single else 1
        channels = input.size(at)
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={at} to match num_features ({self.num_features}), but got: {channels}."
                )
            warn(
                f"input's size at dim={at} does not match num_features. You can silence this warning by not passing in "
                "num_features, which is not used because affine=False"
            )
        return self._apply_norm(input.unsqueeze(0)).squeeze(0) if single else self._apply_norm(input)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        stale = [name for name in ("running_mean", "running_var") if prefix + name in state_dict]
        if local_metadata.get("version") is None and not self.track_running_stats and stale:
            *_, problems = rest
            names, own = " and ".join(f'"{prefix}{name}"' for name in stale), type(self).__name__
            problems.append(
                f"Unexpected running stats buffer(s) {names} for {own} with track_running_stats=False. If state_dict is a "
                f"checkpoint saved before 0.4.0, this may be expected because {own} does not track running stats by default "
                "since 0.4.0. Please remove these keys from state_dict. If the running stats are actually needed, instead set "
                f"track_running_stats=True in {own} to enable them. See the documentation of {own} for details."
            )
            for name in stale:
                del state_dict[prefix + name]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def _apply_norm(self, input: Tensor) -> Tensor:
        own = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        stats = self.running_mean, self.running_var
        return functional.instance_norm(input, *stats, self.weight, self.bias, own, momentum, self.eps)


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample standardised over its places; see `functional.instance_norm`.

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.InstanceNorm1d(3)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    _dimensions = (2, 3)
    _expected = "2D or 3D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.InstanceNorm1d(3), m.randn(2, 3, 4)),
            (m.nn.InstanceNorm1d(3, affine=True, track_running_stats=True), m.randn(2, 3, 4)),
            (m.nn.InstanceNorm1d(3), m.randn(3, 4)),
        ]


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample standardised over its places; see `functional.instance_norm`.

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.InstanceNorm2d(3)(torch.ones(2, 3, 4, 2)).shape
    torch.Size([2, 3, 4, 2])
    """

    _dimensions = (3, 4)
    _expected = "3D or 4D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.InstanceNorm2d(3), m.randn(2, 3, 4, 2)),
            (m.nn.InstanceNorm2d(3, affine=True, track_running_stats=True), m.randn(2, 3, 4, 2)),
            (m.nn.InstanceNorm2d(3), m.randn(3, 4, 2)),
        ]


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each sample standardised over its places; see `functional.instance_norm`.

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.InstanceNorm3d(3)(torch.ones(2, 3, 2, 2, 2)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    _dimensions = (4, 5)
    _expected = "4D or 5D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.InstanceNorm3d(3), m.randn(2, 3, 2, 2, 2)),
            (m.nn.InstanceNorm3d(3, affine=True, track_running_stats=True), m.randn(2, 3, 2, 2, 2)),
            (m.nn.InstanceNorm3d(3), m.randn(3, 2, 2, 2)),
        ]
