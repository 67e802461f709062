"""PyTorch's `torch.storage`: a tensor's memory, of bytes and of numbers."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.storages import UntypedStorage as UntypedStorage
from autogradkit.core.typed_storages import TypedStorage as TypedStorage

StorageBase = _StorageBase = UntypedStorage  # which PyTorch's is derived from

__getattr__ = _absent_from("storage")
