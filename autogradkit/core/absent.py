"""What PyTorch has and this package has not yet: said so, by name, when somebody asks for it.

Rests on the standard library and on `pytorch_names.txt`, the public names of PyTorch's namespaces, which
`scripts/write_pytorch_names.py` writes and the first miss loads. The public namespaces (`autogradkit`, `nn`, `optim` ...)
answer with it where they have no attribute of a name, imports where there is no module; the magics use it for tensors.
"""

from __future__ import annotations

import dis
import functools
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import FrameType
from typing import Any

_IMPORT_FROM = dis.opmap["IMPORT_FROM"]


_KEEP = "torch.save(model.state_dict(), path) keeps a model, model.load_state_dict(torch.load(path)) reads it, in PyTorch as well"
_QUANTIZED = (
    "torch.quantization.prepare and convert quantise a model layer by layer, prepare_qat lets it train so, quantize_dynamic("
    f"model, {{torch.nn.Linear}}) quantises weights alone; {_KEEP}, which can quantise others"
)
_GRAPHS = (
    "nothing is compiled here; torch.fx.symbolic_trace(model) has its graph, make_fx that of the operators that run"
)
_WITHOUT_NUMBERS = (
    "torch.empty(2, 3, device='meta') has sizes and no numbers, and under torch.device('meta') models are made so"
)
_PIPES = "torch.utils.data.Dataset and IterableDataset read, and a generator maps, filters and batches what they give"
_DISPATCHED = (
    "make_fx has the graph of the operators that run, and torch.utils._python_dispatch.TorchDispatchMode hears them"
)
_PROCESSES = "training in one process, which init_process_group(world_size=1) is content with"
_ONE_DEVICE = "there is one device, the processor, so torch.nn.DataParallel(model) calls the model itself"
_COMPRESSED = (
    "of the sparse layouts there are torch.sparse_coo_tensor, torch.sparse_csr_tensor and torch.sparse_csc_tensor"
)

# What is left out for good, by name or by namespace: why, and what there is instead.
_INSTEAD = {
    "onnx.export": f"{_KEEP}, which can export it",
    "torch.export": f"torch.fx.symbolic_trace(model) has its graph; {_KEEP}, which can export it",
    "torch.package": "torch.save(model, path) keeps a model whose classes can be imported",
    "_dynamo": _GRAPHS,
    "_subclasses": _WITHOUT_NUMBERS,
    "_subclasses.fake_tensor": _WITHOUT_NUMBERS,
    "ao": _QUANTIZED,
    "ao.nn": _QUANTIZED,
    "ao.nn.intrinsic": _QUANTIZED,
    "ao.nn.intrinsic.qat": _QUANTIZED,
    "ao.nn.intrinsic.quantized": _QUANTIZED,
    "ao.nn.qat": _QUANTIZED,
    "ao.quantization": _QUANTIZED,
    "ao.nn.quantized": _QUANTIZED,
    "ao.nn.quantized.dynamic": _QUANTIZED,
    "quantization": _QUANTIZED,
    "torch.classes": "classes of C++ are not loaded here",
    "torch.sparse_bsc_tensor": _COMPRESSED,
    "torch.sparse_bsr_tensor": _COMPRESSED,
    "cuda.nccl": _ONE_DEVICE,
    "distributed.elastic": _PROCESSES,
    "distributed.launch": _PROCESSES,
    "distributed.run": _PROCESSES,
    "fx.experimental.proxy_tensor": f"{_DISPATCHED}; torch.fx.symbolic_trace(f) has the graph of a function",
    "utils.cpp_extension": "nothing is compiled here: torch.library.custom_op makes an operator of a function of Python",
    "utils.data.DFIterDataPipe": _PIPES,
    "utils.data.DataChunk": _PIPES,
    "utils.data.IterDataPipe": _PIPES,
    "utils.data.MapDataPipe": _PIPES,
    "utils.data.datapipes": _PIPES,
    "utils.data.functional_datapipe": _PIPES,
}


@functools.cache
def _names() -> dict[str, frozenset[str]]:
    """PyTorch's public names by namespace: "nn" for `torch.nn`, "torch" for itself, "Tensor" for a tensor's attributes.

    Likewise torchvision's: "vision.ops" for `torchvision.ops`.
    """
    with open(os.path.join(os.path.dirname(__file__), "pytorch_names.txt"), encoding="utf-8") as file:
        lines = [line.split() for line in file]
    return {namespace.rstrip(":"): frozenset(names) for namespace, *names in lines}


def is_namespace(name: str) -> bool:
    """Whether a name is that of one of those namespaces.

    >>> is_namespace("optim.lr_scheduler"), is_namespace("tracing")
    (True, False)
    """
    return name in _names()


