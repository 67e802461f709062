"""Steps of the optimizers on lists of tensors that somebody else keeps, together as in PyTorch's `torch.optim._functional`.

Each stands in its optimizer's file. Optimizers of users' own call them.
"""

from autogradkit.optim.adadelta import adadelta
from autogradkit.optim.adagrad import adagrad
from autogradkit.optim.adam import adam
from autogradkit.optim.adamax import adamax
from autogradkit.optim.adamw import adamw
from autogradkit.optim.asgd import asgd
from autogradkit.optim.nadam import nadam
from autogradkit.optim.radam import radam
from autogradkit.optim.rmsprop import rmsprop
from autogradkit.optim.rprop import rprop
from autogradkit.optim.sgd import sgd
from autogradkit.optim.sparse_adam import sparse_adam

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "asgd",
    "nadam",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
    "sparse_adam",
]
