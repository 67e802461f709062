"""`torch.masked.MaskedTensor`: tensors with a mask of what counts, on which ops are computed of data and mask at once.

`core.py` has the class, `elementwise.py`, `passed_on.py`, `reducing.py` and `other.py` what ops are on it, by the names that they
have for `__torch_dispatch__`; `creation.py` makes one. Loaded when one of these names is first used.
"""

from autogradkit.masked.maskedtensor import elementwise as elementwise
from autogradkit.masked.maskedtensor import other as other
from autogradkit.masked.maskedtensor import passed_on as passed_on
from autogradkit.masked.maskedtensor import reducing as reducing
from autogradkit.masked.maskedtensor.core import MaskedTensor as MaskedTensor
from autogradkit.masked.maskedtensor.core import is_masked_tensor as is_masked_tensor
from autogradkit.masked.maskedtensor.creation import as_masked_tensor as as_masked_tensor
from autogradkit.masked.maskedtensor.creation import masked_tensor as masked_tensor
