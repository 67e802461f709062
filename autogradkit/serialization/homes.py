"""Where PyTorch has the layers that stand in another file here, by the names that checkpoints have for them.

`names.py` asks. A test holds every layer to the installed PyTorch.
"""

from __future__ import annotations

_FILES = {
    "adaptive_pooling": "pooling",
    "fractional": "pooling",
    "adaptive_softmax": "adaptive",
    "attention": "activation",
    "cross_map_norm": "normalization",
    "embedding": "sparse",
    "label_loss": "loss",
    "lazy_conv": "conv",
    "margin_loss": "loss",
    "parameter_dict": "container",
    "rectifier": "activation",
    "rnn_cells": "rnn",
    "softmax": "activation",
    "transformer_layers": "transformer",
}
_LAYERS = {
    "ChannelShuffle": "channelshuffle",
    "Container": "container",
    "Fold": "fold",
    "InstanceNorm1d": "instancenorm",
    "InstanceNorm2d": "instancenorm",
    "InstanceNorm3d": "instancenorm",
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
    "SyncBatchNorm": "batchnorm",
    "Unfold": "fold",
    "Upsample": "upsampling",
    "UpsamplingBilinear2d": "upsampling",
    "UpsamplingNearest2d": "upsampling",
}
_ELSEWHERE = {
    ("torch", "gelu"): "torch._C._nn",
    ("torch.core.buffer", "Buffer"): "torch.nn.parameter",
    ("torch.nn.modules.parallel", "DataParallel"): "torch.nn.parallel.data_parallel",
    ("torch.nn.uninitialized", "UninitializedBuffer"): "torch.nn.parameter",
    ("torch.nn.uninitialized", "UninitializedParameter"): "torch.nn.parameter",
}
_COLLECTED = {
    "torch.nn.modules": "torch.nn.modules",
    "torch.nn.parallel": "torch.nn.modules",
    "torch._C": "torch.nn.functional",
}
_MODULES = "torch.nn.modules."
_FUNCTIONS = "torch.nn.functional"


def pytorchs_home(home: str, name: str) -> str:
    """The module in which PyTorch has what this package has in `home`, said with PyTorch's name at the front.

    >>> pytorchs_home("torch.nn.modules.rectifier", "ReLU")
    'torch.nn.modules.activation'
    """
    if (home, name) in _ELSEWHERE:
        return _ELSEWHERE[home, name]
    if home.startswith(_MODULES):
        file = home.removeprefix(_MODULES)
        return _MODULES + (_LAYERS.get(name) or _FILES.get(file, file))
    return _FUNCTIONS if home.startswith(f"{_FUNCTIONS}.") else home


def collecting(module: str) -> str:
    """The module to look in first for what a file names in PyTorch's `module`: of layers the one that collects them all."""
    return _COLLECTED.get(module.rpartition(".")[0], module)
