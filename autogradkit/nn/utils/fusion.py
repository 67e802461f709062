"""A norm by channel folded into the layer before it, for evaluation: one layer that computes what both did."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from autogradkit._ops.making.filled import ones_like, zeros_like
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module

M = TypeVar("M", bound=Module)


def _require_evaluation(layer: Module, norm: Any) -> None:
    if layer.training or norm.training:
        raise AssertionError("Fusion only for eval!")


def _statistics(norm: Any) -> tuple[Tensor, Tensor, float]:
    if norm.running_mean is None or norm.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return norm.running_mean, norm.running_var, norm.eps


@entry
def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """A copy of a convolution that also does what the batch norm after it does in evaluation.

    Raises AssertionError for layers in training, and for a norm without running statistics.

    >>> import autogradkit as torch
    >>> conv, norm = torch.nn.Conv2d(1, 2, 3).eval(), torch.nn.BatchNorm2d(2).eval()
    >>> x = torch.ones(1, 1, 4, 4)
    >>> torch.allclose(torch.nn.utils.fuse_conv_bn_eval(conv, norm)(x), norm(conv(x)), atol=1e-6)
    True
    """
    _require_evaluation(conv, bn)
    fused: Any = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, *_statistics(bn), bn.weight, bn.bias, transpose
    )
    return fused


@entry
def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Any,
    bn_rv: Any,
    bn_eps: float,
    bn_w: Any,
    bn_b: Any,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """(weight, bias) of a convolution with a norm's weight, bias and running statistics in them.

    >>> import autogradkit as torch
    >>> one = torch.ones(1)
    >>> weight, bias = torch.nn.utils.fuse_conv_bn_weights(torch.ones(1, 1, 1), None, one, one, 0.0, one * 3, one)
    >>> weight.item(), bias.item()
    (3.0, -2.0)
    """
    bias: Any = zeros_like.owner(bn_rm) if conv_b is None else conv_b
    dtype = conv_w.dtype if conv_b is None else bias.dtype
    scale = (bn_rv + bn_eps).rsqrt()
    weight = ones_like.owner(bn_rm) if bn_w is None else bn_w
    shift = zeros_like.owner(bn_rm) if bn_b is None else bn_b
    by_output = [1, -1] if transpose else [-1, 1]
    fused = conv_w * (weight * scale).reshape(by_output + [1] * (len(conv_w.shape) - 2))
    moved = (bias - bn_rm) * scale * weight + shift
    return Parameter(fused.to(conv_w.dtype), conv_w.requires_grad), Parameter(moved.to(dtype), bias.requires_grad)


@entry
def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """A copy of a linear layer that also does what the batch norm after it does in evaluation.

    Raises AssertionError for layers in training, for a norm of other features, and for one without running statistics.

    >>> import autogradkit as torch
    >>> linear, norm = torch.nn.Linear(3, 2).eval(), torch.nn.BatchNorm1d(2).eval()
    >>> x = torch.ones(1, 3)
    >>> torch.allclose(torch.nn.utils.fuse_linear_bn_eval(linear, norm)(x), norm(linear(x)), atol=1e-6)
    True
    """
    _require_evaluation(linear, bn)
    fused: Any = copy.deepcopy(linear)
    if fused.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features="
            f"{fused.out_features} and bn.num_features={bn.num_features}"
        )
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, *_statistics(bn), bn.weight, bn.bias)
    return fused


@entry
def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Parameter, Parameter]:
    """(weight, bias) of a linear layer with a norm's weight, bias and running statistics in them.

    >>> import autogradkit as torch
    >>> one = torch.ones(1)
    >>> weight, bias = torch.nn.utils.fuse_linear_bn_weights(torch.ones(1, 1), None, one, one, 0.0, one * 3, one)
    >>> weight.item(), bias.item()
    (3.0, -2.0)
    """
    bias: Any = zeros_like.owner(bn_rm) if linear_b is None else linear_b
    dtype = linear_w.dtype if linear_b is None else bias.dtype
    scale = bn_w * (bn_rv + bn_eps).rsqrt()
    fused: Any = linear_w * scale.unsqueeze(-1).to(linear_w.dtype)
    moved = (bias - bn_rm) * scale + bn_b
    return Parameter(fused, linear_w.requires_grad), Parameter(moved.to(dtype), bias.requires_grad)
