"""Slot machines: epsilon-greedy, upper bounds, Thompson's beta draws, and a policy's gradient with a baseline and entropy."""

import random
from collections import defaultdict, deque, namedtuple

import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Beta, Categorical

random.seed(0)
torch.manual_seed(0)
Pull = namedtuple("Pull", ("arm", "reward"))


class Bandit:
    def __init__(self, probs):
        self.rewards = Bernoulli(torch.as_tensor(probs))
        self.best = max(probs)

    def pull(self, arm):
        return self.rewards.sample()[arm].item()


bandit = Bandit([0.2, 0.5, 0.75, 0.4])
print(bandit.rewards, bandit.rewards.mean)


def epsilon_greedy(counts, sums, step, epsilon=0.1):
    if random.random() < epsilon:
        return random.randrange(len(counts))
    return (sums / counts.clamp(min=1)).argmax().item()


def upper_bound(counts, sums, step):
    if (counts == 0).any():
        return int((counts == 0).nonzero()[0])
    return torch.argmax(sums / counts + (2 * torch.log(torch.tensor(step + 1.0)) / counts).sqrt()).item()


def thompson(counts, sums, step):
    return Beta(1 + sums, 1 + counts - sums).sample().argmax().item()


for strategy in (epsilon_greedy, upper_bound, thompson):
    counts, sums = torch.zeros(4), torch.zeros(4)
    history = deque(maxlen=50)
    for step in range(150):
        arm = strategy(counts, sums, step)
        pull = Pull(arm, bandit.pull(arm))
        counts[pull.arm] += 1
        sums[pull.arm] += pull.reward
        history.append(pull.reward)
    print(
        f"{strategy.__name__:>15}: pulls {counts.int().tolist()}, regret {bandit.best * 150 - sums.sum().item():.2f}, "
        f"lately {sum(history) / len(history):.2f}"
    )

# REINFORCE, with logits as the only parameters
logits = torch.zeros(4, requires_grad=True)
optimizer = torch.optim.SGD([logits], lr=0.3)
baseline = 0.0
for step in range(120):
    policy = Categorical(logits=logits)
    action = policy.sample()
    reward = bandit.pull(action)
    loss = -policy.log_prob(action) * (reward - baseline) - 0.01 * policy.entropy()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline += 0.1 * (reward - baseline)
    if step % 40 == 0:
        print(step, [f"{p:.3f}" for p in policy.probs.tolist()], f"{policy.entropy().item():.3f} {baseline:.3f}")
print(policy, torch.softmax(logits, 0).argmax())

# with a context: which arm is good depends on what is seen
policy_net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
optimizer = torch.optim.Adam(policy_net.parameters(), lr=0.03)
for update in range(30):
    context = F.one_hot(torch.randint(3, (32,)), 3).float()
    policy = Categorical(logits=policy_net(context))
    actions = policy.sample()
    rewards = (actions == (context.argmax(1) + 1) % 3).float()
    advantage = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
    loss = -(policy.log_prob(actions) * advantage).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 10 == 0:
        print(f"update {update}: reward {rewards.mean():.3f}, loss {loss:+.4f}")
print(Categorical(logits=policy_net(torch.eye(3))).probs.argmax(1))

# PPO's clipped ratio, on the last batch
old = policy.log_prob(actions).detach()
for _ in range(3):
    ratio = (Categorical(logits=policy_net(context)).log_prob(actions) - old).exp()
    surrogate = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
    optimizer.zero_grad()
    (-surrogate.mean()).backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 0.5)
    optimizer.step()
    print(f"{surrogate.mean().item():.5f} {ratio.min().item():.4f} {ratio.max().item():.4f}")

table = defaultdict(lambda: torch.zeros(3))
for state, action, reward in zip(context.argmax(1).tolist(), actions, rewards):
    table[state][action] += 0.5 * (reward - table[state][action])
print({state: [round(v, 3) for v in values.tolist()] for state, values in sorted(table.items())})
try:
    Categorical(probs=torch.tensor([-0.2, 1.2]))
except ValueError as error:
    print(str(error).split("\n")[0])
try:
    policy.log_prob(torch.tensor(7))
except ValueError as error:
    print(str(error).split("\n")[0])
