"""Training that foresees eight bits: fake quantisation by observed ends, a straight-through function, the error that is left."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(8)


class Observed(nn.Module):
    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = low, high
        self.register_buffer("least", torch.tensor(float("inf")))
        self.register_buffer("most", torch.tensor(float("-inf")))

    def grid(self):
        least, most = self.least.clamp(max=0), self.most.clamp(min=0)
        scale = ((most - least) / (self.high - self.low)).clamp(min=1e-8)
        return scale, (self.low - torch.round(least / scale)).clamp(self.low, self.high).to(torch.int32)

    def forward(self, x):
        if self.training:
            least, most = torch.aminmax(x.detach())
            self.least.copy_(torch.minimum(self.least, least))
            self.most.copy_(torch.maximum(self.most, most))
        return torch.fake_quantize_per_tensor_affine(x, *self.grid(), self.low, self.high)


class Rounded(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.inputs = Observed(0, 255)

    def forward(self, x):
        scale = self.weight.detach().abs().amax(1) / 127
        zeros = torch.zeros(len(scale), dtype=torch.int32)
        weight = torch.fake_quantize_per_channel_affine(self.weight, scale, zeros, 0, -128, 127)
        return F.linear(self.inputs(x), weight, self.bias)


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x.abs() <= 128 * scale)
        return (x / scale).round() * scale

    @staticmethod
    def backward(ctx, g):
        (within,) = ctx.saved_tensors
        return g * within, None


x = torch.rand(64, 8)
y = (x.sum(1) * 3).long() % 3
net = nn.Sequential(Rounded(8, 16), nn.ReLU(), Rounded(16, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(20):
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(f"{step:2d} {loss.item():.4f}")
print(net, [name for name, _ in net.named_buffers()])
net.eval()
scale, zero = net[2].inputs.grid()
print(zero, zero.dtype, scale > 0)

w = net[0].weight.detach()
step = w.abs().max() / 127
whole = (w / step).round().clamp(-128, 127).to(torch.int8)
print(whole[0], whole.dtype, ((whole.float() * step) - w).abs().max() <= step / 2 + 1e-7)
print((whole.int() @ torch.ones(8, dtype=torch.int32))[:4])
v = torch.linspace(-2, 2, 5, requires_grad=True)
(Straight.apply(v, 0.01) ** 2).sum().backward()
print(v.grad)
u = torch.linspace(-2, 2, 5, requires_grad=True)
out = torch.fake_quantize_per_tensor_affine(u, 0.01, 0, -128, 127)
out.pow(2).sum().backward()
print(out, u.grad, torch.fake_quantize_per_tensor_affine(torch.tensor([0.5, 1.5, 2.5, -9.0]), 1.0, 3, 0, 7))
try:
    torch.fake_quantize_per_tensor_affine(u, 0.1, 9, -5, 5)
except RuntimeError as error:
    print(error)
