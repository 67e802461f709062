"""PyTorch's `torch._functorch.vmap`: `func/batching.py` itself, so that what packages replace is replaced there."""

import sys

from autogradkit.func import batching

sys.modules[__name__] = batching
