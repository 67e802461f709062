"""The world of one process: how it begins and ends, and who is in it. Rests on the environment, where `torchrun` writes."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from autogradkit.core.frames import entry


class ProcessGroup:
    """This process."""

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def rank(self) -> int:
        """0."""
        return 0

    def size(self) -> int:
        """1."""
        return 1


class Backend(str):
    """The name of what processes talk through, in small letters; of these "gloo" is here.

    >>> import autogradkit as torch
    >>> torch.distributed.Backend("GLOO"), torch.distributed.Backend.NCCL
    ('gloo', 'nccl')
    """

    UNDEFINED = "undefined"
    GLOO = "gloo"
    NCCL = "nccl"
    UCC = "ucc"
    MPI = "mpi"
    XCCL = "xccl"
    FAKE = "fake"
    backend_list: ClassVar[list[str]] = [UNDEFINED, GLOO, NCCL, XCCL, UCC, MPI, FAKE]

    @entry
    def __new__(cls, name: str) -> str:
        """Raises ValueError for what is no text."""
        if not isinstance(name, str):
            raise ValueError("Backend constructor parameter must be string-ish")
        return name.lower()


class Groups:
    """Where scripts find the group of all: `group.WORLD`, None before there is one."""

    WORLD: ProcessGroup | None = None


def is_available() -> bool:
    """True."""
    return True


is_gloo_available = is_available


def is_nccl_available() -> bool:
    """False."""
    return False


is_mpi_available = is_ucc_available = is_xccl_available = is_nccl_available


def is_backend_available(backend: str) -> bool:
    """Whether it is "gloo"."""
    return backend.lower() == "gloo"


def is_torchelastic_launched() -> bool:
    """Whether `torchrun` started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_initialized() -> bool:
    """Whether `init_process_group` was called."""
    return Groups.WORLD is not None


@entry
def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Begin, in a world of one process. Raises RuntimeError for a world of more; PyTorch's errors for what is missing.

    >>> init_process_group("gloo", "tcp://127.0.0.1:29500", world_size=1, rank=0)
    >>> get_rank(), get_world_size()
    (0, 1)
    >>> destroy_process_group()
    """
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    if store is None:
        rank, world_size = _rendezvous(init_method or "env://", rank, world_size)
    else:
        assert init_method is None, "Cannot specify both init_method and store."
        assert world_size > 0, "world_size must be positive if using store"
        assert rank >= 0, "rank must be non-negative if using store"
    if world_size != 1:
        raise RuntimeError(
            f"autogradkit trains in one process, and was asked for one of {world_size}: run the script once, with world_size=1"
        )
    if backend is not None and not is_backend_available(backend):
        raise RuntimeError(f"Distributed package doesn't have {backend.upper()} built in")
    Groups.WORLD = ProcessGroup("undefined" if backend is None else backend.lower())


def _rendezvous(method: str, rank: int, world_size: int) -> tuple[int, int]:
    """Rank and size of the world, as given, or as the environment has them."""
    scheme = method.partition("://")[0]
    if scheme not in ("env", "tcp", "file"):
        raise RuntimeError(f"No rendezvous handler for {scheme}://")
    prefix = f"Error initializing torch.distributed using {scheme}:// rendezvous: "

    def from_environment(name: str) -> str:
        if name not in os.environ:
            raise ValueError(f"{prefix}environment variable {name} expected, but not set")
        return os.environ[name]

    if scheme == "env":
        rank = int(from_environment("RANK")) if rank < 0 else rank
        world_size = int(from_environment("WORLD_SIZE")) if world_size < 0 else world_size
        from_environment("MASTER_ADDR")
        from_environment("MASTER_PORT")
    for name, value in (("rank", rank), ("world size", world_size)):
        if value < 0:
            raise ValueError(f"{prefix}{name} parameter missing")
    return rank, world_size


@entry
def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """End, or give up a group of `new_group`. Raises AssertionError where nothing began."""
    assert group is not None or is_initialized(), "Process group cannot be None"
    if group in (None, Groups.WORLD):
        Groups.WORLD = None


# -- who is in it ----------------------------------------------------------------------------------------------------------


def require(group: ProcessGroup | None) -> ProcessGroup:
    """The group, or that of all. Raises ValueError before there is one."""
    found = group or Groups.WORLD
    if found is None:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    return found


@entry
def get_rank(group: ProcessGroup | None = None) -> int:
    """0."""
    return require(group).rank()


@entry
def get_world_size(group: ProcessGroup | None = None) -> int:
    """1."""
    return require(group).size()


@entry
def get_backend(group: ProcessGroup | None = None) -> str:
    """What `init_process_group` was given."""
    return require(group).backend


@entry
def new_group(
    ranks: list[int] | None = None,
    timeout: Any = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: str | None = None,
    device_id: Any = None,
    sort_ranks: bool = True,
) -> ProcessGroup:
    """A group of this process. Raises ValueError for one of more."""
    world = require(None)
    if ranks is not None and len(ranks) > 1:
        raise ValueError(
            "the new group's world size should be less or equal to the world size set by init_process_group"
        )
    return ProcessGroup(world.backend if backend is None else backend.lower())


def _same_rank(group: ProcessGroup | None, rank: int, kind: str) -> int:
    """The rank in the other numbering: a group has this one process, or all of them."""
    if group is Groups.WORLD and group is not None:
        return rank
    require_registered(group)
    if rank != 0:
        raise ValueError(f"{kind} rank {rank} is not part of group {group}")
    return 0


@entry
def get_global_rank(group: ProcessGroup | None, group_rank: int) -> int:
    """The number among all processes of the one with this number in a group. Raises ValueError for none of a group's."""
    return _same_rank(group, group_rank, "Group")


@entry
def get_group_rank(group: ProcessGroup | None, global_rank: int) -> int:
    """The number in a group of the process with this number among all. Raises ValueError for none of a group's."""
    return _same_rank(group, global_rank, "Global")


def require_registered(group: ProcessGroup | None) -> None:
    """Raise ValueError for what is no group."""
    if not isinstance(group, ProcessGroup):
        raise ValueError(f"Group {group} is not registered, please create group with torch.distributed.new_group API")


@entry
def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """The number of this process on its machine, as `torchrun` says, or the one given. Raises RuntimeError without both."""
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is None:
        raise RuntimeError(
            "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow `get_node_local_rank` to work, "
            "assuming you are not running in a multi-device context and want the code to run locally instead."
        )
    return fallback_rank


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """[0]."""
    return list(range(require(group).size()))
