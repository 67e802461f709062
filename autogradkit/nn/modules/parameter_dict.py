"""`ParameterDict`: parameters by name, registered as a module's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.members import type_text
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["ParameterDict"]


class ParameterDict(Module):
    """A dict of parameters that are registered; tensors put into it become parameters.

    It keeps the order of an OrderedDict, of another ParameterDict and of pairs; the names of any other mapping are sorted.

    >>> import autogradkit as torch
    >>> torch.nn.ParameterDict({"a": torch.zeros(2, 3)})
    ParameterDict(  (a): Parameter containing: [torch.FloatTensor of size 2x3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ParameterDict({"b": m.rand(2), "a": m.nn.Parameter(m.rand(1, 3)), "c": 3}),),
            (m.nn.ParameterDict([("b", m.rand(2)), ("a", None)]),),
        ]

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    @staticmethod
    @entry
    def _attribute(key: Any) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._attribute(key))

    @entry
    def __setitem__(self, key: str, value: Any) -> None:
        self._keys[key] = None
        as_parameter = isinstance(value, Tensor) and not isinstance(value, Parameter)
        setattr(self, self._attribute(key), Parameter(value) if as_parameter else value)

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, self._attribute(key))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """What stands under a name, `default` being put there first if nothing does."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove all."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Remove a value, and return it."""
        gone = self[key]
        del self[key]
        return gone

    def popitem(self) -> tuple[str, Any]:
        """Remove the last name with its value, and return both. Raises KeyError where there is none."""
        key, _ = self._keys.popitem()
        self._keys[key] = None
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """What stands under a name, or `default`."""
        return getattr(self, self._attribute(key)) if key in self else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict that has `default` under each of these names."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names with their values."""
        return ((key, self[key]) for key in self._keys)

    @entry
    def update(self, parameters: Any) -> None:
        """Add or replace values. Raises TypeError or ValueError for what are no pairs of a name and a value."""
        if not isinstance(parameters, Iterable):
            raise TypeError(
                "ParametersDict.update should be called with an iterable of key/value pairs, but got "
                + type(parameters).__name__
            )
        if isinstance(parameters, OrderedDict | ParameterDict):
            pairs: Iterable[Any] = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = parameters
        for place, pair in enumerate(pairs):
            if not isinstance(pair, Iterable):
                raise TypeError(
                    f"ParameterDict update sequence element #{place} should be Iterable; is{type(pair).__name__}"
                )
            parts: Any = pair
            if len(parts) != 2:
                raise ValueError(
                    f"ParameterDict update sequence element #{place} has length {len(parts)}; 2 is required"
                )
            self[parts[0]] = parts[1]

    def __or__(self, other: ParameterDict) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        both = other.copy()
        both.update(self)
        return both

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        lines: list[str] = []
        for key, value in self.items():
            if isinstance(value, Tensor):
                kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
                size = "x".join(str(n) for n in value.shape)
                lines.append(f"  ({key}): {kind} containing: [{type_text(value)} of size {size}]")
            else:
                lines.append(f"  ({key}): Object of type: {type(value).__name__}")
        return "\n".join(lines)

    def __call__(self, input: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called.")
