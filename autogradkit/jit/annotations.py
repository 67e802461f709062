"""`torch.jit.annotations`: where older code takes the names of types from, which are Python's."""

from typing import Any as Any
from typing import Dict as Dict  # noqa: UP035 - the names that such code imports
from typing import List as List  # noqa: UP035
from typing import Optional as Optional
from typing import Tuple as Tuple  # noqa: UP035
