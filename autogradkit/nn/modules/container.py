"""Modules that hold modules or parameters: Sequential, ModuleList, ModuleDict, ParameterList."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.steps import at_once
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module, Samples, indented
from autogradkit.nn.modules.module import _addindent as _addindent

__all__ = ["ModuleDict", "ModuleList", "ParameterList", "Sequential"]


@entry
def _position(index: int, length: int) -> int:
    """`index` from the front. Raises IndexError where there is no such place, TypeError for what is no integer."""
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length


class Sequential(Module):
    """Modules that run one after the other, each on what the one before gave.

    Takes the modules themselves, or an OrderedDict that names them.

    >>> import autogradkit as torch
    >>> torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU())
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): ReLU()
    )
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Sequential(m.nn.Linear(3, 4), m.nn.ReLU(), m.nn.Linear(4, 2)), m.randn(2, 3)),
            (m.nn.Sequential(),),
        ]

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        """Run the modules in order."""
        for module in self._modules.values():
            input = module(input)
        return input

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return list(self._modules.values())[_position(index, len(self))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[_position(index, len(self))], module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        gone = names[index] if isinstance(index, slice) else [names[_position(index, len(self))]]
        kept = [module for name, module in self._modules.items() if name not in gone]
        _renumber(self, kept)

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove a module, and return it."""
        gone = self[key]
        del self[key]
        return gone

    def insert(self, index: int, module: Module) -> Sequential:
        """Add a module before position `index`. Raises AssertionError for what is no module, IndexError beyond the end."""
        if not isinstance(module, Module):
            raise AssertionError("module should be of type: <class 'torch.nn.modules.module.Module'>")
        modules = list(self)
        if not -len(modules) <= index <= len(modules):
            raise IndexError(f"Index out of range: {index}")
        modules.insert(index, module)
        _renumber(self, modules)
        return self

    def __add__(self, other: Any) -> Sequential:
        self._require_sequential(other)
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Sequential:
        self._require_sequential(other)
        return self.extend(list(other))

    @staticmethod
    def _require_sequential(other: Any) -> None:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")

    def __mul__(self, other: int) -> Sequential:
        self._require_factor(other)
        return Sequential(*list(self) * other)

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Sequential:
        self._require_factor(other)
        return self.extend(list(self) * (other - 1))

    def _require_factor(self, other: Any) -> None:
        shown = str(type(self)).replace("autogradkit.", "torch.")
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {shown} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {shown}")

    @entry
    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add modules at the end."""
        for module in sequential:
            self.append(module)
        return self


def _renumber(holder: Module, modules: list[Any]) -> None:
    at_once([(holder._modules.clear,), (holder._modules.update, {str(at): each for at, each in enumerate(modules)})])


class ModuleList(Module):
    """A list of modules that are registered: their parameters are found. It has no `forward`.

    >>> import autogradkit as torch
    >>> torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.ReLU()])
    ModuleList(
      (0-1): 2 x ReLU()
    )
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ModuleList([m.nn.Linear(2, 1), m.nn.ReLU(), m.nn.ReLU()]),)]

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_position(index, len(self)))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, str(_position(index, len(self))), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        _renumber(self, modules)

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    @entry
    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove a module, and return it; of a slice, a list of those in it.

        >>> import autogradkit as torch
        >>> torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()]).pop(-1)
        Tanh()
        """
        gone = self[key]
        del self[key]
        return gone

    def insert(self, index: int, module: Module) -> None:
        """Add a module before position `index`, which is counted from the front. Raises KeyError for a negative one.

        As in PyTorch nothing looks at what is added, nor at whether there are as many before it.
        """
        if operator.index(index) < 0:
            raise KeyError("-1")
        following = (module, *list(self)[index:])
        at_once([(self._modules.update, {str(at): each for at, each in enumerate(following, index)})])

    @entry
    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end. Raises TypeError for what cannot be iterated over."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in modules:
            self.append(module)
        return self

    def __repr__(self) -> str:
        groups: list[list[Any]] = []  # [first, last, text]: neighbours that read alike stand on one line
        for index, module in enumerate(self):
            text = repr(module)
            if groups and groups[-1][2] == text:
                groups[-1][1] = index
            else:
                groups.append([index, index, text])
        if not groups:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {indented(text)}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {indented(text)}"
            for first, last, text in groups
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dict of modules that are registered. It has no `forward`.

    >>> import autogradkit as torch
    >>> torch.nn.ModuleDict({"act": torch.nn.ReLU()})["act"]
    ReLU()
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ModuleDict({"a": m.nn.Linear(2, 1), "b": m.nn.ReLU()}),)]

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    @entry
    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names with their modules."""
        return self._modules.items()

    def clear(self) -> None:
        """Remove all."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a module, and return it."""
        return self._modules.pop(key)

    @entry
    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules. Raises TypeError or ValueError for what are no pairs of a name and a module."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                + type(modules).__name__
            )
        pairs: Any = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        for place, pair in enumerate(pairs):
            if not isinstance(pair, Iterable):
                raise TypeError(
                    f"ModuleDict update sequence element #{place} should be Iterable; is{type(pair).__name__}"
                )
            if len(pair) != 2:  # pyright: ignore[reportArgumentType]
                raise ValueError(
                    f"ModuleDict update sequence element #{place} has length {len(pair)}; 2 is required"  # pyright: ignore[reportArgumentType]
                )
            name, module = pair
            self[name] = module


class ParameterList(Module):
    """A list of parameters that are registered; tensors put into it become parameters.

    >>> import autogradkit as torch
    >>> torch.nn.ParameterList([torch.zeros(2, 3)])
    ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ParameterList([m.rand(2), m.nn.Parameter(m.rand(1, 3))]),)]

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(self._size))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, str(_position(index, self._size)))

    def __setitem__(self, index: int, value: Any) -> None:
        as_parameter = isinstance(value, Tensor) and not isinstance(value, Parameter)
        setattr(self, str(_position(index, self._size)), Parameter(value) if as_parameter else value)

    @entry
    def append(self, value: Any) -> ParameterList:
        """Add a value at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    @entry
    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add values at the end. Raises TypeError for what cannot be iterated over, or is a tensor."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def extra_repr(self) -> str:
        lines: list[str] = []
        for index, value in enumerate(self):
            if isinstance(value, Tensor):
                kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
                size = "x".join(str(n) for n in value.shape)
                lines.append(f"  ({index}): {kind} containing: [{value.dtype} of size {size}]")
            else:
                lines.append(f"  ({index}): Object of type: {type(value).__name__}")
        return "\n".join(lines)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")
