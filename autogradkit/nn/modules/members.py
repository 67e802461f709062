"""What a module holds: parameters, buffers and submodules, found by assigning them to attributes, and how they are walked.

Rests on Parameter; `Module` (module.py) is built on it and adds what a module does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from autogradkit._ops.making.filled import empty
from autogradkit.core.buffer import Buffer
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.errors import c_type_name, with_note
from autogradkit.core.frames import entry
from autogradkit.core.homes import pytorchs_home
from autogradkit.core.own import named_as
from autogradkit.core.parameter import Parameter
from autogradkit.core.recording import unheard
from autogradkit.core.tensor import Tensor
from autogradkit.engine.inference import as_made

if TYPE_CHECKING:
    from autogradkit.nn.modules.module import Module

# The hooks of all modules on what they are given (global_hooks.py), by what that is.
ON_REGISTERING: dict[str, dict[int, Any]] = {"parameter": {}, "buffer": {}, "module": {}}


def _as_hooks_have_it(kind: str, module: Any, name: str, value: Any) -> Any:
    """What is registered, once the hooks saw it: each may put something else in its place."""
    for hook in list(ON_REGISTERING[kind].values()):
        replaced = hook(module, name, value)
        if replaced is not None:
            value = replaced
    return value


def type_text(value: Any) -> str:
    """A value's type, or a class's or function's name, as PyTorch's messages print it: tensors by their dtype."""
    if isinstance(value, Tensor):
        return value.dtype.tensor_type
    if c_type_name(value).startswith("torch."):
        return c_type_name(value)
    named: Any = value if hasattr(value, "__qualname__") else type(value)
    module = str(getattr(named, "__module__", None) or "").replace("autogradkit", "torch")
    if module == "torch" and isinstance(value, MethodType):  # a function of PyTorch's namespace
        return f"torch._VariableFunctionsClass.{value.__name__}"
    module = pytorchs_home(module, named.__qualname__)
    return named.__qualname__ if module in ("", "builtins") else f"{module}.{named.__qualname__}"


@entry
def factory_kwargs(kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of a layer's constructor that say how its parameters are made: device, dtype and memory format.

    They may also stand in a dict of their own, under "factory_kwargs". Raises TypeError for others, and for one given twice.

    >>> factory_kwargs({"device": "cpu"})
    {'device': 'cpu'}
    """
    given = dict(kwargs or {})
    found = dict(given.pop("factory_kwargs", {}))
    unexpected = given.keys() - {"device", "dtype", "memory_format"}
    if unexpected:
        raise TypeError(f"unexpected kwargs {unexpected}")
    for name in ("device", "dtype", "memory_format"):
        if name in given and name in found:
            raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
        if name in given:
            found[name] = given[name]
    return found


def unfilled(shape: Any, device: Any, dtype: Dtype | None) -> Parameter:
    """A parameter that waits for its layer's `reset_parameters`: no recorder hears of the memory as it was found."""
    with unheard():
        return Parameter(as_made(empty.owner(shape, device=device, dtype=dtype)))


# What a module has in PyTorch once it was scripted or traced, and what is said where somebody asks for it.
_OF_TORCHSCRIPT = {"save", "save_to_buffer", "code", "code_with_constants", "graph", "inlined_graph"}
_NO_TORCHSCRIPT = (
    "nothing is translated to TorchScript here, and torch.jit.script(model) is the model itself; "
    "torch.save(model.state_dict(), path) keeps a model, and torch.fx.symbolic_trace(model) has its graph and code"
)
# What modules that `jit` was given have of these here, by name.
SCRIPTED: WeakKeyDictionary[Module, dict[str, Callable[..., Any]]] = WeakKeyDictionary()


