"""`StrideExplorer`: sliders for offset, sizes and strides on the storage of a learner's own tensor.

Rests on `tracing.explore` and the storage picture. `%strides a` makes one; the front end moves the sliders, and draws,
says and prints what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import traitlets

from ..tracing.explore import Explored, explore
from ..tracing.layouts import layout_of
from ..tracing.memory import MemoryMap, memory_map
from ..tracing.render.memory.picture import storage_svg
from ..tracing.render.memory.words import cells_read, plain, rows, sentences
from ..tracing.strided import Layout
from .base import PagePicture, static

SLIDER = 12  # how far sizes and strides reach at least, on a storage of that many cells
LEAST_STRIDE = -2  # what is refused can be tried
MOST_DIMS = 4


class StrideExplorer(PagePicture):
    """The storage of one tensor under any offset, sizes and strides. Make it with `stride_explorer`.

    `setting` is {"offset": int, "sizes": [int, ...], "strides": [int, ...]}, counted in elements; setting it moves the
    sliders. `tensor` is what it makes of the storage, with the learner's own memory behind it.
    """

    _esm = static("strides.js")
    _css = static("strides.css")

    setting = traitlets.Dict().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)  # the tensor's own
    limits = traitlets.Dict().tag(sync=True)  # of the sliders
    call = traitlets.Unicode().tag(sync=True)
    spelled = traitlets.Unicode().tag(sync=True)  # "a.t()"; "" where nothing but the call is known
    printed = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)  # why it is refused, in words
    refusal = traitlets.Unicode().tag(sync=True)  # what the library says of it
    sentences = traitlets.Dict(value_trait=traitlets.Unicode(), key_trait=traitlets.Unicode()).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)  # key of the chosen element or cell: "t0-3", "s0-4"

    def __init__(self, name: str, tensor: Any, library: str = "torch") -> None:
        super().__init__()
        box = memory_map({name: tensor}).boxes[0]
        self._name, self._own, self._library = name, tensor, library
        own = layout_of(tensor)
        reach = min(box.size, SLIDER)
        self.limits = {
            "offset": max(box.size, own.offset),
            "size": max(reach, 4, *own.shape),
            "least_stride": LEAST_STRIDE,
            "stride": max(reach, 4, *own.stride),
            "dims": max(MOST_DIMS, len(own.shape)),
        }
        self.start = {"offset": own.offset, "sizes": list(own.shape), "strides": list(own.stride)}
        self.explored: Explored
        self.setting = self.start

    @property
    def tensor(self) -> Any:
        """What the setting makes of the storage: a view that shares the memory; None where it is refused."""
        return self.explored.tensor

    @traitlets.validate("setting")
    def _check(self, proposal: Any) -> Any:
        given = proposal["value"]
        whole = isinstance(given, dict) and set(given) == {"offset", "sizes", "strides"}
        numbers = [given["offset"], *given["sizes"], *given["strides"]] if whole else [None]
        if not all(type(each) is int for each in numbers) or len(given["sizes"]) != len(given["strides"]):
            raise traitlets.TraitError(
                'a setting is {"offset": int, "sizes": [int, ...], "strides": [int, ...]} with a stride for each size, '
                f"got {given!r}"
            )
        if min(given["offset"], *given["sizes"], 0) < 0:
            raise traitlets.TraitError(f"an offset or a size below 0 means nothing, got {given!r}")
        return given

    @traitlets.observe("setting")
    def _look(self, change: Any) -> None:
        given = self.setting
        wanted = Layout(tuple(given["sizes"]), tuple(given["strides"]), given["offset"])
        self.explored = found = explore(self._name, self._own, wanted, self._library)
        with self.hold_sync():
            self.call, self.spelled, self.printed = found.call, found.spelled or "", found.printed
            self.problem, self.refusal = found.problem, found.refusal
            self.sentences = sentences(found.memory)
            self.refresh()

    def static_svg(self) -> str:
        found = self.explored
        same = f"the same as {found.spelled}" if found.spelled else "no simpler expression is known for it"
        says = f"{found.problem} {found.refusal}" if found.problem else same
        return storage_svg(self._memory(), found.call, says)

    def live_svg(self) -> str:
        # The call and what it gives stand beside the sliders: what is below has the room to be seen with them.
        return storage_svg(self._memory(), page=self.page or None, explored=1)

    def _memory(self) -> MemoryMap:
        """The memory without what no slider changes."""
        found = self.explored.memory
        return replace(found, headers=tuple(replace(each, version=None, made=None) for each in found.headers))

    def alt(self) -> str:
        found = self.explored
        if found.problem:
            return f"{found.call} is refused. {found.problem}"
        same = f", the same as {found.spelled}" if found.spelled else ""
        return f"{found.call}{same}: {cells_read(found.memory.headers[1])}."

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return rows(self.explored.memory)

    def plain(self) -> str:
        found = self.explored
        outcome = [found.problem, found.refusal] if found.problem else [found.printed]
        return "\n".join([found.call, *outcome, plain(found.memory)])


def stride_explorer(name: str, tensor: Any, names: Mapping[str, Any] | None = None) -> StrideExplorer:
    """The explorer of a tensor's storage; `name` is the expression that gives the tensor.

    `names` is a namespace, such as `globals()`: it tells what the library is called there. Raises TypeError for a value
    that is no tensor, ValueError for a name that is no expression.

    >>> import autogradkit as torch
    >>> a = torch.arange(6).view(2, 3)
    >>> view = stride_explorer("a", a)
    >>> view.setting = {"offset": 0, "sizes": [3, 2], "strides": [1, 3]}
    >>> view.call, view.spelled
    ('torch.as_strided(a, (3, 2), (1, 3), 0)', 'a.t()')
    >>> view.tensor
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    try:
        compile(name.strip(), "<name>", "eval")
    except SyntaxError:
        raise ValueError(f"'{name}' is no expression; give the one that makes the tensor") from None
    package = type(tensor).__module__.partition(".")[0]
    modules = (
        each for each, value in (names or {}).items() if isinstance(value, ModuleType) and value.__name__ == package
    )
    return StrideExplorer(name, tensor, next(modules, "torch"))
