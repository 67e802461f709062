"""A pickle read without running anything that it names, but for what is known to be harmless, or trusted by the user.

PyTorch's opcodes of protocol 2 and nothing else, each checked: what is called is in the list of names, what is changed was
made here. Rests on names; `loading.py` and `legacy.py` use it where only weights are wanted.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import IO, Any

from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.serialization.names import ALLOWED, trusted, with_state

# A tensor of given sizes would be memory that nothing was written of.
_CALLABLE = {id(each) for each in ALLOWED.values() if callable(each) and each is not Tensor}
_BLOCKED = ("sys", "os", "posix", "nt")
_LITERALS: dict[bytes, Callable[[], Any]] = {
    pickle.NONE: lambda: None,
    pickle.NEWTRUE: lambda: True,
    pickle.NEWFALSE: lambda: False,
    pickle.EMPTY_TUPLE: tuple,
    pickle.EMPTY_LIST: list,
    pickle.EMPTY_DICT: dict,
    pickle.EMPTY_SET: set,
}
_PACKED = {pickle.BININT: "<i", pickle.BININT1: "<B", pickle.BININT2: "<H", pickle.BINFLOAT: ">d"}
_TUPLES = {pickle.TUPLE1: 1, pickle.TUPLE2: 2, pickle.TUPLE3: 3}
_INDEXED = {pickle.BINGET: "<B", pickle.LONG_BINGET: "<I", pickle.BINPUT: "<B", pickle.LONG_BINPUT: "<I"}
_LENGTHS = {pickle.BINUNICODE: "<I", pickle.SHORT_BINSTRING: "<B", pickle.SHORT_BINUNICODE: "<B", pickle.LONG1: "<B"}


def ends_early(within: str, file: IO[bytes]) -> EOFError:
    """What a file is refused with that ends within something: PyTorch's error, which has no text."""
    return EOFError(
        f"the file ends within {within}, at byte {file.tell()}: it was cut off or damaged. Load an older copy, or save it again"
    )


