"""`as_torch()`: code that imports `torch` and `torchvision` gets this package instead.

It puts a finder before Python's own, which answers `import torch.x` with `autogradkit.x` itself (one module under two
names, so that `isinstance` holds whichever way it was imported), and lets the public classes and functions say PyTorch's
module, so that `print(type(x))` reads as in PyTorch and pickles name `torch.…`. PyTorch's own modules, where they were
imported before, are set aside as they are and come back in the end. `autogradkit run` and the magic `%as_torch` use it.
Rests on the import system; what is to be imported is loaded when it is.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder
from multiprocessing import spawn
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, ForwardRef

import autogradkit
from autogradkit.core.absent import is_namespace
from autogradkit.core.homes import pytorchs_home
from autogradkit.core.own import RENAMED
from autogradkit.torch_version import TorchVersion

_OURS = {
    "torch": "autogradkit",
    "torchvision": "autogradkit.vision",
    "functorch": "autogradkit.functorch",
    "safetensors.torch": "autogradkit.safetensors",
}
# Where PyTorch's classes say they come from, which is not where its package has them.
_HOMES = {
    "Tensor": "torch",
    "Size": "torch",
    "device": "torch",
    "dtype": "torch",
    "layout": "torch",
    "memory_format": "torch",
    "finfo": "torch",
    "iinfo": "torch",
    "Generator": "torch._C",
    "Parameter": "torch.nn.parameter",
    "no_grad": "torch.autograd.grad_mode",
    "enable_grad": "torch.autograd.grad_mode",
    "set_grad_enabled": "torch.autograd.grad_mode",
    "inference_mode": "torch.autograd.grad_mode",
}
# What scripts that ask for a version are told: that of the PyTorch whose numbers these are, and, after a plus, who built it.
_VERSIONS = {
    "autogradkit": TorchVersion("2.13.0+autogradkit"),
    "autogradkit.version": "2.13.0+autogradkit",
    "autogradkit.vision": "0.28.0+autogradkit",
}
_OWN_VERSION = autogradkit.__version__
# Loaded at once, so that their classes say PyTorch's module also where nothing imports them by name; torchvision's with it.
_NAMED = (
    "",
    ".version",
    ".return_types",
    ".nn",
    ".nn.parameter",
    ".optim",
    ".optim.lr_scheduler",
    ".utils.data",
    ".autograd",
)
_NAMED_IN_TORCHVISION = (".datasets", ".models", ".ops", ".transforms")


class StandIn(InspectLoader):
    """This package under PyTorch's name, until `stop()` or the end of a `with`.

    >>> from autogradkit import as_torch
    >>> with as_torch():
    ...     import torch
    ...     print(torch.ones(2), type(torch.ones(2)))
    tensor([1., 1.]) <class 'torch.Tensor'>
    """

    def __init__(self) -> None:
        self._aside: dict[str, ModuleType] = {}
        self._spaces = 0  # how many `with` it has been entered by
        self._start()

    def _start(self) -> None:
        try:
            self._aside = {name: module for name, module in sys.modules.items() if _is_pytorchs(name)}
            for name in self._aside:
                del sys.modules[name]
            sys.meta_path.insert(0, self)
            spawn.get_preparation_data = _preparation  # a process that is not forked imports the script anew
            for below in _NAMED:
                importlib.import_module(f"torch{below}")
            # PyTorch, too, has itself as `torch.torch`
            autogradkit.__dict__.update(__name__="torch", torch=autogradkit)
            for module in [each for name, each in sys.modules.items() if _is_public(name)]:
                _rename_all(module)
        except BaseException:  # an interrupt leaves nothing half exchanged
            self._give_back()
            raise

    def stop(self) -> None:
        """Give PyTorch's names back; PyTorch itself is there again if it was before."""
        global _active
        if _active is self:
            _active = None
            self._give_back()

    def _give_back(self) -> None:
        spawn.get_preparation_data = _pythons_preparation
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        autogradkit.__dict__["__name__"] = "autogradkit"
        autogradkit.__dict__.pop("torch", None)
        for name, module in list(sys.modules.items()):
            if _is_pytorchs(name) and module.__name__.startswith("autogradkit"):
                del sys.modules[name]
        sys.modules.update(self._aside)
        if "safetensors" in sys.modules:  # the one package here that is not PyTorch's, and keeps its modules
            vars(sys.modules["safetensors"]).pop("torch", None)
            if "safetensors.torch" in self._aside:
                vars(sys.modules["safetensors"])["torch"] = self._aside["safetensors.torch"]
        for kind, home in RENAMED.values():
            _rename_back(kind, home)
        RENAMED.clear()
        for name in _VERSIONS:
            if name in sys.modules:
                vars(sys.modules[name])["__version__"] = _OWN_VERSION

    def __enter__(self) -> StandIn:
        self._spaces += 1
        return self

    def __exit__(self, *_error: object) -> None:
        self._spaces -= 1
        if not self._spaces:
            self.stop()

    def find_distributions(self, context: DistributionFinder.Context) -> list[Distribution]:
        """What `importlib.metadata.version("torch")` finds, with which packages ask whether it is installed."""
        return [_Metadata(name) for name in ("torch", "torchvision") if context.name in (None, name)]

    # -- the import system's finder and loader -------------------------------------------------------------------------

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """The module that stands for one of PyTorch's; and this package's own, reached as an attribute, with PyTorch's names.

        Raises ModuleNotFoundError, with what PyTorch has and this package has not, where there is none: no other finder may
        look for it, or it would find the files of this package and load them a second time.
        """
        if _is_public(fullname):
            return _renaming(PathFinder.find_spec(fullname, path))
        if not _is_pytorchs(fullname):
            return None
        theirs = next(each for each in _OURS if _is_below(fullname, each))
        own = _OURS[theirs] + fullname.removeprefix(theirs)
        try:
            module = importlib.import_module(own)
        except ModuleNotFoundError as error:
            if error.name is None or not own.startswith(error.name):
                raise  # something else is missing that it imports
            message = str(error).replace(f"No module named '{own}'", f"No module named '{fullname}'")
            raise ModuleNotFoundError(message, name=fullname) from None
        file = getattr(module, "__file__", None)  # of what stands in for one of PyTorch's files alone there is none
        spec = ModuleSpec(fullname, self, origin=file, is_package=hasattr(module, "__path__"))
        spec.loader_state = module, module.__spec__
        return spec

    def get_source(self, fullname: str) -> str | None:
        """The text of the module that stands for one of PyTorch's, for `run -m torch.x`; None where it is no file."""
        file = getattr(importlib.import_module(fullname), "__file__", None)
        return None if file is None else Path(file).read_text("utf-8")

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module, which is there already."""
        return spec.loader_state[0]

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it was before Python gave it PyTorch's name, and its classes under PyTorch's."""
        spec: Any = module.__spec__
        module.__spec__ = spec.loader_state[1]
        if module.__name__ in _VERSIONS:
            vars(module)["__version__"] = _VERSIONS[module.__name__]
        _rename_all(module)
        for name, value in list(vars(module).items()):
            below = sys.modules.get(f"{module.__name__}.{name}")
            # It is a function, over which Python would put the module that it imports
            if below is not None and value is not below:
                sys.modules[f"{spec.name}.{name}"] = below
                _rename_all(below)
        if spec.name == "torchvision":
            for below in _NAMED_IN_TORCHVISION:
                importlib.import_module(f"torchvision{below}")


