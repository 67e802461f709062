"""`GraphModule`: a module whose `forward` is written from a graph, with those modules and tensors of another that it uses."""

from __future__ import annotations

import copy
import linecache
import math
import os
import textwrap
import weakref
from pathlib import Path
from typing import Any

from autogradkit.core.device import device
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.files import write_whole
from autogradkit.fx.graph import Graph
from autogradkit.fx.tracer import Tracer
from autogradkit.nn import Module
from autogradkit.serialization import save

_REMINDER = "# To see more debug info, please use `graph_module.print_readable()`"
_count = 0
# Files of functions that are no more. Their lines go when the next function is made: a collection may come while Python's
# linecache goes through what it has, and whoever prints a traceback would get a KeyError.
_FORGOTTEN: list[str] = []


class GraphModule(Module):
    """Has the code of `graph`; `recompile` writes it anew after the graph has changed."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Each has a class of its own, whose `forward` it is."""
        base = next(each for each in cls.__mro__ if "forward" not in vars(each) or each is GraphModule)
        return super().__new__(type(base.__name__, (base,), {"__module__": base.__module__}))

    def __init__(self, root: Module | dict[str, Any], graph: Graph, class_name: str = "GraphModule") -> None:
        super().__init__()
        type(self).__name__ = class_name
        self.meta: dict[str, Any] = {}
        if isinstance(root, Module):
            self.training = root.training
        for node in graph.nodes:
            if node.op in ("call_module", "get_attr"):
                self._take(root, str(node.target))
        self.graph = graph

    def _take(self, root: Any, path: str) -> None:
        """Have what `root` has under this path, with plain modules in between."""
        *between, name = path.split(".")
        value = root[path] if isinstance(root, dict) else root
        place: Any = self
        for each in between:
            value = value if isinstance(root, dict) else getattr(value, each)
            if not hasattr(place, each):
                setattr(place, each, Module())
            place = getattr(place, each)
        value = value if isinstance(root, dict) else getattr(value, name)
        if isinstance(value, Tensor) and name not in place._parameters and not _is_parameter(value):
            place.register_buffer(name, value)
        else:
            setattr(place, name, value)

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self._graph

    @graph.setter
    def graph(self, g: Graph) -> None:
        self.__dict__["_graph"] = g
        g.owning_module = self
        self.recompile()

    @property
    def code(self) -> str:
        """The text of `forward`."""
        return self._code

    def recompile(self) -> Any:
        """Write `forward` from the graph as it is now."""
        made = self._graph.python_code()
        self._code = made.src
        type(self).forward = _forward(made.src, made.globals)
        return made

    def add_submodule(self, target: str, m: Module) -> bool:
        """Have a module under this path; gives False where something else is in the way."""
        *between, name = target.split(".")
        place: Any = self
        for each in between:
            if not hasattr(place, each):
                setattr(place, each, Module())
            place = getattr(place, each)
            if not isinstance(place, Module):
                return False
        place.add_module(name, m)
        return True

    def delete_submodule(self, target: str) -> bool:
        """Remove the module under this path; gives whether there was one."""
        above, _, name = target.rpartition(".")
        try:
            place = self.get_submodule(above)
        except AttributeError:
            return False
        if name not in place._modules:
            return False
        delattr(place, name)
        return True

    def delete_all_unused_submodules(self) -> None:
        """Remove the modules that the graph does not call."""
        used = {""}
        for node in self.graph.nodes:
            if node.op in ("call_module", "get_attr"):
                parts = str(node.target).split(".")
                used |= {".".join(parts[: i + 1]) for i in range(len(parts))}
                called = self.get_submodule(str(node.target)) if node.op == "call_module" else None
                used |= {f"{node.target}.{name}" for name, _ in called.named_modules()} if called is not None else set()
        for name in [name for name, _ in self.named_modules() if name not in used]:
            self.delete_submodule(name)

    def print_readable(
        self,
        print_output: bool = True,
        include_stride: bool = False,
        include_device: bool = False,
        colored: bool = False,
    ) -> str:
        """The module as the text of a class; prints it, too.

        Strides and devices are told of what a compiler has traced, and of nothing here. Raises NotImplementedError for colours.
        """
        if colored:
            raise NotImplementedError("autogradkit prints code without colours")
        code = self._graph.python_code(verbose=True).src
        body = "\n".join(f"    {line}" if line.strip() else "" for line in code.strip().splitlines())
        text = f"class {type(self).__name__}(torch.nn.Module):\n{body}\n"
        if print_output:
            print(text)
        return text

    def to_folder(self, folder: str | os.PathLike[str], module_name: str = "FxModule") -> None:
        """Write the module into a folder, as a package from which a class of that name is imported.

        Modules whose printed form makes them anew are in its text; others beside it, in files, of which it warns.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save(self.state_dict(), folder / "state_dict.pt")
        made: list[str] = []
        kept: list[str] = []
        for name, module in self.named_children():
            value = f"{module!r})"
            if type(module).__name__ not in _MADE_BY_THEIR_TEXT:
                file = folder / f"{name}.pt"
                save(module, file)
                kept.append(name)
                value = f"torch.load(r'{file}', weights_only=False)) # {' '.join(f'{module!r}'.splitlines())}"
            made.append(f"setattr(self, '{name}', {value}")
        for name, buffer in self._buffers.items():
            if buffer is not None:
                made.append(f"self.register_buffer('{name}', torch.empty({list(buffer.shape)}, dtype={buffer.dtype}))")
        for name, parameter in self._parameters.items():
            if parameter is not None:
                empty = f"torch.empty({list(parameter.shape)}, dtype={parameter.dtype})"
                made.append(f"setattr(self, '{name}', torch.nn.Parameter({empty}))")
        made.append(f"self.load_state_dict(torch.load(r'{folder}/state_dict.pt'))")
        lines = [
            *_imports(self._graph.python_code().globals),
            "",
            "from torch.nn import *",
            f"class {module_name}(torch.nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
            *(f"        {line}" for line in made),
            textwrap.indent(self._code, "    ").rstrip(" "),
            "",
        ]
        write_whole(folder / "module.py", "\n".join(["", *lines]).encode())
        write_whole(folder / "__init__.py", b"from .module import *")
        if kept:
            warn(
                f"Was not able to save the following children modules as reprs -saved as pickled files instead: {kept}"
            )

    def __reduce__(self) -> Any:
        """Its code, and what that names: the graph is traced anew from it."""
        kept = {name: value for name, value in self.__dict__.items() if name != "_graph"}
        return reduce_graph_module, (kept | {"_tracer_cls": self._graph._tracer_cls}, self._graph.python_code().globals)

    def __deepcopy__(self, memo: Any) -> GraphModule:
        made = type(self).__new__(type(self))
        Module.__init__(made)
        kept = {name: value for name, value in self.__dict__.items() if name != "_graph"}
        made.__dict__.update(copy.deepcopy(kept, memo))
        made.graph = copy.deepcopy(self._graph)
        return made

    def __str__(self) -> str:
        return "\n".join([super().__repr__(), self._code, _REMINDER])


# Modules of these classes are made by what they print.
_MADE_BY_THEIR_TEXT = ("Linear", "Conv1d", "Conv2d", "Conv3d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
_ALWAYS = {"inf": math.inf, "nan": math.nan, "NoneType": type(None), "device": device}


def _imports(names: dict[str, Any]) -> list[str]:
    """The lines that a file begins with in which code knows these names, and those that PyTorch's code may always name."""
    lines = [
        "import torch",
        "from math import inf",
        "from math import nan",
        "NoneType = type(None)",
        "from torch import device",
    ]
    for name, value in names.items():
        if name != "torch" and name not in _ALWAYS:
            called = getattr(value, "__qualname__", name)
            lines.append(f"from {value.__module__} import {called}" + (f" as {name}" if name != called else ""))
    return lines


