"""What spreads a model over several processes: how (`Placement`s), classes of which nothing is made, functions that refuse.

Packages import them to ask whether something is one of them, which nothing is in a world of one process. The modules beside
this one offer them where PyTorch does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(f"autogradkit computes in one process; {name} is for models that are spread over several")


class _Spread:
    """A class that has no objects."""

    @entry
    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        _refuse(type(self).__name__)


class HuggingFaceStorageReader(_Spread):
    """Reads a checkpoint of many parts."""


class HuggingFaceStorageWriter(_Spread):
    """Writes a checkpoint of many parts."""


class DTensor(Tensor):
    """A tensor of which each process has a part."""

    @entry
    def __new__(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _refuse("DTensor")


class DeviceMesh(_Spread):
    """Processes in rows and columns."""


class Placement:
    """How a dimension of processes has a tensor."""


@dataclass(frozen=True)
class Shard(Placement):
    """Each has a part of this dimension."""

    dim: int


@dataclass(frozen=True)
class _StridedShard(Placement):
    """Each has several parts of this dimension, apart from one another."""

    dim: int
    split_factor: int


@dataclass(frozen=True)
class Replicate(Placement):
    """Each has all of it."""


@dataclass(frozen=True)
class Partial(Placement):
    """Each has a part of what is to be reduced."""

    reduce_op: str = "sum"


class FullyShardedDataParallel(_Spread):
    """A module of whose parameters each process has a part."""


class CPUOffloadPolicy(_Spread):
    """Where the parts wait."""


class MixedPrecisionPolicy(_Spread):
    """In which dtypes they are sent."""


class Join(_Spread):
    """A block that processes may leave at different times."""


def _refusing(name: str) -> Callable[..., Any]:
    def refused(*_args: Any, **_kwargs: Any) -> NoReturn:
        _refuse(name)

    refused.__name__ = refused.__qualname__ = name
    return entry(refused)


all_to_all_single_autograd = _refusing("all_to_all_single_autograd")
compute_local_shape_and_global_offset = _refusing("compute_local_shape_and_global_offset")
distribute_module = _refusing("distribute_module")
distribute_tensor = _refusing("distribute_tensor")
fully_shard = _refusing("fully_shard")
init_device_mesh = _refusing("init_device_mesh")
wait_tensor = _refusing("wait_tensor")
