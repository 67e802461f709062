"""Helpers around modules: gradients clipped, parameters as one vector, weights normed, parametrized, pruned and fused,
sequences of different lengths packed.

One room a file, as in PyTorch; loaded when `nn.utils` is first named.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.nn.utils import parametrizations as parametrizations
from autogradkit.nn.utils import parametrize as parametrize
from autogradkit.nn.utils import prune as prune
from autogradkit.nn.utils import rnn as rnn
from autogradkit.nn.utils import stateless as stateless
from autogradkit.nn.utils.clip_grad import clip_grad_norm as clip_grad_norm
from autogradkit.nn.utils.clip_grad import clip_grad_norm_ as clip_grad_norm_
from autogradkit.nn.utils.clip_grad import clip_grad_value_ as clip_grad_value_
from autogradkit.nn.utils.clip_grad import clip_grads_with_norm_ as clip_grads_with_norm_
from autogradkit.nn.utils.clip_grad import get_total_norm as get_total_norm
from autogradkit.nn.utils.convert_parameters import parameters_to_vector as parameters_to_vector
from autogradkit.nn.utils.convert_parameters import vector_to_parameters as vector_to_parameters
from autogradkit.nn.utils.fusion import fuse_conv_bn_eval as fuse_conv_bn_eval
from autogradkit.nn.utils.fusion import fuse_conv_bn_weights as fuse_conv_bn_weights
from autogradkit.nn.utils.fusion import fuse_linear_bn_eval as fuse_linear_bn_eval
from autogradkit.nn.utils.fusion import fuse_linear_bn_weights as fuse_linear_bn_weights
from autogradkit.nn.utils.init import skip_init as skip_init
from autogradkit.nn.utils.memory_format import (
    convert_conv2d_weight_memory_format as convert_conv2d_weight_memory_format,
)
from autogradkit.nn.utils.memory_format import (
    convert_conv3d_weight_memory_format as convert_conv3d_weight_memory_format,
)
from autogradkit.nn.utils.spectral_norm import remove_spectral_norm as remove_spectral_norm
from autogradkit.nn.utils.spectral_norm import spectral_norm as spectral_norm
from autogradkit.nn.utils.weight_norm import remove_weight_norm as remove_weight_norm
from autogradkit.nn.utils.weight_norm import weight_norm as weight_norm

__getattr__ = _absent_from("nn.utils")
