"""Lazy modules: their parameters get their sizes from the first input, and then they are the plain layers.

Rests on the plain layers and on uninitialized parameters (`nn/uninitialized.py`).
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import int64
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules import batchnorm, conv
from autogradkit.nn.modules.linear import Linear
from autogradkit.nn.modules.module import Module, Samples
from autogradkit.nn.uninitialized import UninitializedBuffer, UninitializedParameter, is_lazy

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d",
    "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d",
    "LazyLinear",
]  # fmt: skip


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
                    own.materialize(given.shape)  # type: ignore[union-attr]

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
                self.weight.materialize((self.out_features, features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:  # sizes came from a state dict
            if features != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {features} is not equal to in_features from self.weight: "
                    f"{self.weight.shape[-1]}"
                )
            self.in_features = features


class _LazyConv(LazyModuleMixin):
    """What lazy convolutions share: `in_channels` comes from the input."""

    def reset_parameters(self) -> None:
        """Draw the initial values anew, once there are sizes."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    @entry
    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        """Take `in_channels` from the input."""
        if not self.has_uninitialized_params():
            return
        channels = self.in_channels = self._get_in_channels(input)
        if channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        first, second = (channels, self.out_channels) if self.transposed else (self.out_channels, channels)
        self.weight.materialize((first, second // self.groups, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _get_in_channels(self, input: Tensor) -> int:
        dims = len(self.kernel_size)
        if input.dim() not in (dims + 1, dims + 2):
            raise RuntimeError(
                f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {type(self).__name__}, but got input of "
                f"size: {input.shape}"
            )
        return input.shape[1] if input.dim() == dims + 2 else input.shape[0]


class LazyConv1d(_LazyConv, conv.Conv1d):
    """A `Conv1d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConv1d(6, 2)(torch.ones(8, 1, 3)).shape
    torch.Size([8, 6, 2])
    """

    cls_to_become = conv.Conv1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConv1d(4, 2, padding=1), m.randn(2, 3, 5)),
            (m.nn.LazyConv1d(4, 2, groups=2, bias=False), m.randn(2, 5)),
        ]

    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        dilation: conv.Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device=device, dtype=dtype
        )
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class LazyConv2d(_LazyConv, conv.Conv2d):
    """A `Conv2d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConv2d(6, 2)(torch.ones(8, 1, 3, 3)).shape
    torch.Size([8, 6, 2, 2])
    """

    cls_to_become = conv.Conv2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConv2d(4, 2, padding=1), m.randn(2, 3, 5, 4)),
            (m.nn.LazyConv2d(4, 2, groups=2, bias=False), m.randn(2, 5, 4)),
        ]

    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        dilation: conv.Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device=device, dtype=dtype
        )
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class LazyConv3d(_LazyConv, conv.Conv3d):
    """A `Conv3d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConv3d(6, 2)(torch.ones(8, 1, 3, 3, 3)).shape
    torch.Size([8, 6, 2, 2, 2])
    """

    cls_to_become = conv.Conv3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConv3d(4, 2, padding=1), m.randn(2, 3, 3, 3, 4)),
            (m.nn.LazyConv3d(4, 2, groups=2, bias=False), m.randn(2, 3, 3, 4)),
        ]

    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        dilation: conv.Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device=device, dtype=dtype
        )
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class LazyConvTranspose1d(_LazyConv, conv.ConvTranspose1d):
    """A `ConvTranspose1d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConvTranspose1d(2, 2)(torch.ones(1, 3, 3)).shape
    torch.Size([1, 2, 4])
    """

    cls_to_become = conv.ConvTranspose1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConvTranspose1d(4, 2, padding=1), m.randn(2, 3, 5)),
            (m.nn.LazyConvTranspose1d(4, 2, groups=2, bias=False), m.randn(2, 5)),
        ]

    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        output_padding: conv.Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: conv.Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        super().__init__(0, 0, *how, device=device, dtype=dtype)
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class LazyConvTranspose2d(_LazyConv, conv.ConvTranspose2d):
    """A `ConvTranspose2d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConvTranspose2d(2, 2)(torch.ones(1, 3, 3, 3)).shape
    torch.Size([1, 2, 4, 4])
    """

    cls_to_become = conv.ConvTranspose2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConvTranspose2d(4, 2, padding=1), m.randn(2, 3, 5, 4)),
            (m.nn.LazyConvTranspose2d(4, 2, groups=2, bias=False), m.randn(2, 5, 4)),
        ]

    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        output_padding: conv.Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: conv.Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        super().__init__(0, 0, *how, device=device, dtype=dtype)
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class LazyConvTranspose3d(_LazyConv, conv.ConvTranspose3d):
    """A `ConvTranspose3d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConvTranspose3d(2, 2)(torch.ones(1, 3, 3, 3, 3)).shape
    torch.Size([1, 2, 4, 4, 4])
    """

    cls_to_become = conv.ConvTranspose3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConvTranspose3d(4, 2, padding=1), m.randn(2, 3, 3, 3, 4)),
            (m.nn.LazyConvTranspose3d(4, 2, groups=2, bias=False), m.randn(2, 3, 3, 4)),
        ]

    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        output_padding: conv.Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: conv.Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        super().__init__(0, 0, *how, device=device, dtype=dtype)
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class _LazyNorm(LazyModuleMixin, batchnorm.Norm):
    """What lazy norms share: `num_features` comes from the input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device=device, dtype=dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._make_lazy("weight", affine, device, dtype)
        self._make_lazy("bias", affine and bias, device, dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor.owner(0, dtype=int64, device=device)

    def reset_parameters(self) -> None:
        """Set weights, biases and running statistics anew, once there are sizes."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Take `num_features` from the input."""
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        for each in [*self._parameters.values(), *self._buffers.values()]:
            if is_lazy(each):
                each.materialize((self.num_features,))  # type: ignore[union-attr]
        self.reset_parameters()


