"""The modules of `nn`, one family a file: what each file lists in `__all__`."""

import sys as _sys

from autogradkit.nn.modules import (
    activation,
    adaptive_pooling,
    adaptive_softmax,
    attention,
    batchnorm,
    container,
    conv,
    conv_transpose,
    cross_map_norm,
    deprecated,
    distance,
    dropout,
    embedding,
    flatten,
    fractional,
    instancenorm,
    label_loss,
    lazy,
    lazy_conv,
    lazy_norm,
    linear,
    linear_cross_entropy_options,
    loss,
    margin_loss,
    module,
    normalization,
    padding,
    parameter_dict,
    pooling,
    rectifier,
    resizing,
    rnn,
    rnn_cells,
    softmax,
    transformer,
    transformer_layers,
)
from autogradkit.nn.modules import (
    optimized as optimized,
)
from autogradkit.nn.modules import (
    utils as utils,
)
from autogradkit.nn.modules.activation import *
from autogradkit.nn.modules.adaptive_pooling import *
from autogradkit.nn.modules.adaptive_softmax import *
from autogradkit.nn.modules.attention import *
from autogradkit.nn.modules.batchnorm import *
from autogradkit.nn.modules.container import *
from autogradkit.nn.modules.conv import *
from autogradkit.nn.modules.conv_transpose import *
from autogradkit.nn.modules.cross_map_norm import *
from autogradkit.nn.modules.deprecated import *
from autogradkit.nn.modules.distance import *
from autogradkit.nn.modules.dropout import *
from autogradkit.nn.modules.embedding import *
from autogradkit.nn.modules.flatten import *
from autogradkit.nn.modules.fractional import *
from autogradkit.nn.modules.instancenorm import *
from autogradkit.nn.modules.label_loss import *
from autogradkit.nn.modules.lazy import *
from autogradkit.nn.modules.lazy_conv import *
from autogradkit.nn.modules.lazy_norm import *
from autogradkit.nn.modules.linear import *
from autogradkit.nn.modules.linear_cross_entropy_options import *
from autogradkit.nn.modules.loss import *
from autogradkit.nn.modules.margin_loss import *
from autogradkit.nn.modules.module import *
from autogradkit.nn.modules.normalization import *
from autogradkit.nn.modules.padding import *
from autogradkit.nn.modules.parameter_dict import *
from autogradkit.nn.modules.pooling import *
from autogradkit.nn.modules.pytorchs_files import fill as _fill
from autogradkit.nn.modules.rectifier import *
from autogradkit.nn.modules.resizing import *
from autogradkit.nn.modules.rnn import *
from autogradkit.nn.modules.rnn_cells import *
from autogradkit.nn.modules.softmax import *
from autogradkit.nn.modules.transformer import *
from autogradkit.nn.modules.transformer_layers import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += adaptive_pooling.__all__
__all__ += attention.__all__
__all__ += adaptive_softmax.__all__
__all__ += batchnorm.__all__
__all__ += container.__all__
__all__ += conv.__all__
__all__ += conv_transpose.__all__
__all__ += cross_map_norm.__all__
__all__ += deprecated.__all__
__all__ += distance.__all__
__all__ += dropout.__all__
__all__ += embedding.__all__
__all__ += flatten.__all__
__all__ += fractional.__all__
__all__ += instancenorm.__all__
__all__ += label_loss.__all__
__all__ += lazy.__all__
__all__ += lazy_conv.__all__
__all__ += lazy_norm.__all__
__all__ += linear.__all__
__all__ += linear_cross_entropy_options.__all__
__all__ += loss.__all__
__all__ += margin_loss.__all__
__all__ += module.__all__
__all__ += normalization.__all__
__all__ += padding.__all__
__all__ += parameter_dict.__all__
__all__ += pooling.__all__
__all__ += rectifier.__all__
__all__ += resizing.__all__
__all__ += rnn.__all__
__all__ += rnn_cells.__all__
__all__ += softmax.__all__
__all__ += transformer.__all__
__all__ += transformer_layers.__all__

_fill(_sys.modules[__name__])
