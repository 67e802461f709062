"""Write `autogradkit/core/pytorch_names.txt`: the public names of those PyTorch namespaces that this package has too.

`python -m scripts.write_pytorch_names`, with the PyTorch and the torchvision of the tests installed. The package says with it
that PyTorch has a name which is asked for in vain; `tests/parity/test_absent.py` holds the file to what is installed.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from pathlib import Path
from types import BuiltinFunctionType, ModuleType
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "autogradkit" / "core" / "pytorch_names.txt"
NAMESPACES = (
    "torch",
    "Tensor",
    "_dynamo",
    "_subclasses",
    "_subclasses.fake_tensor",
    "accelerator",
    "amp",
    "ao",
    "ao.nn",
    "ao.nn.intrinsic",
    "ao.nn.intrinsic.qat",
    "ao.nn.intrinsic.quantized",
    "ao.nn.qat",
    "ao.nn.quantized",
    "ao.nn.quantized.dynamic",
    "ao.nn.quantized.dynamic.modules.linear",
    "ao.quantization",
    "autograd",
    "autograd.anomaly_mode",
    "autograd.forward_ad",
    "autograd.function",
    "autograd.functional",
    "autograd.grad_mode",
    "autograd.graph",
    "autograd.profiler",
    "backends",
    "backends.cpu",
    "backends.cuda",
    "backends.cudnn",
    "backends.mkl",
    "backends.mkldnn",
    "backends.mps",
    "backends.nnpack",
    "backends.openmp",
    "backends.opt_einsum",
    "backends.quantized",
    "compiler",
    "cpu",
    "cpu.amp",
    "cuda",
    "cuda.amp",
    "cuda.comm",
    "cuda.nvtx",
    "distributed",
    "distributed.distributed_c10d",
    "distributed.elastic",
    "distributed.rpc",
    "distributions",
    "distributions.kl",
    "distributions.transforms",
    "fft",
    "func",
    "functional",
    "futures",
    "fx",
    "fx.experimental.proxy_tensor",
    "hub",
    "jit",
    "library",
    "linalg",
    "masked",
    "nested",
    "mps",
    "multiprocessing",
    "nn",
    "nn.attention",
    "nn.functional",
    "nn.grad",
    "nn.init",
    "nn.parallel",
    "nn.parallel.scatter_gather",
    "nn.parameter",
    "nn.quantized",
    "nn.utils",
    "nn.utils.parametrizations",
    "nn.utils.parametrize",
    "nn.utils.prune",
    "nn.utils.rnn",
    "onnx",
    "optim",
    "optim.lr_scheduler",
    "optim.swa_utils",
    "overrides",
    "profiler",
    "quantization",
    "quantization.observer",
    "quantization.qconfig",
    "quantization.quantize",
    "quantization.stubs",
    "quasirandom",
    "random",
    "return_types",
    "serialization",
    "signal",
    "signal.windows",
    "sparse",
    "special",
    "storage",
    "testing",
    "types",
    "utils",
    "utils._python_dispatch",
    "utils.benchmark",
    "utils.checkpoint",
    "utils.collect_env",
    "utils.data",
    "utils.dlpack",
    "utils.flop_counter",
    "utils.hooks",
    "utils.model_zoo",
    "version",
    "vision.datasets",
    "vision.io",
    "vision.models",
    "vision.models.detection",
    "vision.models.segmentation",
    "vision.models.video",
    "vision.ops",
    "vision.transforms",
    "vision.utils",
    "xpu",
)


def home(namespace: str) -> str:
    """The module that a namespace is in PyTorch, or in torchvision."""
    if namespace.partition(".")[0] == "vision":
        importlib.import_module("tests.parity.oracle_vision")  # without it torchvision may not be importable
        return f"torch{namespace}"
    return "torch" if namespace in ("torch", "Tensor") else f"torch.{namespace}"


def public_names(namespace: str) -> list[str]:
    """What PyTorch offers in a namespace: what `__all__` lists, what was made there, and the modules below it.

    Of what a module only imports for its own use (`math`, `Any`) nothing counts.
    """
    if namespace == "Tensor":
        return sorted(name for name in dir(importlib.import_module("torch").Tensor) if name[0] != "_")
    module = importlib.import_module(home(namespace))
    # Of `sparse` it lists what was removed
    listed = {name for name in getattr(module, "__all__", ()) if hasattr(module, name)}
    below = {each.name for each in pkgutil.iter_modules(getattr(module, "__path__", ()))}
    # What is deprecated says so when it is looked at
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        made = {name for name in dir(module) if _made_in(module, getattr(module, name))}
    return sorted(name for name in listed | below | made if name[0] != "_")


def _made_in(module: ModuleType, value: Any) -> bool:
    if isinstance(value, ModuleType):
        return value.__name__.startswith(module.__name__ + ".")
    place = getattr(value, "__module__", None) or type(value).__module__
    if isinstance(value, BuiltinFunctionType):  # C++ functions of several namespaces say "torch"
        return place.partition(".")[0] == "torch"
    moved = module.__name__.replace(
        "torch.quantization", "torch.ao.quantization"
    )  # of which the former has the old names
    return any(place == made or place.startswith(made + ".") for made in (module.__name__, moved, "torch._C"))


def text() -> str:
    """The file's content: a line for each namespace."""
    return "".join(f"{namespace}: {' '.join(public_names(namespace))}\n" for namespace in NAMESPACES)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