class Members:
    """The registries of a module. Every instance is a `Module`, which alone subclasses it."""

    def __init__(self) -> None:
        own = self.__dict__
        own["_parameters"] = {}
        own["_buffers"] = {}
        own["_non_persistent_buffers_set"] = set()
        own["_modules"] = {}

    def _get_name(self) -> str:
        return type(self).__name__

    # -- attributes -------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for registry in ("_parameters", "_buffers", "_modules"):
            found = own.get(registry)
            if found is not None and name in found:
                return found[name]
        # What PyTorch misses first, before `Module.__init__` ran
        if name == "_hooks_of_module" and "_modules" not in own:
            name = "_backward_hooks"
        if name in _OF_TORCHSCRIPT and name in (further := SCRIPTED.get(cast("Any", self), {})):
            return partial(further[name], self)
        text = f"'{type(self).__name__}' object has no attribute '{name}'"
        raise with_note(AttributeError(text), _NO_TORCHSCRIPT) if name in _OF_TORCHSCRIPT else AttributeError(text)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        parameters, modules, buffers = own.get("_parameters"), own.get("_modules"), own.get("_buffers")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self.__forget(name, but=parameters)
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_text(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Members):
            if modules is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self.__forget(name, but=modules)
            modules[name] = _as_hooks_have_it("module", self, name, value)
        elif modules is not None and name in modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_text(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            modules[name] = _as_hooks_have_it("module", self, name, value)
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif buffers is not None and name in buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{type_text(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            buffers[name] = _as_hooks_have_it("buffer", self, name, value)
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters or name in self._buffers or name in self._modules:
            self.__forget(name)
        else:
            object.__delattr__(self, name)

    def __forget(self, name: str, but: dict[str, Any] | None = None) -> None:
        """Nobody has it any more, `but` the registry where another is to take its place among the others."""
        for registry in (self.__dict__, self._parameters, self._buffers, self._modules):
            if registry is not but:
                registry.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __dir__(self) -> list[str]:
        names = [*object.__dir__(self), *self._parameters, *self._buffers, *self._modules]
        return sorted({name for name in names if not name[:1].isdigit()})

    # -- registering by name ------------------------------------------------------------------------------------------

    @entry
    def __check_name(self, kind: str, name: Any, registry: Mapping[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type_text(name)}")
        if kind == "module" and hasattr(self, name) and name not in registry:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in registry:
            raise KeyError(f"attribute '{name}' already exists")

    @entry
    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the parameter `name`; None declares that there is none.

        Raises KeyError for a name that cannot be or is taken, TypeError for what is no Parameter.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self.__check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type_text(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = None if param is None else _as_hooks_have_it("parameter", self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` the buffer `name`: part of the state, but not trained. Not `persistent`: not saved either."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self.__check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type_text(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = _as_hooks_have_it("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    @entry
    def add_module(self, name: str, module: Module | None) -> None:
        """Make `module` the submodule `name`. Raises TypeError for what is no module, KeyError for a taken name."""
        if not isinstance(module, Members) and module is not None:
            raise TypeError(f"{type_text(module)} is not a Module subclass")
        self.__check_name("module", name, self._modules)
        self._modules[name] = _as_hooks_have_it("module", self, name, module)

    register_module = add_module

    # -- looking up by path -------------------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """The submodule at a dotted path. Raises AttributeError where there is none."""
        found = cast("Module", self)
        for part in target.split(".") if target else ():
            if not hasattr(found, part):
                raise AttributeError(f"{found._get_name()} has no attribute `{part}`")
            below: Any = getattr(found, part)
            if not isinstance(below, Members):
                raise AttributeError(f"`{part}` is not an nn.Module")
            found = cast("Module", below)
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path. Raises AttributeError where there is none."""
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
        found = getattr(owner, name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path. Raises AttributeError where there is none."""
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
        if name not in owner._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return owner._buffers[name]

    @entry
    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put `module` at a dotted path, in place of what is there; `strict`: only where something is.

        Raises ValueError for no path and for what is no module, AttributeError where the path ends early or at no module.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Members):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Members):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    # -- walks ------------------------------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Itself and every module below, each once, with dotted names."""
        memo = set() if memo is None else memo
        this = cast("Module", self)
        if this in memo:
            return
        if remove_duplicate:
            memo.add(this)
        yield prefix, this
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, below, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Itself and every module below, each once; without `remove_duplicate` as often as it has names."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Its direct submodules, each once, with their names."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """Its direct submodules, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self,
        get_members_fn: Callable[[Any], Iterable[tuple[str, Any]]],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in walk:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Its parameters with dotted names; with `recurse`, those of all submodules too. Shared ones come once."""
        yield from self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Its parameters; with `recurse`, those of all submodules too. Shared ones come once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Its buffers with dotted names; with `recurse`, those of all submodules too."""
        yield from self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Its buffers; with `recurse`, those of all submodules too."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer


named_as("Module", Members)
