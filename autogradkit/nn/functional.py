"""Functions of neural networks: what layers compute, without their parameters.

Rests on the declared ops; the modules in `nn.modules` call these. Everything is differentiable.
"""

from __future__ import annotations

import warnings
from typing import Any

from autogradkit._ops.declare.kinds import type_name
from autogradkit._ops.network import activation, conv, loss, padding, pool
from autogradkit._ops.network.dropout import dropout as dropout_
from autogradkit._ops.network.dropout import noise_of
from autogradkit._ops.network.embedding import embedding as _embedding
from autogradkit._ops.network.embedding import embedding_renorm_
from autogradkit._ops.network.embedding import one_hot as _one_hot
from autogradkit._ops.network.likelihood import cross_entropy_loss, nll_loss_nd
from autogradkit._ops.network.linear import linear as _linear
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry, shorten
from autogradkit.core.strides import broadcast_shapes
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad as _no_grad

_REDUCTIONS = {"none": loss.NONE, "mean": loss.MEAN, "sum": loss.SUM}


def _reduction(reduction: str) -> int:
    for name, number in _REDUCTIONS.items():
        if reduction == name:
            return number
    try:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    except ValueError as error:
        shorten(error)
        raise


def reduction_name(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that the two flags of old PyTorch ask for; `reduction` itself where neither is given."""
    if size_average is None and reduce is None:
        return reduction
    chosen = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead.",
        UserWarning,
        stacklevel=4,
    )
    return chosen


# -- layers ------------------------------------------------------------------------------------------------------------


@entry
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The row of `weight` (V, D) that each integer of `input` names: (*) → (*, D).

    The row `padding_idx` receives no gradient; `scale_grad_by_freq` divides each row's gradient by how often it was
    named; `max_norm` first scales the named rows of `weight`, in place, down to that `norm_type`-norm. Raises IndexError
    for a number without a row, NotImplementedError for `sparse=True`.

    >>> import autogradkit as torch
    >>> table = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), table)
    tensor([[1., 2.],
            [0., 0.]])
    """
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx > 0 or padding_idx < 0:
        rows: Any = weight.size(0)
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if max_norm is not None:
        input = input.contiguous()
        with _no_grad():
            given = (weight.detach(), input, max_norm, norm_type)
            embedding_renorm_.in_place_call(*embedding_renorm_.signature.match(given, {}, True))
    return _pick_rows(weight, input, padding_idx, scale_grad_by_freq, sparse)


conv2d = conv.conv2d.made("function")
_relu, _relu_ = activation.relu.owner.made("function"), activation.relu.owner.made("in_place")
linear = _linear.owner.made("function")
one_hot = _one_hot.owner.made("function")
_pool = pool.max_pool2d.owner.made("function")
_pool_with_indices = pool.max_pool2d_with_indices.owner.made("function")
_dropout, _pad = dropout_.owner.made("function"), padding.pad.owner.made("function")
_mse_loss, _l1_loss = loss.mse_loss.owner.made("function"), loss.l1_loss.owner.made("function")
_huber_loss = loss.huber_loss.owner.made("function")
_nll_loss, _cross_entropy = nll_loss_nd.owner.made("function"), cross_entropy_loss.owner.made("function")
_pick_rows = _embedding.owner.made("function")


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if not inplace:
        return _relu(input)
    if not isinstance(input, Tensor):
        raise TypeError(f"relu_(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")
    return _relu_(input)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with a constant `value` (0) around it: (before, after) for the last dimension, then the one before it.

    `mode` may be "reflect", "replicate" or "circular" instead of "constant", for the last one, two or three dimensions of a
    tensor that has one or two more. A negative number cuts away. Raises RuntimeError where the tensor is too small for it.

    >>> import autogradkit as torch
    >>> torch.nn.functional.pad(torch.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    return _pad(input, pad, mode, value)


def tanh(input: Tensor) -> Tensor:
    """tanh x, elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.functional.tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.functional.sigmoid(torch.tensor([0.0]))
    tensor([0.5000])
    """
    return input.sigmoid()


def _max_pool2d(  # the name that PyTorch's refusals say
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of images (N, C, H, W) or (C, H, W); see `autogradkit.max_pool2d`.

    `return_indices` also gives the positions in the H·W plane.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(4.0).reshape(1, 2, 2), 2)
    tensor([[[3.]]])
    """
    pooled = _pool_with_indices if return_indices else _pool
    return pooled(input, kernel_size, () if stride is None else stride, padding, dilation, ceil_mode)


max_pool2d = _max_pool2d
max_pool2d.__name__ = "max_pool2d"


@entry
def _softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """eˣ / Σ eˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.softmax(torch.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    chosen = _softmax_dim("softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.softmax(chosen, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """log(softmax(x)) along `dim`, computed without overflow.

    >>> import autogradkit as torch
    >>> torch.nn.functional.log_softmax(torch.zeros(2), dim=0)
    tensor([-0.6931, -0.6931])
    """
    chosen = _softmax_dim("log_softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.log_softmax(chosen, dtype=dtype)


@entry
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the input itself.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.functional.dropout(torch.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not inplace:
        return _dropout(input, p, training)
    noise = noise_of(input, p, training)
    return input if noise is None else input.mul_(noise)


# -- losses ------------------------------------------------------------------------------------------------------------


@entry
def _same_size(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both operands broadcast against each other; a warning where that changes one, as it is mostly a mistake."""
    if target.size() != input.size():
        warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will likely "
            "lead to incorrect results due to broadcasting. Please ensure they have the same size."
        )
        common = broadcast_shapes(input._array.shape, target._array.shape)
        return input.expand(common), target.expand(common)
    return input, target


@entry
def _weighted(losses: Any, input: Tensor, weight: Any, reduction: str) -> Any:
    if weight.size() != input.size():
        raise ValueError("Weights and input must have the same size.")
    weighted = losses * weight
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or "sum", or "none") of (input − target)², each times `weight` if given.

    >>> import autogradkit as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(2.)
    """
    a, b = _same_size(input, target)
    reduction = reduction_name(size_average, reduce, reduction)
    if weight is None:
        return _mse_loss(a, b, _reduction(reduction))
    return _weighted((a - b) ** 2, input, weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or "sum", or "none") of |input − target|, each times `weight` if given.

    >>> import autogradkit as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(1.)
    """
    a, b = _same_size(input, target)
    reduction = reduction_name(size_average, reduce, reduction)
    if weight is None:
        return _l1_loss(a, b, _reduction(reduction))
    return _weighted((a - b).abs(), input, weight, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """(input − target)² / 2 where they are nearer than `delta`, else delta · (|input − target| − delta / 2).

    The mean (or "sum", or "none"), each times `weight` if given. Raises RuntimeError for a `delta` that is not positive.

    >>> import autogradkit as torch
    >>> torch.nn.functional.huber_loss(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 1.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    a, b = _same_size(input, target)
    if weight is None:
        return _huber_loss(a, b, _reduction(reduction), delta)
    losses = _huber_loss(a, b, loss.NONE, delta)
    if reduction == "mean":
        return _weighted(losses, input, weight, "none").mean()
    return _weighted(losses, input, weight, reduction)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """−weight[target] · input[target] for log-probabilities (N, C), (C) or (N, C, ...) and class indices.

    "mean" divides by the sum of the weights; targets equal to `ignore_index` do not count. Raises IndexError for a class
    that does not exist, ValueError or RuntimeError where the shapes do not fit.

    >>> import autogradkit as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1.0, -2.0]]), torch.tensor([1]))
    tensor(2.)
    """
    reduction = reduction_name(size_average, reduce, reduction)
    return _nll_loss(input, target, weight, _reduction(reduction), ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of logits (N, C, ...) or (C) against class indices, or against class probabilities.

    It applies log_softmax itself. `label_smoothing` mixes the targets with the uniform distribution. Raises as `nll_loss`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """
    reduction = reduction_name(size_average, reduce, reduction)
    return _cross_entropy(input, target, weight, _reduction(reduction), ignore_index, label_smoothing)


__getattr__ = _absent_from("nn.functional")
