"""PyTorch's `torch.__config__`, which scripts print: what is computed with, and by how many threads."""

from __future__ import annotations

import os
import platform
from typing import Any, cast

import numpy as np

from autogradkit.core.threads import get_num_interop_threads, get_num_threads


def show() -> str:
    """The compiler and the libraries of NumPy, which computes here.

    >>> import autogradkit as torch
    >>> print(torch.__config__.show())  # doctest: +ELLIPSIS
    autogradkit computes with:
      - NumPy ...
      - Python ...
    """
    blas = cast("dict[str, Any]", np.show_config(mode="dicts"))["Build Dependencies"]["blas"]
    found = [f"NumPy {np.__version__}", f"{blas['name']} {blas['version']}", f"Python {platform.python_version()}"]
    return "".join(["autogradkit computes with:\n", *(f"  - {each}\n" for each in found)])


def parallel_info() -> str:
    """How many threads there are, and what the environment says of them."""
    lines = [
        f"\t{name} : {os.environ.get(name, '[not set]')}\n" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    ]
    return (
        f"get_num_threads() : {get_num_threads()}\nget_num_interop_threads() : {get_num_interop_threads()}\n"
        f"hardware concurrency : {os.cpu_count()}\nEnvironment variables:\n{''.join(lines)}"
    )
