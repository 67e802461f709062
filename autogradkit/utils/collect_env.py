"""PyTorch's `torch.utils.collect_env`, whose report people paste into questions: versions, system, processor.

Rests on the standard library and `__config__`. `python -m autogradkit.utils.collect_env` prints it.
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import autogradkit
from autogradkit import __config__
from autogradkit.core.absent import absent_from as _absent_from

_PACKAGES = (
    "autogradkit",
    "numpy",
    "scipy",
    "ml_dtypes",
    "matplotlib",
    "pillow",
    "ipython",
    "anywidget",
    "jupyterlab",
    "torch",
)


class SystemEnv(NamedTuple):
    """What was found, under PyTorch's names."""

    torch_version: str
    is_debug_build: str
    cuda_compiled_version: str
    os: str
    libc_version: str
    python_version: str
    python_platform: str
    is_cuda_available: str
    pip_packages: str
    cpu_info: str


def _installed() -> list[str]:
    found: list[str] = []
    for name in _PACKAGES:
        try:
            found.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    return found


def get_env_info() -> SystemEnv:
    """Look at the machine and at what is installed.

    >>> get_env_info().is_cuda_available
    'False'
    """
    return SystemEnv(
        torch_version=str(autogradkit.__version__),
        is_debug_build="False",
        cuda_compiled_version="None",
        os=f"{platform.system()} {platform.release()} ({platform.machine()})",
        libc_version="-".join(platform.libc_ver()) or "N/A",
        python_version=f"{platform.python_version()} ({platform.architecture()[0]} runtime)",
        python_platform=platform.platform(),
        is_cuda_available="False",
        pip_packages="\n".join(_installed()),
        cpu_info=f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors",
    )


def get_pretty_env_info() -> str:
    """The report."""
    found = get_env_info()
    packages = "".join(f"[pip3] {each}\n" for each in found.pip_packages.splitlines())
    return (
        f"PyTorch version: {found.torch_version}\nIs debug build: {found.is_debug_build}\n"
        f"CUDA used to build PyTorch: {found.cuda_compiled_version}\n\n"
        f"OS: {found.os}\nLibc version: {found.libc_version}\n\n"
        f"Python version: {found.python_version}\nPython platform: {found.python_platform}\n"
        f"Is CUDA available: {found.is_cuda_available}\n\nCPU: {found.cpu_info}\n{__config__.show()}\n"
        f"Versions of relevant libraries:\n{packages}"
    )


def main() -> None:
    """Print the report."""
    print("Collecting environment information...")
    print(get_pretty_env_info())


__getattr__ = _absent_from("utils.collect_env")

if __name__ == "__main__":
    main()
