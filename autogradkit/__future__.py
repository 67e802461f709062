"""PyTorch's `torch.__future__`: how modules exchange their parameters when they are converted, two switches.

`nn` asks them. Usually a parameter stays the same object and is given other numbers, `parameter.data = ...`.
"""

from __future__ import annotations


class _Switches:
    overwrite = False
    swap = False


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Whether `Module.to` and its kin give a module new parameters, and leave those that it had as they are."""
    _Switches.overwrite = value


def get_overwrite_module_params_on_conversion() -> bool:
    """What was set; at first False."""
    return _Switches.overwrite


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Whether `Module.to` and its kin exchange what parameters are by `utils.swap_tensors`. It comes before the other switch."""
    _Switches.swap = value


def get_swap_module_params_on_conversion() -> bool:
    """What was set; at first False."""
    return _Switches.swap
