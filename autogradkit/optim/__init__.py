"""Optimizers: what turns gradients into steps, with parameter groups, hooks and saved state; schedules of the learning rate in
`lr_scheduler`, averages of weights in `swa_utils`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.optim import lr_scheduler, swa_utils
from autogradkit.optim.adadelta import Adadelta
from autogradkit.optim.adafactor import Adafactor
from autogradkit.optim.adagrad import Adagrad
from autogradkit.optim.adam import Adam
from autogradkit.optim.adamax import Adamax
from autogradkit.optim.adamw import AdamW
from autogradkit.optim.asgd import ASGD
from autogradkit.optim.lbfgs import LBFGS
from autogradkit.optim.muon import Muon
from autogradkit.optim.nadam import NAdam
from autogradkit.optim.optimizer import Optimizer
from autogradkit.optim.radam import RAdam
from autogradkit.optim.rmsprop import RMSprop
from autogradkit.optim.rprop import Rprop
from autogradkit.optim.sgd import SGD
from autogradkit.optim.sparse_adam import SparseAdam

# Each would stand where somebody looks for its class, `torch.optim.adam(...)`; PyTorch's are imported by their whole names, too.
del adadelta, adafactor, adagrad, adam, adamax, adamw, asgd, lbfgs  # pyright: ignore[reportUndefinedVariable]  # noqa: F821
del muon, nadam, optimizer, radam, rmsprop, rprop, sgd, sparse_adam  # pyright: ignore[reportUndefinedVariable]  # noqa: F821

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SparseAdam",
    "lr_scheduler",
    "swa_utils",
]

__getattr__ = _absent_from("optim")
