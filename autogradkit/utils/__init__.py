"""Helpers around training: `utils.data` feeds a network, `utils.checkpoint` lets a part of it run twice and keep nothing.

`utils.dlpack` hands memory to other libraries, `utils.hooks` has what is said of hooks.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.utils import checkpoint as checkpoint
from autogradkit.utils import data as data
from autogradkit.utils import dlpack as dlpack
from autogradkit.utils import hooks as hooks

__getattr__ = _absent_from("utils")
