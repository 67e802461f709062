"""PyTorch's `torch.backends.quantized`: which library multiplies quantised numbers. Here NumPy does, as the one named would.

`fbgemm`, `x86` and `onednn` quantise what a dynamic layer is given in 7 bits, `qnnpack` in 8; `ao/nn/quantized` asks.
"""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from

supported_engines = ["qnnpack", "onednn", "x86", "fbgemm"]
engine = "x86"


def in_seven_bits() -> bool:
    """Whether the engine multiplies numbers of 7 bits. Raises RuntimeError for a name that is none of an engine."""
    return _engine() != "qnnpack"


def rounds_bias() -> bool:
    """Whether the engine rounds a bias to whole steps before it adds it. Raises RuntimeError for a name of no engine."""
    return _engine() == "qnnpack"


def _engine() -> str:
    if engine not in supported_engines:
        raise RuntimeError(f"{engine} is not a valid value for quantized engine")
    return engine


__getattr__ = _absent_from("backends.quantized")
