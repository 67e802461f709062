"""`torch.distributed.checkpoint.hf_storage`: checkpoints of many parts, as Hugging Face keeps them."""

from autogradkit.distributed.spread import HuggingFaceStorageReader as HuggingFaceStorageReader
from autogradkit.distributed.spread import HuggingFaceStorageWriter as HuggingFaceStorageWriter
