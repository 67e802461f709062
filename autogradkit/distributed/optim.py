"""`torch.distributed.optim`: optimizers whose state several processes share out among them."""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit.core.frames import entry


class ZeroRedundancyOptimizer:
    """An optimizer whose state is shared out: not here, where one process has all of it. Raises NotImplementedError."""

    @entry
    def __init__(self, *_args: Any, **_options: Any) -> NoReturn:
        raise NotImplementedError("one process has nothing to share out: step with the optimizer itself")
