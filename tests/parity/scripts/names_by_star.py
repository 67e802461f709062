"""Every name by star imports, as short notebooks have them: a sine fitted by a small net, and a distribution's draws."""

# ruff: noqa: F403, F405 - it is what the script is about

from torch import *
from torch.distributions import *
from torch.nn import *
from torch.nn.functional import *
from torch.optim import *

beta = 0.9
manual_seed(3)
x = linspace(-3, 3, 40, dtype=float32).unsqueeze(1)
y = sin(x) + 0.1 * randn_like(x)
net = Sequential(Linear(1, 12), Tanh(), Linear(12, 1))
print(net)
optimizer = Adam(net.parameters(), lr=0.02, betas=(beta, 0.99))
epoch = 0  # `range` is torch's now
while epoch < 60:
    loss = mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 15 == 0:
        print(epoch, f"{loss.item():.4f}")
    epoch += 1
with no_grad():
    print(stack([x[::13, 0], net(x)[::13, 0].round(decimals=2)]))
print(one_hot(arange(3)), softmax(ones(2), dim=0), relu(tensor([-1.0, 2.0])), is_tensor(zeros(1)))
print(
    Normal(zeros(2), ones(2)).sample(),
    kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0)),
    full((2,), pi),
    cat([eye(2), eye(2)]),
)