class Unpickler:
    """Reads one pickle of a file. `persistent_load` gives what a persistent id stands for."""

    def __init__(self, file: IO[bytes], persistent_load: Callable[[Any], Any]) -> None:
        self._file = file
        self._persistent_load = persistent_load
        self._trusted = trusted()
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The object. Raises UnpicklingError for what is not allowed, or no pickle; EOFError where it ends too early."""
        while True:
            code = self._read(1)
            if code == pickle.STOP:
                return self._pop()
            self._run(code)

    def _read(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) < count:
            raise ends_early("the pickle", self._file)
        return found

    def _unpack(self, form: str) -> Any:
        return struct.unpack(form, self._read(struct.calcsize(form)))[0]

    def _line(self) -> str:
        line = self._file.readline(1024)
        if line[-1:] != b"\n":
            raise ends_early("a name in the pickle", self._file)
        return line[:-1].decode()

    def _pop(self) -> Any:
        if not self._stack:
            raise pickle.UnpicklingError("the pickle takes more than it has made")
        return self._stack.pop()

    def _pop_to_mark(self) -> list[Any]:
        if not self._marked:
            raise pickle.UnpicklingError("the pickle ends a group that it has not begun")
        group, self._stack = self._stack, self._marked.pop()
        return group

    def _run(self, code: bytes) -> None:
        stack = self._stack
        if code in _LITERALS:
            stack.append(_LITERALS[code]())
        elif code in _PACKED:
            stack.append(self._unpack(_PACKED[code]))
        elif code in _LENGTHS:
            text = self._read(self._unpack(_LENGTHS[code]))
            stack.append(
                int.from_bytes(text, "little", signed=True)
                if code == pickle.LONG1
                else text.decode("utf-8", "surrogatepass")
            )
        elif code in _TUPLES:
            count = _TUPLES[code]
            parts = [self._pop() for _ in range(count)]
            stack.append(tuple(reversed(parts)))
        elif code in _INDEXED:
            self._remember(code, self._unpack(_INDEXED[code]))
        elif code == pickle.MARK:
            self._marked.append(stack)
            self._stack = []
        elif code == pickle.TUPLE:
            group = tuple(self._pop_to_mark())
            self._stack.append(group)
        elif code == pickle.PROTO:
            protocol = self._unpack("<B")
            if protocol > 5:
                raise pickle.UnpicklingError("a protocol of pickle that is not known")
            if protocol != 2:
                warn(
                    f"Detected pickle protocol {protocol} in the checkpoint, which was not the default pickle protocol used by "
                    "`torch.load` (2). The weights_only Unpickler might not support all instructions implemented by this "
                    "protocol, please file an issue for adding support if you encounter this."
                )
        elif code in (pickle.APPEND, pickle.APPENDS):
            items = [self._pop()] if code == pickle.APPEND else self._pop_to_mark()
            self._append(items)
        elif code in (pickle.SETITEM, pickle.SETITEMS):
            items = [self._pop(), self._pop()][::-1] if code == pickle.SETITEM else self._pop_to_mark()
            self._set_items(items)
        elif code == pickle.GLOBAL:
            stack.append(self._global(self._line(), self._line()))
        elif code in (pickle.REDUCE, pickle.NEWOBJ):
            self._call(code)
        elif code == pickle.BUILD:
            self._build()
        elif code == pickle.BINPERSID:
            stack.append(self._persistent_load(self._pop()))
        else:
            raise pickle.UnpicklingError(f"Unsupported operand {code[0]}")

    def _remember(self, code: bytes, index: int) -> None:
        if code in (pickle.BINPUT, pickle.LONG_BINPUT):
            if not self._stack:
                raise pickle.UnpicklingError("the pickle remembers what it has not made")
            self._memo[index] = self._stack[-1]
        elif index in self._memo:
            self._stack.append(self._memo[index])
        else:
            raise pickle.UnpicklingError(f"Memo value not found at index {index}")

    def _append(self, items: list[Any]) -> None:
        onto: Any = self._stack[-1] if self._stack else None
        if type(onto) is not list:
            raise pickle.UnpicklingError(f"Can only append to lists, but got {type(onto)}")
        onto.extend(items)

    def _set_items(self, items: list[Any]) -> None:
        into: Any = self._stack[-1] if self._stack else None
        if type(into) not in (dict, OrderedDict, Counter) or len(items) % 2:
            raise pickle.UnpicklingError(f"Can only set items of dictionaries, but got {type(into)}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            into[key] = value

    def _global(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        if path in ALLOWED:
            return ALLOWED[path]
        if path in self._trusted:
            return self._trusted[path]
        if module.partition(".")[0] in _BLOCKED:
            raise pickle.UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
        named = path.removeprefix("builtins.").removeprefix("__builtin__.")
        raise NotAllowed(
            f"Unsupported global: GLOBAL {path} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{named}])` or the `torch.serialization.safe_globals([{named}])` context "
            "manager to allowlist this global if you trust this class/function."
        )

    def _is_trusted(self, kind: Any) -> bool:
        return any(kind is each for each in self._trusted.values())

    def _call(self, code: bytes) -> None:
        args = self._pop()
        function: Any = self._pop()
        known = id(function) in _CALLABLE or self._is_trusted(function)
        if not known or not isinstance(args, tuple):
            raise pickle.UnpicklingError(f"Trying to call reduce for unrecognized function {function}")
        self._stack.append(function.__new__(function, *args) if code == pickle.NEWOBJ else function(*args))

    def _build(self) -> None:
        state = self._pop()
        made: Any = self._stack[-1] if self._stack else None
        if self._is_trusted(type(made)):
            if hasattr(made, "__setstate__"):
                made.__setstate__(state)
            else:
                with_state(made, state)
        elif type(made) is OrderedDict and isinstance(state, dict):
            vars(made).update(state)
        else:
            raise pickle.UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got "
                f"{type(made)}"
            )


class NotAllowed(pickle.UnpicklingError):
    """A name that only its user can trust."""
