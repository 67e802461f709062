"""A net of two layers five times over: gradients by hand, by autograd, with nn, with an optimizer, with a class."""

import torch
from torch import nn

torch.manual_seed(0)
N, INPUTS, HIDDEN, OUTPUTS = 32, 50, 20, 5
x, y = torch.randn(N, INPUTS), torch.randn(N, OUTPUTS)

w1, w2 = torch.randn(INPUTS, HIDDEN), torch.randn(HIDDEN, OUTPUTS)
for step in range(40):
    h = x.mm(w1)
    relu = h.clamp(min=0)
    prediction = relu.mm(w2)
    loss = (prediction - y).pow(2).sum().item()
    if step % 10 == 9:
        print(f"by hand {step}: {loss:.4g}")
    grad_prediction = 2.0 * (prediction - y)
    grad_w2 = relu.t().mm(grad_prediction)
    grad_h = grad_prediction.mm(w2.t())
    grad_h[h < 0] = 0
    w1 -= 1e-4 * x.t().mm(grad_h)
    w2 -= 1e-4 * grad_w2

w1 = torch.randn(INPUTS, HIDDEN, requires_grad=True)
w2 = torch.randn(HIDDEN, OUTPUTS, requires_grad=True)
for step in range(40):
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
    if step % 10 == 9:
        print(f"autograd {step}: {loss.item():.4g}")
    loss.backward()
    with torch.no_grad():
        w1 -= 1e-4 * w1.grad
        w2 -= 1e-4 * w2.grad
        w1.grad.zero_()
        w2.grad.zero_()

model = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, OUTPUTS))
loss_fn = nn.MSELoss(reduction="sum")
for step in range(40):
    loss = loss_fn(model(x), y)
    if step % 10 == 9:
        print(f"nn {step}: {loss.item():.4g}")
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 1e-3 * parameter.grad


class TwoLayers(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.linear1 = nn.Linear(inputs, hidden)
        self.linear2 = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.linear2(self.linear1(x).clamp(min=0))


model = TwoLayers(INPUTS, HIDDEN, OUTPUTS)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(40):
    loss = loss_fn(model(x), y)
    if step % 10 == 9:
        print(f"Adam {step}: {loss.item():.4g}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(model)