def _forward(code: str, names: dict[str, Any]) -> Any:
    """The function that `code` defines, in which `names` mean what they say."""
    global _count
    file = f"<eval_with_key>.{_count}"
    _count += 1
    while _FORGOTTEN:
        linecache.cache.pop(_FORGOTTEN.pop(), None)
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)  # for tracebacks
    space = dict(names)
    exec(compile(code, file, "exec"), space)
    forward = space["forward"]
    weakref.finalize(forward, _FORGOTTEN.append, file).atexit = False
    return forward


def reduce_graph_module(body: dict[str, Any], names: dict[str, Any]) -> GraphModule:
    """What a pickle makes a `GraphModule` of: its attributes without the graph, and what the names in its code mean.

    The code is traced as it is written, each module that it calls as one call, by the class of tracer that traced it first.
    """
    tracer_cls: Any = body.pop("_tracer_cls", None) or Tracer

    class KeepModules(tracer_cls):
        def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
            return True

    code = type("_CodeOnlyModule", (Module,), {"forward": _forward(body["_code"], names)})()
    code.__dict__.update(body)
    graph = KeepModules().trace(code)
    graph._tracer_cls = tracer_cls
    made = GraphModule(code, graph)
    for name, value in body.items():
        if not hasattr(made, name):
            setattr(made, name, value)
    return made


def _is_parameter(value: Tensor) -> bool:
    from autogradkit.core.parameter import Parameter

    return isinstance(value, Parameter)
