"""PyTorch's `torch.utils.data._utils.collate`, from which scripts import how batches are made."""

import re as _re

from autogradkit.utils.data.collate import collate as collate
from autogradkit.utils.data.collate import collate_float_fn as collate_float_fn
from autogradkit.utils.data.collate import collate_int_fn as collate_int_fn
from autogradkit.utils.data.collate import collate_numpy_array_fn as collate_numpy_array_fn
from autogradkit.utils.data.collate import collate_numpy_scalar_fn as collate_numpy_scalar_fn
from autogradkit.utils.data.collate import collate_str_fn as collate_str_fn
from autogradkit.utils.data.collate import collate_tensor_fn as collate_tensor_fn
from autogradkit.utils.data.collate import default_collate as default_collate
from autogradkit.utils.data.collate import default_collate_err_msg_format as default_collate_err_msg_format
from autogradkit.utils.data.collate import default_collate_fn_map as default_collate_fn_map
from autogradkit.utils.data.collate import default_convert as default_convert

np_str_obj_array_pattern = _re.compile("[SaUO]")  # dtypes of NumPy that are not collated; packages leave them out by it
