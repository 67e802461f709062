"""What spreads a model over several processes: how (`Placement`s), classes of which nothing is made, functions that refuse.

Packages import them to ask whether something is one of them, which nothing is in a world of one process. The modules beside
this one offer them where PyTorch does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    def is_shard(self, dim: int | None = None) -> bool:
        """Whether each has a part of a dimension, or of this one."""
        return isinstance(self, Shard) and dim in (None, self.dim)

    def is_replicate(self) -> bool:
        """Whether each has all of it."""
        return isinstance(self, Replicate)

    def is_partial(self, reduce_op: str | None = None) -> bool:
        """Whether each has a part of what is to be reduced, or reduced so."""
        return isinstance(self, Partial) and reduce_op in (None, self.reduce_op)


@dataclass(frozen=True)
class Shard(Placement):
    """Each has a part of this dimension."""

    dim: int

    def __str__(self) -> str:
        return f"S({self.dim})"


@dataclass(frozen=True, repr=False)
class _StridedShard(Placement):
    """Each has several parts of this dimension, apart from one another."""

    dim: int
    split_factor: int

    def __str__(self) -> str:
        return f"_S({self.dim}, {self.split_factor})"

    def __repr__(self) -> str:
        return f"_StridedShard(dim={self.dim}, sf={self.split_factor})"


@dataclass(frozen=True)
class Replicate(Placement):
    """Each has all of it."""

    def __str__(self) -> str:
        return "R"


@dataclass(frozen=True, repr=False)
class Partial(Placement):
    """Each has a part of what is to be reduced."""

    reduce_op: str = "sum"

    def __str__(self) -> str:
        return f"P({self.reduce_op})"

    def __repr__(self) -> str:
        return f"Partial({self.reduce_op})"


class FSDPModule(_Spread):
    """What `fully_shard` makes of a module."""


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


@contextmanager
def implicit_replication() -> Iterator[None]:
    """A block in which a plain tensor beside a `DTensor`, of which there is none, is one that each process has all of."""
    yield
