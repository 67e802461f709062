"""Functions of every namespace, called on a traced value: how code names them, and which arguments it has."""

import torch
import torch.nn.functional as F
from torch import fx


def called(x, y):
    return [
        torch.sum(x, dtype=torch.float32), F.cross_entropy(x, y), F.max_pool2d(x, 2), F.adaptive_avg_pool2d(x, (1, 1)),
        F.interpolate(x, scale_factor=2), F.layer_norm(x, (2,)), x.mean((2, 3)), torch.flatten(x, 1), F.softmax(x, dim=1),
        F.linear(x, y), x**2, 2 / x, x // 2, x % 2, ~x, x == 1, x & 1, F.gelu(x), F.sigmoid(x), F.pad(x, (1, 1)),
        F.avg_pool2d(x, 2), F.leaky_relu(x), F.batch_norm(x, y, y), F.conv2d(x, y), F.nll_loss(x, y), F.mse_loss(x, y),
        F.log_softmax(x, 1), F.embedding(x, y), F.normalize(x), F.one_hot(x), F.scaled_dot_product_attention(x, x, x),
        F.max_pool1d(x, 2), F.adaptive_max_pool2d(x, 2), torch.unique(x), torch.linalg.norm(x), torch.fft.fft(x),
        torch.special.expm1(x), F.silu(x), torch.split(x, 2), x.split(2), F.hardswish(x), F.relu6(x), F.unfold(x, 2),
        torch.stack([x, y]), torch.matmul(x, y), torch.bmm(x, y), torch.addmm(x, y, y), slice(1, 2),
    ]  # fmt: skip


print(fx.symbolic_trace(called).code)
