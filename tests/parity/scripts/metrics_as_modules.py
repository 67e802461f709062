"""Metrics that are modules: states that are no buffers, in checkpoints and pickles, moved with the module; ranks and curves."""

import copy
import functools
import inspect
import pickle

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)


class Metric(nn.Module):
    def __init__(self):
        super().__init__()
        self._defaults, self._updates = {}, 0
        self._signature = inspect.signature(self.update)
        self.update = self._counted(self.update)

    def add_state(self, name, default):
        setattr(self, name, copy.deepcopy(default))
        self._defaults[name] = default

    def _counted(self, update):
        @functools.wraps(update)
        def call(*args):
            self._updates += 1
            update(*args)

        return call

    def forward(self, *args):
        self.update(*args)
        return self.compute()

    def reset(self):
        for name, default in self._defaults.items():
            setattr(self, name, copy.deepcopy(default))

    def state_dict(self, destination=None, prefix="", keep_vars=False):
        destination = super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)
        for name in self._defaults:
            destination[prefix + name] = copy.deepcopy(getattr(self, name))
        return destination

    def _load_from_state_dict(self, state, prefix, *rest):
        for name in self._defaults:
            if prefix + name in state:
                setattr(self, name, state.pop(prefix + name))
        super()._load_from_state_dict(state, prefix, *rest)

    def _apply(self, fn):
        this = super()._apply(fn)
        for name in self._defaults:
            value = getattr(this, name)
            setattr(this, name, fn(value) if isinstance(value, torch.Tensor) else [fn(each) for each in value])
        return this

    def __getstate__(self):
        return {name: each for name, each in self.__dict__.items() if name not in ("update", "_signature")}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._signature = inspect.signature(type(self).update)
        self.update = self._counted(functools.partial(type(self).update, self))


class Confusion(Metric):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        self.add_state("counts", torch.zeros(classes, classes, dtype=torch.long))
        self.add_state("scores", [])

    def update(self, scores: torch.Tensor, target: torch.Tensor) -> None:
        self.scores.append(scores.softmax(-1))
        pairs = target * self.classes + scores.argmax(1)
        self.counts += torch.bincount(pairs, minlength=self.classes**2).reshape(self.classes, self.classes)

    def compute(self):
        counts = self.counts.double()
        right, said, true = counts.diag(), counts.sum(0), counts.sum(1)
        chance = (said * true).sum() / counts.sum() ** 2
        agreed = right.sum() / counts.sum()
        return {
            "f1": torch.nan_to_num(2 * right / (said + true)),
            "iou": right / (said + true - right),
            "kappa": (agreed - chance) / (1 - chance),
            "sure": torch.cat(self.scores).max(1).values.mean(),
        }


metric = Confusion(3)
for _ in range(3):
    found = metric(torch.randn(20, 3), torch.randint(0, 3, (20,)))
print(metric, found, metric.counts, metric._signature, metric._updates)
twin = pickle.loads(pickle.dumps(metric))
twin.update(torch.eye(3), torch.arange(3))
print(twin.counts, twin._updates, list(twin.state_dict()))
print(metric.load_state_dict(twin.state_dict()), metric.counts.sum(), nn.ModuleDict({"a": metric}))
metric.double()
print(metric.counts.dtype, metric.scores[0].dtype)
metric.reset()
print(metric.counts.sum(), metric.scores)


def curve(scores, target):
    order = torch.argsort(scores, descending=True, stable=True)
    scores, target = scores[order], target[order]
    ends = F.pad(torch.where(scores[1:] - scores[:-1])[0], [0, 1], value=len(target) - 1)
    hits = torch.cumsum(target, 0)[ends]
    misses = 1 + ends - hits
    return misses / misses[-1], hits / hits[-1]


scores, target = torch.rand(30), torch.randint(0, 2, (30,))
false, true = curve(scores, target)
print(false[:6], torch.trapezoid(true, false), torch.trapz(true, false))
ends = torch.linspace(0, 1, 6)
bins = torch.bucketize(scores, ends[1:-1])
counts = torch.zeros(5).scatter_add_(0, bins, torch.ones(30))
right = torch.zeros(5).scatter_add_(0, bins, target.float()) / counts.clamp(min=1)
sure = torch.zeros(5).scatter_add_(0, bins, scores) / counts.clamp(min=1)
print(
    ((right - sure).abs() * counts / 30).sum(),
    torch.histc(scores, 5, 0, 1),
    torch.quantile(scores, torch.tensor([0.25, 0.5])),
)
