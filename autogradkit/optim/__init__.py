"""Optimizers: what turns gradients into steps. `SGD`, `Adam` and `AdamW`, with parameter groups and saved
state, and schedules of the learning rate in `lr_scheduler`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.optim import lr_scheduler
from autogradkit.optim.adam import Adam, AdamW
from autogradkit.optim.optimizer import Optimizer
from autogradkit.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]

__getattr__ = _absent_from("optim")
