"""Schedules of the learning rate: `scheduler.step()` after each epoch sets it in every group of the optimizer."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.optim.lr_scheduler.base import EPOCH_DEPRECATION_WARNING as EPOCH_DEPRECATION_WARNING
from autogradkit.optim.lr_scheduler.base import LRScheduler
from autogradkit.optim.lr_scheduler.base import _enable_get_lr_call as _enable_get_lr_call
from autogradkit.optim.lr_scheduler.base import _LRScheduler as _LRScheduler
from autogradkit.optim.lr_scheduler.base import _warn_get_lr_called_within_step as _warn_get_lr_called_within_step
from autogradkit.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from autogradkit.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from autogradkit.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from autogradkit.optim.lr_scheduler.factors import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from autogradkit.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

__getattr__ = _absent_from("optim.lr_scheduler")
