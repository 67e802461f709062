"""`StorageMap`: tensors, their strides and the memory they share, to be walked element by element.

Rests on memory and the storage picture. `%storage a b` makes one, and so does `%why` after a `.view()` that failed; the front
end lights elements and cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from ..tracing.failed_dtype import FailedDtype
from ..tracing.failed_view import FailedView, copied_view
from ..tracing.memory import MemoryMap, memory_map
from ..tracing.render.memory.picture import storage_svg
from ..tracing.render.memory.walk import Hop
from ..tracing.render.memory.words import description, plain, rows, sentences
from .base import PagePicture, static


class StorageMap(PagePicture):
    """The memory behind some tensors, as it was when the map was made. Make it with `storage_map`."""

    _esm = static("storage.js")
    _css = static("storage.css")

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)  # of the tensors, in order
    sentences = traitlets.Dict(value_trait=traitlets.Unicode(), key_trait=traitlets.Unicode()).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)  # key of the chosen element or cell: "t0-3", "s0-4"

    def __init__(self, memory: MemoryMap, heading: str = "", says: str = "", walk: tuple[Hop, ...] = ()) -> None:
        super().__init__()
        self.memory = memory
        self._heading, self._says, self._walk = heading, says, walk
        self.names = [header.name for header in self.memory.headers]
        # What it says stands in the picture, and stays there while one steps.
        first = {"": "Step through the elements, or choose one: the cell where it lies lights up."} if says else {}
        self.sentences = first | sentences(self.memory)
        self.refresh()

    @property
    def element(self) -> tuple[str, tuple[int, ...]] | None:
        """The chosen element as (tensor's name, index); None if none is, or a storage cell is."""
        if not self.selected.startswith("t"):
            return None
        tensor, flat = map(int, self.selected[1:].split("-"))
        header = self.memory.headers[tensor]
        return header.name, header.elements[flat][0]

    def static_svg(self) -> str:
        return self._draw(None)

    def live_svg(self) -> str:
        return self._draw(self.page or None)

    def _draw(self, page: float | None) -> str:
        return storage_svg(self.memory, self._heading, self._says, self._walk, page)

    def alt(self) -> str:
        return f"{self._heading}: {self._says}" if self._says else description(self.memory)

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return rows(self.memory)

    def plain(self) -> str:
        lines = [self._heading, self._says] if self._says else []
        return "\n".join([*lines, plain(self.memory)])


def storage_map(tensors: Mapping[str, Any], names: Mapping[str, Any] | None = None) -> StorageMap:
    """The map of named tensors.

    `names` is a namespace, such as `globals()`: with it the map shows the NumPy arrays that share the memory, and says the
    name of what a view is a view of. Raises ValueError where there is no tensor or more than eight, TypeError for a value
    that is no tensor.

    >>> import autogradkit as torch
    >>> a = torch.arange(6).view(2, 3)
    >>> print(storage_map({"a": a, "b": a.t()}).plain())
    a  2×3  shape (2, 3)  stride (3, 1)  offset 0  → storage 0
    b  3×2  shape (3, 2)  stride (1, 3)  offset 0  → storage 0
    storage 0 (48 bytes): 0 1 2 3 4 5
    """
    return StorageMap(memory_map(tensors, names))


def failed_view_map(failed: FailedView | FailedDtype) -> StorageMap:
    """Why a `.view()` failed, or a `.reshape()` copied: the tensor with the hop that breaks, and beside it the copy."""
    return StorageMap(failed.memory, failed.heading, failed.says, failed.walk())


def sharing_map(name: str, tensor: Any, call: str, result: Any) -> StorageMap:
    """Whether `call`, which gave `result` from `tensor`, copied its elements, and why.

    Raises ValueError where it copied for another reason than strides.

    >>> import autogradkit as torch
    >>> b = torch.arange(6).view(2, 3).t()
    >>> sharing_map("b", b, "b.reshape(6)", b.reshape(6)).alt()[:38]
    'Why b.reshape(6) copies: b.reshape(6) '
    >>> sharing_map("b", b, "b[:, None]", b[:, None]).alt()[:31]
    'Why b[:, None] copies nothing: '
    """
    memory = memory_map({name: tensor, call: result})
    if len(memory.boxes) == 1:
        shown = f"its shape {tuple(result.shape)} and stride {result.stride()} show the memory of {name}"
        says = f"{shown}: an edit of one reaches both."
        return StorageMap(memory, f"Why {call} copies nothing", says)
    same = tuple(result.shape) == tuple(tensor.shape) and result.is_contiguous()
    alike = result.numel() == tensor.numel() and result.dtype is tensor.dtype
    found = copied_view(name, tensor, (tensor.numel(),) if same else tuple(result.shape), call) if alike else None
    if found is None:
        raise ValueError(f"{call} made new elements, which is not for the strides of {name}")
    return failed_view_map(found)
