"""PyTorch's `torch.functional`: the functions of tensors that PyTorch writes in Python, which are the package's own here."""

from autogradkit import atleast_1d as atleast_1d
from autogradkit import atleast_2d as atleast_2d
from autogradkit import atleast_3d as atleast_3d
from autogradkit import block_diag as block_diag
from autogradkit import broadcast_shapes as broadcast_shapes
from autogradkit import broadcast_tensors as broadcast_tensors
from autogradkit import cartesian_prod as cartesian_prod
from autogradkit import cdist as cdist
from autogradkit import chain_matmul as chain_matmul
from autogradkit import einsum as einsum
from autogradkit import istft as istft
from autogradkit import lu as lu
from autogradkit import meshgrid as meshgrid
from autogradkit import norm as norm
from autogradkit import pca_lowrank as pca_lowrank
from autogradkit import split as split
from autogradkit import stft as stft
from autogradkit import svd_lowrank as svd_lowrank
from autogradkit import tensordot as tensordot
from autogradkit import unique as unique
from autogradkit import unique_consecutive as unique_consecutive
from autogradkit import unravel_index as unravel_index
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("functional")