class _Metadata(Distribution):
    """The metadata of a package that this one stands for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read_text(self, filename: str) -> str | None:
        """The one file that there is: a name and a version."""
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: {_VERSIONS[_OURS[self._name]]}\n"

    def locate_file(self, path: Any) -> Any:
        """Where a file of the package would be: in this one."""
        return Path(autogradkit.__path__[0], path)


def _is_public(name: str) -> bool:
    """Whether it is a module of this package that PyTorch has, too."""
    package, _, below = name.partition(".")
    return package == "autogradkit" and is_namespace(below)


def _renaming(spec: ModuleSpec | None) -> ModuleSpec | None:
    """The spec of a module whose classes say PyTorch's once it has run."""
    loader: Any = spec and spec.loader
    if loader is not None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _rename_all(module)

        loader.exec_module = exec_module
    return spec


def _rename_all(module: ModuleType) -> None:
    for each in list(vars(module).values()):
        if isinstance(each, (type, FunctionType)):
            _rename(each)


def _rename(kind: type | FunctionType) -> None:
    """Let a class or function of this package say the module that PyTorch's says."""
    home = kind.__module__
    if home.partition(".")[0] != "autogradkit" or kind.__name__.startswith("_"):
        return
    top = "torchvision" if home.startswith("autogradkit.vision") else "torch"
    likewise = top + home.removeprefix(_OURS[top])
    named = _HOMES.get(kind.__name__) or pytorchs_home(likewise, kind.__name__)
    RENAMED[id(kind)] = kind, home
    kind.__module__ = named
    if named == likewise and named not in sys.modules and home in sys.modules:  # where `inspect` looks for its source
        sys.modules[named] = sys.modules[home]
        _rename_all(sys.modules[home])
    notes: dict[str, Any] = vars(kind).get("__annotations__", {})
    for name, note in notes.items():  # which `typing.get_type_hints` would look up in PyTorch's module
        if isinstance(note, (str, ForwardRef)):
            text = note if isinstance(note, str) else note.__forward_arg__
            notes[name] = ForwardRef(text, is_class=True, module=home)


def _rename_back(kind: type | FunctionType, home: str) -> None:
    kind.__module__ = home
    notes: dict[str, Any] = vars(kind).get("__annotations__", {})
    for name, note in notes.items():
        if isinstance(note, ForwardRef):
            notes[name] = note.__forward_arg__


def _is_pytorchs(name: str) -> bool:
    return any(_is_below(name, each) for each in _OURS)


def _is_below(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


_pythons_preparation = spawn.get_preparation_data


class _Preparation(dict[str, Any]):
    """What a spawned process is told before it imports anything; where it is unpickled, `as_torch()` begins."""

    def __reduce__(self) -> Any:
        return _prepare, (dict(self),)


def _preparation(name: str) -> _Preparation:
    return _Preparation(_pythons_preparation(name))


def _prepare(told: dict[str, Any]) -> dict[str, Any]:
    as_torch()
    return told


_active: StandIn | None = None


def as_torch() -> StandIn:
    """Let `import torch` and `import torchvision` mean this package from here on; called again it changes nothing.

    What it returns ends it: by `stop()`, or as the context of a `with`. PyTorch, where it is installed, is not touched:
    what was imported of it stays as it is, and is found again after the end.
    """
    global _active
    if _active is None:
        _active = StandIn()
    return _active
