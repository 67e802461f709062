"""`torch.nn.utils._named_member_accessor`: tensors and submodules of a module by their full names, `layer.weight`.

What calls a module with other parameters takes them out and puts them back by these. A name of several tensors may lead into a
module that was found before, which is remembered. Rests on modules alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module

_MISSING: Any = object()


def _require(module: object, name: str, what: str = "tensor") -> None:
    if not isinstance(module, Module):
        raise TypeError(f"{module} is not an instance of torch.nn.Module")
    if "." in name:
        raise KeyError(f'{what} name can\'t contain "."')
    if name == "":
        raise KeyError(f'{what} name can\'t be empty string ""')


def _require_tensor(tensor: object) -> None:
    if not isinstance(tensor, Tensor) and tensor is not None and tensor is not _MISSING:
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")


def set_tensor(module: Module, name: str, tensor: Any) -> None:
    """Let a module have another tensor, or None, in the place of one of its own; else as an attribute."""
    swap_tensor(module, name, tensor, allow_missing=True)


def swap_tensor(module: Module, name: str, tensor: Any, allow_missing: bool = False) -> Any:
    """The same, giving the tensor that was there.

    A tensor is deleted where none is given in its place. Raises AttributeError where there is none, unless `allow_missing`.
    """
    _require_tensor(tensor)
    _require(module, name)
    for own in (module._parameters, module._buffers):
        if name in own:
            found: Any = own[name]
            if tensor is _MISSING:
                del own[name]
            else:
                own[name] = tensor
            return found
    found = getattr(module, name, _MISSING)
    if found is _MISSING and not allow_missing:
        raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
    if found is not _MISSING and not isinstance(found, Tensor) and found is not None:
        raise TypeError(f"attribute `{name}`: {found} is not an instance of torch.Tensor")
    if tensor is not _MISSING:
        setattr(module, name, tensor)
    elif hasattr(module, name):
        delattr(module, name)
    return found


def swap_submodule(module: Module, name: str, submodule: Module) -> Module:
    """Let a module have another submodule in the place of one of its own; gives that. Raises KeyError where there is none."""
    if isinstance(module, Module) and not isinstance(submodule, Module):
        raise TypeError(f"{submodule} is not an instance of torch.nn.Module")
    _require(module, name, "submodule")
    if name not in module._modules:
        raise KeyError(f"submodule {name} does not exist")
    found = module._modules[name]
    if not isinstance(found, Module):
        raise TypeError(f"{name} attribute is not an instance of torch.nn.Module")
    module._modules[name] = submodule
    return found


class NamedMemberAccessor:
    """Tensors and submodules of `module` by their full names, to be read, exchanged and deleted.

    >>> import autogradkit as torch
    >>> from autogradkit.nn.utils._named_member_accessor import NamedMemberAccessor
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False))
    >>> old = NamedMemberAccessor(net).swap_tensor("0.weight", torch.ones(1, 2))
    >>> net(torch.ones(2))
    tensor([2.])
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.memo: dict[str, Module] = {}

    def get_submodule(self, name: str) -> Module:
        """The submodule of that name. Raises AttributeError where there is none, TypeError where it is no module."""
        if not name:
            return self.module
        if name not in self.memo:
            prefix, _, attribute = name.rpartition(".")
            parent = self.get_submodule(prefix)
            found = getattr(parent, attribute, _MISSING)
            if found is _MISSING:
                raise AttributeError(f"{parent._get_name()} has no attribute `{attribute}`")
            if not isinstance(found, Module):
                raise TypeError(f"submodule `{name}`: {found} is not an instance of torch.nn.Module")
            self.memo[name] = found
        return self.memo[name]

    def swap_submodule(self, path: str, value: Module) -> Module:
        """Exchange a submodule; gives the one that was there."""
        prefix, _, attribute = path.rpartition(".")
        return swap_submodule(self.get_submodule(prefix), attribute, value)

    def _place(self, name: str) -> tuple[Module, str]:
        prefix, _, attribute = name.rpartition(".")
        return self.get_submodule(prefix), attribute

    def get_tensor(self, name: str) -> Any:
        """The tensor of that name. Raises AttributeError where there is none, TypeError where it is no tensor."""
        module, attribute = self._place(name)
        found = getattr(module, attribute, _MISSING)
        if found is _MISSING:
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        _require_tensor(found)
        return found

    def set_tensor(self, name: str, value: Any) -> None:
        """Put a tensor where that name leads."""
        set_tensor(*self._place(name), value)

    def del_tensor(self, name: str) -> None:
        """Delete the tensor of that name. Raises AttributeError where there is none."""
        module, attribute = self._place(name)
        if not hasattr(module, attribute):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        delattr(module, attribute)

    def swap_tensor(self, name: str, value: Any, allow_missing: bool = False) -> Any:
        """Put a tensor where that name leads, and give the one that was there."""
        return swap_tensor(*self._place(name), value, allow_missing)

    def get_tensors(self, names: Iterable[str]) -> list[Any]:
        """The tensors of these names."""
        return [self.get_tensor(name) for name in names]

    def set_tensors(self, names: Iterable[str], values: Iterable[Any]) -> None:
        """Put tensors where these names lead. Raises AssertionError where there are more or fewer of them."""
        for name, value in _paired(names, values):
            self.set_tensor(name, value)

    def set_tensors_dict(self, named_tensors: dict[str, Any]) -> None:
        """Put tensors where their names lead."""
        for name, value in named_tensors.items():
            self.set_tensor(name, value)

    def del_tensors(self, names: Iterable[str]) -> None:
        """Delete the tensors of these names."""
        for name in names:
            self.del_tensor(name)

    def swap_tensors(self, names: Iterable[str], values: Iterable[Any], allow_missing: bool = False) -> list[Any]:
        """Put tensors where these names lead, and give those that were there."""
        return [self.swap_tensor(name, value, allow_missing) for name, value in _paired(names, values)]

    def swap_tensors_dict(
        self, named_tensors: dict[str, Any], allow_missing: bool = False
    ) -> tuple[dict[str, Any], list[str]]:
        """Put tensors where their names lead; gives those that were there, and the names that led nowhere.

        Where one is refused, all are as they were.
        """
        before: dict[str, Any] = {}
        missing: list[str] = []
        try:
            for name, tensor in named_tensors.items():
                found = self.swap_tensor(name, tensor, allow_missing=True)
                before[name] = found
                if found is _MISSING:
                    missing.append(name)
        except Exception:
            for name, tensor in before.items():
                self.swap_tensor(name, tensor, allow_missing=True)
            raise
        if missing and not allow_missing:
            for name, tensor in before.items():
                self.swap_tensor(name, tensor, allow_missing=True)
            raise RuntimeError(f"Missing key(s): {', '.join(map(repr, missing))}.")
        return before, missing

    def check_keys(self, keys: Iterable[str]) -> tuple[list[str], list[str]]:
        """The names of tensors that are not among `keys`, and those among them that are none."""
        given = set(keys)
        own = {name for name, _ in self.named_tensors(remove_duplicate=False)}
        return sorted(own - given), sorted(given - own)

    def named_parameters(self, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The parameters with their names."""
        yield from self.module.named_parameters(remove_duplicate=remove_duplicate)

    def named_buffers(self, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their names."""
        yield from self.module.named_buffers(remove_duplicate=remove_duplicate)

    def named_tensors(self, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Parameters and buffers with their names."""
        yield from self.named_parameters(remove_duplicate)
        yield from self.named_buffers(remove_duplicate)

    def named_modules(self, remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """The submodules with their names."""
        yield from self.module.named_modules(remove_duplicate=remove_duplicate)


def _paired(names: Iterable[str], values: Iterable[Any]) -> list[tuple[str, Any]]:
    listed, given = list(names), list(values)
    if len(listed) != len(given):
        raise AssertionError(
            f"names and values must have the same length, got {len(listed)} names and {len(given)} values"
        )
    return list(zip(listed, given, strict=True))
