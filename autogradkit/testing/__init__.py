"""PyTorch's `torch.testing`: whether values are close, told as a test wants it; and tensors to test with."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.testing.comparison import assert_allclose as assert_allclose
from autogradkit.testing.comparison import assert_close as assert_close
from autogradkit.testing.creation import make_tensor as make_tensor

__getattr__ = _absent_from("testing")
