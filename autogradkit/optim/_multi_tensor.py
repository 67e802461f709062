"""PyTorch's `torch.optim._multi_tensor`: its optimizers with `foreach=True`, as programs of older versions name them."""

from __future__ import annotations

from functools import partialmethod
from typing import Any

from autogradkit import optim


def _on_lists(kind: type[optim.Optimizer]) -> Any:
    return type("NewCls", (kind,), {"__init__": partialmethod(kind.__init__, foreach=True)})


Adadelta, Adagrad, Adam, AdamW = map(_on_lists, (optim.Adadelta, optim.Adagrad, optim.Adam, optim.AdamW))
Adamax, ASGD, NAdam, RAdam = map(_on_lists, (optim.Adamax, optim.ASGD, optim.NAdam, optim.RAdam))
RMSprop, Rprop, SGD = map(_on_lists, (optim.RMSprop, optim.Rprop, optim.SGD))
