"""REINFORCE on a pole that is balanced by pushes, mechanics and all: actions by multinomial, returns of each episode."""

import math

import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(543)


class Pole:
    def reset(self):
        self.angle, self.speed, self.steps = (torch.rand(()).item() - 0.5) * 0.2, 0.0, 0
        return torch.tensor([self.angle, self.speed])

    def step(self, action):
        self.speed += 0.1 * (9.8 * math.sin(self.angle) / 2 + (1.2 if action else -1.2))
        self.angle += 0.1 * self.speed
        self.steps += 1
        return torch.tensor([self.angle, self.speed]), 1.0, abs(self.angle) > 0.4 or self.steps >= 40


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(2, 32)
        self.dropout = nn.Dropout(p=0.1)
        self.affine2 = nn.Linear(32, 2)
        self.saved_log_probs, self.rewards = [], []

    def forward(self, x):
        return F.softmax(self.affine2(F.relu(self.dropout(self.affine1(x)))), dim=1)


policy = Policy()
optimizer = optim.Adam(policy.parameters(), lr=2e-2)
eps = torch.finfo(torch.float32).eps
pole, running = Pole(), 10.0
for episode in range(60):
    state, done = pole.reset(), False
    while not done:
        probs = policy(state.unsqueeze(0))
        action = torch.multinomial(probs, 1)
        policy.saved_log_probs.append(probs.gather(1, action).log().squeeze(1))
        state, reward, done = pole.step(action.item())
        policy.rewards.append(reward)
    running = 0.05 * pole.steps + 0.95 * running
    R, returns = 0.0, []
    for r in policy.rewards[::-1]:
        R = r + 0.99 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    loss = torch.cat([-log_prob * R for log_prob, R in zip(policy.saved_log_probs, returns)]).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    policy.rewards.clear()
    policy.saved_log_probs.clear()
    if episode % 10 == 9:
        print(f"episode {episode}: {pole.steps} steps, running {running:.2f}, loss {loss.item():.3f}")
policy.eval()
with torch.no_grad():
    print(policy(torch.tensor([[0.2, 0.0], [-0.2, 0.0]])).argmax(1))
