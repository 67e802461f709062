"""`torch._dynamo.exc`: what PyTorch's compiler raises; of it here only the refusal of a backend's name."""

from autogradkit.compiler import InvalidBackend as InvalidBackend
from autogradkit.compiler import TorchDynamoException as TorchDynamoException
