"""Where PyTorch has what stands in another file here: mostly layers, by the names of its files.

Rests on nothing. Checkpoints are written with these names, `nn.modules` has its layers under them, and the classes say them
while they go by PyTorch's name. A test holds every layer to the installed PyTorch.
"""

from __future__ import annotations

_FILES = {
    "adaptive_pooling": "pooling",
    "adaptive_softmax": "adaptive",
    "attention": "activation",
    "conv_transpose": "conv",
    "cross_map_norm": "normalization",
    "embedding": "sparse",
    "fractional": "pooling",
    "label_loss": "loss",
    "lazy_conv": "conv",
    "margin_loss": "loss",
    "parameter_dict": "container",
    "rectifier": "activation",
    "rnn_cells": "rnn",
    "softmax": "activation",
    "transformer_layers": "transformer",
}
_NAMES = {
    "_IncompatibleKeys": "module",
    "_WrappedHook": "module",
    "ChannelShuffle": "channelshuffle",
    "Container": "container",
    "Fold": "fold",
    "LazyBatchNorm1d": "batchnorm",
    "LazyBatchNorm2d": "batchnorm",
    "LazyBatchNorm3d": "batchnorm",
    "LazyInstanceNorm1d": "instancenorm",
    "LazyInstanceNorm2d": "instancenorm",
    "LazyInstanceNorm3d": "instancenorm",
    "LazyLinear": "linear",
    "NLLLoss2d": "loss",
    "PixelShuffle": "pixelshuffle",
    "PixelUnshuffle": "pixelshuffle",
    "Unfold": "fold",
    "Upsample": "upsampling",
    "UpsamplingBilinear2d": "upsampling",
    "UpsamplingNearest2d": "upsampling",
}
_ELSEWHERE = {
    ("torch._ops.declare.names", "_VariableFunctionsClass"): "torch._C",
    ("torch._ops.operators.overloads", "OpOverload"): "torch._ops",
    ("torch._ops.operators.overloads", "OpOverloadPacket"): "torch._ops",
    ("torch.compiler", "InvalidBackend"): "torch._dynamo.exc",
    ("torch.compiler", "TorchDynamoException"): "torch._dynamo.exc",
    ("torch.core.schema", "Argument"): "torch",
    ("torch.core.schema", "FunctionSchema"): "torch",
    ("torch.core.buffer", "Buffer"): "torch.nn.parameter",
    ("torch.core.device", "get_default_device"): "torch",
    ("torch.core.device", "set_default_device"): "torch",
    ("torch.core.dtype", "set_default_dtype"): "torch",
    ("torch.core.typed_storages", "is_storage"): "torch",
    ("torch.engine.backward", "backward"): "torch.autograd",
    ("torch.engine.backward", "grad"): "torch.autograd",
    ("torch.engine.swapping", "swap_tensors"): "torch.utils",
    ("torch.core.storages", "UntypedStorage"): "torch.storage",
    ("torch.core.typed_storages", "TypedStorage"): "torch.storage",
    ("torch.engine.hooks", "RemovableHandle"): "torch.utils.hooks",
    ("torch.engine.modes", "detect_anomaly"): "torch.autograd.anomaly_mode",
    ("torch.engine.modes", "set_detect_anomaly"): "torch.autograd.anomaly_mode",
    ("torch.engine.node", "GradientEdge"): "torch.autograd.graph",
    ("torch.engine.packing", "disable_saved_tensors_hooks"): "torch.autograd.graph",
    ("torch.engine.packing", "save_on_cpu"): "torch.autograd.graph",
    ("torch.engine.packing", "saved_tensors_hooks"): "torch.autograd.graph",
    ("torch.optim.adafactor", "Adafactor"): "torch.optim",
    ("torch.optim.muon", "Muon"): "torch.optim",
    ("torch.utils.benchmark.measurement", "Measurement"): "torch.utils.benchmark.utils.common",
    ("torch.nn.uninitialized", "UninitializedBuffer"): "torch.nn.parameter",
    ("torch.nn.uninitialized", "UninitializedParameter"): "torch.nn.parameter",
}
_UTILITIES = {  # of `nn.utils`
    "orthogonal": "parametrizations",
    "parametrized": "parametrize",
    "pruning": "prune",
    "pruning_methods": "prune",
}
_QUANTIZERS = {  # of `quantization`
    "converting": "quantize",
    "extremes": "observer",
    "histogram": "observer",
    "observing": "observer",
    "preparing": "quantize",
    "unranged": "observer",
}
_QUANTIZATION = "torch.quantization."
_MODULES = "torch.nn.modules."
_UTILS = "torch.nn.utils."
_WHOLE = (  # one file there
    "torch.distributions.transforms",
    "torch.func",
    "torch.library",
    "torch.nn.functional",
    "torch.optim.lr_scheduler",
    "torch.serialization",
)
_RESULTS = ".return_types"


def pytorchs_home(home: str, name: str) -> str:
    """The module in which PyTorch has what this package has in `home`, said with PyTorch's name at the front.

    >>> pytorchs_home("torch.nn.modules.rectifier", "ReLU")
    'torch.nn.modules.activation'
    """
    if (home, name) in _ELSEWHERE:
        return _ELSEWHERE[home, name]
    if home.endswith(_RESULTS):  # of each family of ops
        return f"torch{_RESULTS}"
    if home.startswith(_QUANTIZATION):
        file = home.removeprefix(_QUANTIZATION)
        return f"torch.ao.quantization.{_QUANTIZERS.get(file, file)}"
    if home.startswith(_MODULES):
        file = home.removeprefix(_MODULES)
        return _MODULES + (_NAMES.get(name) or _FILES.get(file, file))
    if home.startswith(_UTILS):
        file = home.removeprefix(_UTILS)
        return _UTILS + _UTILITIES.get(file, file)
    return next((each for each in _WHOLE if home.startswith(f"{each}.")), home)
