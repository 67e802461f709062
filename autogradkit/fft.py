"""Fourier transforms, as PyTorch's `torch.fft` names them.

Rests on the ops of `_ops/spectral`, which are declared when this is first imported.
"""

from autogradkit._ops.declare.names import OverloadSet as _OverloadSet
from autogradkit._ops.making import spaced as _spaced
from autogradkit._ops.spectral import fourier as _fourier
from autogradkit.core.absent import absent_from as _absent_from

for _name, _op in (*vars(_fourier).items(), *vars(_spaced).items()):
    _owner = getattr(_op, "owner", None)
    if isinstance(_owner, _OverloadSet) and _owner.name.startswith("fft_"):
        globals()[_owner.name.removeprefix("fft_")] = _owner.made("function")

__getattr__ = _absent_from("fft")
