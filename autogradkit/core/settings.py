"""Settings of the process that scripts write at their top: determinism, the precision of products, denormals, warnings.

All computing here is deterministic and in full precision, so those settings are kept and change nothing.
"""

from __future__ import annotations

from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.warning import warn

_PRECISIONS = ("highest", "high", "medium")
_MODES = ("default", "warn", "error")


class _Settings:
    """What is set."""

    matmul_precision = "highest"
    deterministic_mode = 0  # 1: PyTorch would warn of what is not, 2: refuse it


@entry
def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Keep whether results must be the same each time, as here they always are.

    >>> import autogradkit as torch
    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    for place, (name, value) in enumerate((("mode", mode), ("warn_only", warn_only)), 1):
        if not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            where = f" (position {place})" if place == 1 else ""
            raise TypeError(
                f"_set_deterministic_algorithms(): argument '{name}'{where} must be bool, not {c_type_name(value)}"
            )
    _Settings.deterministic_mode = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """Whether that was asked for."""
    return _Settings.deterministic_mode > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it was asked for with `warn_only`."""
    return _Settings.deterministic_mode == 1


def get_deterministic_debug_mode() -> int:
    """The same as a number: 0 not asked for, 1 with `warn_only`, 2 without."""
    return _Settings.deterministic_mode


@entry
def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Set it by number or name: 0 "default", 1 "warn", 2 "error". Raises TypeError or RuntimeError for anything else."""
    if not isinstance(debug_mode, (int, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in _MODES:
            raise RuntimeError(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = _MODES.index(debug_mode)
    if not 0 <= debug_mode <= 2:
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    _Settings.deterministic_mode = debug_mode


# -- precision, warnings ---------------------------------------------------------------------------------------------


def get_float32_matmul_precision() -> str:
    """What was set last: "highest", unless a script has asked for less.

    >>> import autogradkit as torch
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    return _Settings.matmul_precision


@entry
def set_float32_matmul_precision(precision: str) -> None:
    """Keep how precise products of matrices must be: "highest", "high" or "medium". Here they are in full precision."""
    if not isinstance(precision, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RuntimeError(f"set_float32_matmul_precision expects a str, but got {c_type_name(precision)}")
    if precision not in _PRECISIONS:
        warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the currentsetFloat32MatmulPrecision call has no "
            "effect."
        )
        return
    _Settings.matmul_precision = precision


@entry
def set_flush_denormal(mode: bool, /) -> bool:
    """Whether denormal numbers can be taken for 0: False, for Python cannot tell the processor to; they are kept."""
    if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RuntimeError(f"flush_denormal expects a bool, but got {c_type_name(mode)}")
    return False
