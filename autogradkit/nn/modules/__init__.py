"""The modules of `nn`, one family a file."""

from autogradkit.nn.modules.container import ModuleDict, ModuleList, ParameterList, Sequential
from autogradkit.nn.modules.conv import Conv2d
from autogradkit.nn.modules.layers import (
    Dropout,
    Flatten,
    LogSoftmax,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
    Unflatten,
)
from autogradkit.nn.modules.linear import Identity, Linear
from autogradkit.nn.modules.loss import CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from autogradkit.nn.modules.module import Module

__all__ = [
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Identity",
    "L1Loss",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "ParameterList",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Unflatten",
]
