"""PyTorch's `torch.amp`: mixed precision. Some ops compute in 16 bits; gradients are scaled so that none becomes 0 in them."""

from autogradkit.amp.autocast_mode import autocast as autocast
from autogradkit.amp.autocast_mode import custom_bwd as custom_bwd
from autogradkit.amp.autocast_mode import custom_fwd as custom_fwd
from autogradkit.amp.autocast_mode import get_autocast_dtype as get_autocast_dtype
from autogradkit.amp.autocast_mode import is_autocast_available as is_autocast_available
from autogradkit.amp.autocast_mode import is_autocast_enabled as is_autocast_enabled
from autogradkit.amp.grad_scaler import GradScaler as GradScaler
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("amp")
