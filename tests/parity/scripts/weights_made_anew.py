"""Convolutions whose weights are made anew at each call: standardised, masked for what is not drawn yet, equalised."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(4)


class Standardised(nn.Conv2d):
    def forward(self, x):
        w = self.weight - self.weight.mean(dim=[1, 2, 3], keepdim=True)
        std = w.view(w.size(0), -1).std(dim=1).view(-1, 1, 1, 1) + 1e-5
        return self._conv_forward(x, w / std, self.bias)


class Masked(nn.Conv2d):
    def __init__(self, kind, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("mask", torch.ones_like(self.weight))
        height, width = self.kernel_size
        self.mask[:, :, height // 2, width // 2 + (kind == "B") :] = 0
        self.mask[:, :, height // 2 + 1 :] = 0

    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)


class Equalised(nn.Conv1d):
    def reset_parameters(self):
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)
        fan_in, _ = nn.init._calculate_fan_in_and_fan_out(self.weight)
        self.scale = nn.init.calculate_gain("leaky_relu", 0.2) / fan_in**0.5

    def forward(self, x):
        if self.padding_mode != "zeros":
            x = F.pad(x, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return F.conv1d(x, self.weight * self.scale, self.bias, self.stride)
        return self._conv_forward(x, self.weight * self.scale, self.bias)


wide = Standardised(1, 4, (3, 2), padding=(1, 2), padding_mode="circular", dtype=torch.float64)
print(wide, wide._reversed_padding_repeated_twice, wide(torch.rand(2, 1, 5, 4).double())[1, 2])
print(Equalised(2, 3, 3, padding=1)(torch.rand(1, 2, 4)), Equalised(2, 1, 3, padding=1, padding_mode="reflect"))
print(Equalised(2, 1, 3, padding=2, padding_mode="reflect")(torch.rand(2, 4)))

net = nn.Sequential(
    Masked("A", 1, 8, 5, 1, 2, bias=False), nn.BatchNorm2d(8), nn.ReLU(True), Masked("B", 8, 8, 3, 1, 1)
)
net.append(nn.ReLU(True)).append(nn.Conv2d(8, 4, 1))
pictures = (torch.rand(8, 1, 6, 6) * 4).floor()
optimizer = torch.optim.Adam(net.parameters(), 1e-2)
for _ in range(5):
    loss = F.cross_entropy(net(pictures / 3), pictures[:, 0].long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.4f}")
print(net[0].weight.grad.abs().sum((0, 1)) > 0)
net.eval()
drawn = torch.zeros(1, 1, 3, 3)
with torch.no_grad():
    for i in range(3):
        for j in range(3):
            chances = F.softmax(net(drawn)[:, :, i, j], 1)
            drawn[:, :, i, j] = torch.multinomial(chances, 1).float() / 3
print(drawn)
