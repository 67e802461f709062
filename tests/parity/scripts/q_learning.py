"""Deep Q-learning on a corridor written here: replay memory, a target net softly updated, greed that grows, Huber loss."""

import math
import random
from collections import deque, namedtuple
from itertools import count

import torch
import torch.nn.functional as F
from torch import nn, optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
random.seed(7)
torch.manual_seed(7)


class Corridor:
    """Five places in a row; the last one is worth 1, every step costs a little."""

    def reset(self):
        self.place, self.steps = 0, 0
        return self._seen()

    def step(self, action):
        self.place = max(0, self.place + (1 if action == 1 else -1))
        self.steps += 1
        return self._seen(), 1.0 if self.place == 4 else -0.05, self.place == 4, self.steps >= 30

    def _seen(self):
        return [float(self.place == each) for each in range(5)]


class Memory:
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, size):
        return random.sample(self.memory, size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1, self.layer2 = nn.Linear(5, 16), nn.Linear(16, 2)

    def forward(self, x):
        return self.layer2(F.relu(self.layer1(x)))


policy, target = DQN(), DQN()
target.load_state_dict(policy.state_dict())
optimizer = optim.AdamW(policy.parameters(), lr=1e-2, amsgrad=True)
memory, done_steps, corridor = Memory(500), 0, Corridor()


def select_action(state):
    global done_steps
    threshold = 0.05 + 0.85 * math.exp(-done_steps / 100)
    done_steps += 1
    if random.random() > threshold:
        with torch.no_grad():
            return policy(state).max(1).indices.view(1, 1)
    return torch.tensor([[random.randrange(2)]], dtype=torch.long)


def optimize():
    if len(memory) < 16:
        return None
    batch = Transition(*zip(*memory.sample(16), strict=True))
    going_on = torch.tensor(tuple(s is not None for s in batch.next_state), dtype=torch.bool)
    nexts = torch.cat([s for s in batch.next_state if s is not None])
    states, actions, rewards = torch.cat(batch.state), torch.cat(batch.action), torch.cat(batch.reward)
    values = policy(states).gather(1, actions)
    next_values = torch.zeros(16)
    with torch.no_grad():
        next_values[going_on] = target(nexts).max(1).values
    loss = nn.SmoothL1Loss()(values, (next_values * 0.9 + rewards).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy.parameters(), 100)
    optimizer.step()
    return loss.item()


for episode in range(20):
    state = torch.tensor(corridor.reset(), dtype=torch.float32).unsqueeze(0)
    for t in count():
        action = select_action(state)
        seen, reward, terminated, truncated = corridor.step(action.item())
        following = None if terminated else torch.tensor(seen, dtype=torch.float32).unsqueeze(0)
        memory.push(state, action, following, torch.tensor([reward]))
        state = following
        loss = optimize()
        kept = target.state_dict()
        for key, value in policy.state_dict().items():
            kept[key] = value * 0.05 + kept[key] * 0.95
        target.load_state_dict(kept)
        if terminated or truncated:
            break
    if loss is not None and episode % 2:
        print(f"episode {episode}: {t + 1} steps, loss {loss:.3g}")
with torch.no_grad():
    print("right is better at", [policy(torch.eye(5))[place].argmax().item() for place in range(4)])