class LazyBatchNorm1d(_LazyNorm, batchnorm.BatchNorm1d):
    """A `BatchNorm1d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyBatchNorm1d()
    >>> layer(torch.ones(3, 2, 4)).shape, layer.num_features
    (torch.Size([3, 2, 4]), 2)
    """

    cls_to_become = batchnorm.BatchNorm1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyBatchNorm1d(), m.randn(3, 2, 4)),
            (m.nn.LazyBatchNorm1d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4)),
        ]


class LazyBatchNorm2d(_LazyNorm, batchnorm.BatchNorm2d):
    """A `BatchNorm2d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyBatchNorm2d()
    >>> layer(torch.ones(3, 2, 4, 2)).shape, layer.num_features
    (torch.Size([3, 2, 4, 2]), 2)
    """

    cls_to_become = batchnorm.BatchNorm2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyBatchNorm2d(), m.randn(3, 2, 4, 2)),
            (m.nn.LazyBatchNorm2d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4, 2)),
        ]


class LazyBatchNorm3d(_LazyNorm, batchnorm.BatchNorm3d):
    """A `BatchNorm3d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyBatchNorm3d()
    >>> layer(torch.ones(3, 2, 2, 2, 2)).shape, layer.num_features
    (torch.Size([3, 2, 2, 2, 2]), 2)
    """

    cls_to_become = batchnorm.BatchNorm3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyBatchNorm3d(), m.randn(3, 2, 2, 2, 2)),
            (m.nn.LazyBatchNorm3d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 2, 2, 2)),
        ]


class LazyInstanceNorm1d(_LazyNorm, batchnorm.InstanceNorm1d):
    """A `InstanceNorm1d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyInstanceNorm1d()
    >>> layer(torch.ones(3, 2, 4)).shape, layer.num_features
    (torch.Size([3, 2, 4]), 2)
    """

    cls_to_become = batchnorm.InstanceNorm1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyInstanceNorm1d(), m.randn(3, 2, 4)),
            (m.nn.LazyInstanceNorm1d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4)),
        ]


class LazyInstanceNorm2d(_LazyNorm, batchnorm.InstanceNorm2d):
    """A `InstanceNorm2d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyInstanceNorm2d()
    >>> layer(torch.ones(3, 2, 4, 2)).shape, layer.num_features
    (torch.Size([3, 2, 4, 2]), 2)
    """

    cls_to_become = batchnorm.InstanceNorm2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyInstanceNorm2d(), m.randn(3, 2, 4, 2)),
            (m.nn.LazyInstanceNorm2d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4, 2)),
        ]


class LazyInstanceNorm3d(_LazyNorm, batchnorm.InstanceNorm3d):
    """A `InstanceNorm3d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyInstanceNorm3d()
    >>> layer(torch.ones(3, 2, 2, 2, 2)).shape, layer.num_features
    (torch.Size([3, 2, 2, 2, 2]), 2)
    """

    cls_to_become = batchnorm.InstanceNorm3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyInstanceNorm3d(), m.randn(3, 2, 2, 2, 2)),
            (m.nn.LazyInstanceNorm3d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 2, 2, 2)),
        ]
