"""The module in which PyTorch has its collectives, and by which packages name what `torch.distributed` does not offer."""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.warning import warn as _warn
from autogradkit.distributed.collectives import ReduceOp as ReduceOp
from autogradkit.distributed.collectives import Work as Work
from autogradkit.distributed.world import Groups as _Groups
from autogradkit.distributed.world import ProcessGroup as ProcessGroup
from autogradkit.distributed.world import get_global_rank as get_global_rank
from autogradkit.distributed.world import get_group_rank as get_group_rank
from autogradkit.distributed.world import require as _require

__getattr__ = _absent_from("distributed.distributed_c10d")


@_entry
def _get_default_group() -> ProcessGroup:
    """The group of all. Raises ValueError before there is one."""
    return _require(None)


def _get_global_rank(group: ProcessGroup | None, rank: int) -> int:
    """The older name of `get_global_rank`; None is the group of all, begun or not."""
    _warn(
        "`torch.distributed.distributed_c10d._get_global_rank` is deprecated, please use "
        "`torch.distributed.distributed_c10d.get_global_rank` instead",
        FutureWarning,
    )
    return get_global_rank(group, rank) if group is not None or _Groups.WORLD is not None else rank
