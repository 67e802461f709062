"""PyTorch's files of layers, for what imports a layer from where it is there: `from torch.nn.modules.sparse import Embedding`.

Rests on `core/homes.py`, which has their names. A file that is here too gets the layers that PyTorch has in it, the others
are made, without a file.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType

from autogradkit.core.absent import absent_from
from autogradkit.core.homes import pytorchs_home


def fill(package: ModuleType) -> None:
    """Put each class and function of the files in `package` where PyTorch has it, and let each find what PyTorch's borrows."""
    files = [each for name, each in sys.modules.items() if name.startswith(f"{package.__name__}.")]
    for file in files:
        for name, value in list(vars(file).items()):
            if not isinstance(value, type | FunctionType) or value.__module__ != file.__name__:
                continue
            home = pytorchs_home(file.__name__.replace("autogradkit", "torch", 1), name)
            place = home.replace("torch", "autogradkit", 1)
            if place not in sys.modules:
                sys.modules[place] = ModuleType(place, f"What PyTorch has in `{home}`.")
                setattr(package, place.rpartition(".")[2], sys.modules[place])
            vars(sys.modules[place]).setdefault(name, value)
    for name, file in list(sys.modules.items()):
        if name.startswith(f"{package.__name__}."):
            vars(file).setdefault("__getattr__", absent_from(name.removeprefix("autogradkit.")))
