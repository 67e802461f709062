"""torchvision as the oracle of `autogradkit.vision`, imported here for all tests, so that it imports everywhere.

torchvision registers shapes for two of its C++ ops at import. Where its library was built against another PyTorch than
the one installed (a CUDA wheel beside a CPU one), it does not load, and the import would end there: the ops are then
declared without a kernel. What is Python in torchvision, nearly all, is the oracle either way; what is not raises.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

_spec = find_spec("torchvision")
assert _spec is not None, "torchvision is installed with the extra `test`"
assert _spec.origin is not None
try:
    torch.ops.load_library(Path(_spec.origin).with_name("_C.so"))
except OSError:
    HAS_OPS = False
    for _name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{_name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
else:
    HAS_OPS = True

import torchvision as torchvision  # noqa: E402
import torchvision.transforms.v2  # noqa: E402, F401
