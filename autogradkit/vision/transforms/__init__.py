"""What is done to a picture before a network sees it, under torchvision's names, for PIL images and for tensors.

Functions are in `functional`; here are the classes that draw their arguments at random, and what is made of several.
`v2`, loaded when it is named, has those that take boxes, masks and labels along.
"""

import importlib as _importlib
import sys as _sys
from typing import Any as _Any

from autogradkit.core.absent import lookup_error as _lookup_error
from autogradkit.vision.transforms import functional as functional
from autogradkit.vision.transforms.autoaugment import *
from autogradkit.vision.transforms.transforms import *


def __getattr__(name: str) -> _Any:
    if name == "v2":
        return _importlib.import_module("autogradkit.vision.transforms.v2")
    raise _lookup_error("vision.transforms", name, _sys._getframe(1))