def absence(namespace: str, name: str) -> str | None:
    """One sentence on a name that PyTorch has in a namespace and this package has not; None where PyTorch has none.

    Nor of a module that is loaded and no attribute, as `optim.adam` is in both.

    It ends without a full stop, for Python adds ". Did you mean: 'quantile'?" to the text of an AttributeError.

    >>> absence("nn", "quantizable")
    'PyTorch has nn.quantizable; autogradkit does not have it yet'
    >>> absence("torch", "package")
    'PyTorch has torch.package; autogradkit does not have it: torch.save(model, path) keeps a model whose classes can be imported'
    >>> absence("vision.models", "swin_t")
    'torchvision has models.swin_t; autogradkit does not have it yet'
    >>> absence("nn", "Imbedding")
    """
    if (
        name.startswith("_")
        or name not in _names().get(namespace, ())
        or f"autogradkit.{namespace}.{name}" in sys.modules
    ):
        return None
    library, of = ("torchvision", namespace[7:]) if namespace.startswith("vision.") else ("PyTorch", namespace)
    instead = _INSTEAD.get(f"{of}.{name}") or _INSTEAD.get(of)
    return f"{library} has {of}.{name}; autogradkit does not have it" + (f": {instead}" if instead else " yet")


def lookup_error(namespace: str, name: str, caller: FrameType) -> AttributeError | ImportError:
    """The error for a name that the module for PyTorch's `namespace` does not have; `caller` is the frame that asked.

    It is an ImportError where `from autogradkit.nn import quantized` asks for one of PyTorch's names, or for one that neither
    has while `as_torch()` lasts: of an AttributeError Python would keep nothing there. Otherwise it is an AttributeError, as
    `hasattr` needs, and as Python needs where a module that is loaded is no attribute (`from torch.optim import adam`).
    """
    module = "autogradkit" if namespace == "torch" else f"autogradkit.{namespace}"
    message = absence(namespace, name)
    imported = caller.f_code.co_code[caller.f_lasti] == _IMPORT_FROM
    if message is not None:
        return ImportError(message, name=module) if imported else AttributeError(message)
    called = _module_name(namespace)
    if imported and called != module and f"{module}.{name}" not in sys.modules:
        path = sys.modules[module].__file__
        return ImportError(f"cannot import name '{name}' from '{called}' ({path})", name=called, path=path)
    return AttributeError(f"module '{called}' has no attribute '{name}'")


def older_switch(name: str, known_by: str) -> Any:
    """What `torch.has_mps` and its kin say, with PyTorch's warning: the answer of `backends.mps.is_built()`, "mps.is_built"."""
    warnings.warn(f"'{name}' is deprecated, please use 'torch.backends.{known_by}()'", stacklevel=3)
    room, _, function = known_by.partition(".")
    return getattr(importlib.import_module(f"autogradkit.backends.{room}"), function)()


def _module_name(namespace: str) -> str:
    """What the module for a namespace is called: as PyTorch's while this package stands in for that."""
    package = sys.modules["autogradkit"].__name__
    first, _, below = namespace.partition(".")
    names = [package, *([] if namespace == "torch" else [namespace])]
    if package == "torch" and first == "vision":
        names = ["torchvision", *([below] if below else [])]
    return ".".join(names)


def absent_from(namespace: str) -> Any:
    """The `__getattr__` of the module for PyTorch's `namespace`: what PyTorch's has of other modules is found, else it raises.

    It is typed as Any, for a type checker that sees a function there takes every name for one of the module's.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - it becomes the module's
        from autogradkit.core.borrowed import borrowed  # a table that few programs ask

        found = borrowed(namespace, name)
        if found is not None:
            return found
        raise lookup_error(namespace, name, sys._getframe(1))  # pyright: ignore[reportPrivateUsage]

    return __getattr__


class AbsentModules:
    """The last of the import system's finders: it says of PyTorch's modules that they are not here.

    Only an `import` is told; `importlib.util.find_spec`, which merely asks, gets None as ever. What it finds are modules that
    have nothing but what others have too.
    """

    @staticmethod
    def find_spec(fullname: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Raise ModuleNotFoundError where `fullname` is to be imported and PyTorch has such a module."""
        package, _, below = fullname.partition(".")
        if package != "autogradkit" or not below:
            return None
        from autogradkit.core.borrowed import MODULES, Borrowing

        if below in MODULES:
            return ModuleSpec(
                fullname,
                Borrowing(absent_from(below)),
                is_package=any(each.startswith(f"{below}.") for each in MODULES),
            )
        # The frame of `_find_spec` called this, and behind it stands who wants the module.
        if sys._getframe(2).f_code.co_name != "_find_and_load_unlocked":  # pyright: ignore[reportPrivateUsage]
            return None
        namespace, _, name = below.rpartition(".")
        namespace = namespace or "torch"
        if namespace not in _names() or hasattr(sys.modules[fullname.rpartition(".")[0]], name):
            return None
        message = absence(namespace, name)
        if message is not None:
            raise ModuleNotFoundError(message, name=fullname)
        return None
