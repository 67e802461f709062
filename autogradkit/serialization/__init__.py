"""`torch.save` and `torch.load`: checkpoints that PyTorch reads and writes too, bit for bit.

`saving.py` writes PyTorch's archive, `loading.py` reads it, and the stream that PyTorch wrote before version 1.6
(`legacy.py`). What a file may ask for by name is in `names.py`; unless told otherwise only that (`restricted.py`): a
checkpoint from a stranger runs no code. SECURITY.md says what is promised.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.serialization.loading import MAP_LOCATION as MAP_LOCATION
from autogradkit.serialization.loading import default_restore_location as default_restore_location
from autogradkit.serialization.loading import get_unsafe_globals_in_checkpoint as get_unsafe_globals_in_checkpoint
from autogradkit.serialization.loading import load as load
from autogradkit.serialization.loading import location_tag as location_tag
from autogradkit.serialization.names import add_safe_globals as add_safe_globals
from autogradkit.serialization.names import clear_safe_globals as clear_safe_globals
from autogradkit.serialization.names import get_safe_globals as get_safe_globals
from autogradkit.serialization.names import safe_globals as safe_globals
from autogradkit.serialization.saving import save as save

DEFAULT_PROTOCOL = 2  # of pickle, in which files are written


class SourceChangeWarning(Warning):
    """What PyTorch warned of while files kept the source of modules; programs still filter it. Nothing here warns so."""


__getattr__ = _absent_from("serialization")
