"""What a DataLoader and its worker processes say to each other: tasks one way; batches, errors and ends the other way.

Rests on tensors and on `multiprocessing`'s pickling. Tensors go as copies, where PyTorch moves them to shared memory.
"""

from __future__ import annotations

import io
import pickle
import sys
import traceback
from enum import Enum
from multiprocessing.reduction import ForkingPickler
from typing import Any

from autogradkit.core.frames import shorten
from autogradkit.core.tensor import Tensor


class Signal(Enum):
    """What is said instead of a task or a batch."""

    RESUME = "another pass begins"  # and the answer to it
    ENDED = "this worker's stream has no more"


class _Verbatim(str):
    """A message that KeyError, which shows the repr of its argument, leaves as it is."""

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """An error of a worker, as it travels: its class, and its traceback as text, with the learner's frames."""

    def __init__(self, error: BaseException, worker: int) -> None:
        shorten(error)
        original = "".join(traceback.format_exception(error))
        self.text = f"Caught {type(error).__name__} in DataLoader worker process {worker}.\nOriginal {original}"
        self.kind: Any = type(error) if _is_known_by_name(type(error)) else RuntimeError

    def error(self) -> BaseException:
        """An error of that class with that text; a RuntimeError where such a class wants other arguments."""
        if getattr(self.kind, "message", None):
            return self.kind(message=self.text)
        try:
            return self.kind(_Verbatim(self.text) if self.kind is KeyError else self.text)
        except Exception:  # whatever a learner's class makes of one argument
            return RuntimeError(self.text)


def _is_known_by_name(kind: type) -> bool:
    """Whether another process can find the class, which one made in a function it cannot."""
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind


class _Pickler(ForkingPickler):
    """Sends of a tensor that looks at a part of its storage (a row of all data) that part only."""

    def reducer_override(self, obj: Any, /) -> Any:
        if not isinstance(obj, Tensor) or obj.is_sparse:
            return NotImplemented
        if obj.requires_grad and not obj.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing "
                "process boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing "
                "(e.g., putting it on the queue)."
            )
        if obj._memory.nbytes < obj.untyped_storage().nbytes():
            rest, (kind, _, requires_grad, *_), state = obj.__reduce_ex__(4)
            _, (_, geometry, _), _ = obj.detach().clone().__reduce_ex__(4)
            return rest, (kind, geometry, requires_grad), state
        return NotImplemented


def packed(message: Any) -> bytes:
    """A message as bytes. Raises whatever pickling raises."""
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(message)
    return file.getvalue()
