"""`AdaptiveLogSoftmaxWithLoss`: a softmax over many classes that computes little for the rare ones (Grave et al., 2017)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.container import ModuleList, Sequential
from autogradkit.nn.modules.linear import Linear
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    """The logarithm of the probability of each sample's target, and the loss: minus their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Classes in order of frequency, cut at `cutoffs`: the first are told apart by `head`, each later part by a tail.

    A tail has in_features / div_valueⁱ features. Raises ValueError for cutoffs that do not increase within 1 … n_classes − 1.

    >>> import autogradkit as torch
    >>> m = torch.nn.AdaptiveLogSoftmaxWithLoss(4, 10, cutoffs=[2, 5], div_value=2.0)
    >>> m(torch.ones(3, 4), torch.tensor([0, 4, 9])).output.shape
    torch.Size([3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveLogSoftmaxWithLoss(8, 9, [2, 5], div_value=2.0), m.randn(4, 8), m.tensor([0, 8, 3, 1])),
            (m.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [3], 2.0, head_bias=True), m.randn(4), m.tensor(4)),
        ]

    @entry
    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rises = all(low < high for low, high in itertools.pairwise([0, *cutoffs, n_classes]))
        if not rises or any(int(each) != each for each in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value "
                "is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for part, (low, high) in enumerate(itertools.pairwise(self.cutoffs)):
            hidden = int(in_features // div_value ** (part + 1))
            narrow = Linear(in_features, hidden, False, device, dtype)
            self.tail.append(Sequential(narrow, Linear(hidden, high - low, False, device, dtype)))

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        self.head.reset_parameters()
        for narrow, wide in self.tail:
            narrow.reset_parameters()
            wide.reset_parameters()

    @entry
    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """(the logarithm of the probability of each target, their loss), for (N, in_features) and (N), or one sample."""
        self._check(input_, target_)
        single = target_.dim() == 0
        x, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        count: Any = target.size(0)
        output = x.new_zeros(count)
        in_head = target.new_empty(count)  # the place in the head: a class, or the part that the class is in
        used = 0
        for part, (low, high) in enumerate(itertools.pairwise([0, *self.cutoffs])):
            chosen = (target >= low) & (target < high)
            rows: Any = chosen.nonzero().squeeze()
            if not rows.numel():
                continue
            if part == 0:
                in_head.index_copy_(0, rows, target[chosen])
            else:
                in_head.index_fill_(0, rows, self.shortlist_size + part - 1)
                within = functional.log_softmax(self.tail[part - 1](x.index_select(0, rows)), dim=1)
                own = within.gather(1, (target[chosen] - low).unsqueeze(1))
                output.index_copy_(0, rows, own.squeeze(1))
            used += rows.numel()
        if used != count:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{target.min().item()}, "
                f"{target.max().item()}] were found. "
            )
        in_all = functional.log_softmax(self.head(x), dim=1)
        output += in_all.gather(1, in_head.unsqueeze(1)).squeeze()
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    @staticmethod
    def _check(x: Tensor, target: Tensor) -> None:
        dims = target.dim()
        if dims > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if dims == 1 and x.size(0) != target.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if x.dim() != dims + 1:
            raise RuntimeError(
                f"{dims}D target tensor expects {dims + 1}D input tensors, but found inputs with size {x.size()}"
            )

    def _get_full_log_prob(self, x: Tensor, head: Tensor) -> Tensor:
        out = x.new_empty((head.shape[0], self.n_classes))
        in_all = functional.log_softmax(head, dim=1)
        shortlist = self.shortlist_size
        out[:, :shortlist] = in_all[:, :shortlist]
        for part, (low, high) in enumerate(itertools.pairwise(self.cutoffs)):
            within = functional.log_softmax(self.tail[part](x), dim=1)
            out[:, low:high] = within + in_all[:, shortlist + part].unsqueeze(1)
        return out

    def log_prob(self, input: Tensor) -> Tensor:
        """The logarithms of all classes' probabilities: (N, in_features) → (N, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each sample: (N, in_features) → (N). The tails are asked only where the head names one."""
        head = self.head(input)
        output: Any = head.argmax(dim=1)
        rare = output >= self.shortlist_size
        if rare.all():
            return self._get_full_log_prob(input, head).argmax(dim=1)
        if rare.any():
            output[rare] = self._get_full_log_prob(input[rare], head[rare]).argmax(dim=1)
        return output
