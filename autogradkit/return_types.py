"""PyTorch's `torch.return_types`: the classes of several results under names, by which `isinstance` asks. Rests on the ops."""

from autogradkit._ops.linalg import return_types as _of_linalg
from autogradkit._ops.reduction import return_types as _of_reduction
from autogradkit.core.absent import absent_from as _absent_from

for _file in (_of_reduction, _of_linalg):
    for _name, _kind in vars(_file).items():
        if isinstance(_kind, type) and _kind.__module__ == _file.__name__ and _name[0].islower():
            globals()[_name] = _kind

__getattr__ = _absent_from("return_types")
