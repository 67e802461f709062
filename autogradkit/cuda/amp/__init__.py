"""PyTorch's `torch.cuda.amp`: the old names of `torch.amp` for a device, which warn that they are old, and do nothing here."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.cuda.amp import autocast_mode as autocast_mode
from autogradkit.cuda.amp import common as common
from autogradkit.cuda.amp import grad_scaler as grad_scaler
from autogradkit.cuda.amp.autocast_mode import autocast as autocast
from autogradkit.cuda.amp.autocast_mode import custom_bwd as custom_bwd
from autogradkit.cuda.amp.autocast_mode import custom_fwd as custom_fwd
from autogradkit.cuda.amp.common import amp_definitely_not_available as amp_definitely_not_available
from autogradkit.cuda.amp.grad_scaler import GradScaler as GradScaler

__getattr__ = _absent_from("cuda.amp")
