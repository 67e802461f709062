"""`torch.utils.model_zoo`: the older name of `hub.load_state_dict_from_url`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]
__getattr__ = _absent_from("utils.model_zoo")
