"""Declares the ops of networks that are functions alone, no methods of tensors: layers and losses.

They would be an eighth of what an import loads. `nn.functional` imports those that it publishes; this is imported when a name
is asked for that no other family has (`declare/names.py`).
"""

from autogradkit._ops.network import (  # noqa: F401 - declares them
    adaptive_maxima,
    adaptive_means,
    affine_grid,
    attention,
    avg_pool,
    batch_norm,
    bilinear,
    binary_loss,
    cells,
    class_margins,
    conv,
    conv_tbc,
    convolutions,
    cross_entropy,
    ctc,
    dropout,
    embedding,
    embedding_bag,
    exponential_units,
    fractional_pool,
    gated_units,
    grid_sampling,
    group_norm,
    layer_norm,
    likelihood,
    linear,
    margin_losses,
    max_pools,
    packed_sequences,
    padding,
    pool,
    random_rectifiers,
    rearranging,
    recurrent,
    resampling,
    similarity,
)
