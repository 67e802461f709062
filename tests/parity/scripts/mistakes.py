"""Mistakes that beginners make: each is refused with PyTorch's error, or let pass as there."""

import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset, WeightedRandomSampler, random_split


def attempt(name, mistake):
    try:
        print(name, "passes:", mistake())
    except Exception as error:
        print(name, type(error).__name__, str(error)[:900])


def inplace():
    a = torch.ones(2, requires_grad=True)
    b = a.exp()
    b += 1
    b.sum().backward()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 3)
        self.fc2 = nn.Linear(3, 1)

    def forward(self, x):
        return self.fc2(self.fc1(x))


class Net2(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 4)
        self.fc3 = nn.Linear(4, 1)
        self.register_buffer("b", torch.ones(1))


class Forgot(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(1, 1)


class NoForward(nn.Module):
    pass


def main():
    torch.manual_seed(0)
    attempt("shapes", lambda: nn.Linear(3, 4)(torch.randn(2, 5)))
    attempt("conv", lambda: nn.Conv2d(3, 4, 3)(torch.randn(2, 5, 8, 8)))
    attempt("conv dims", lambda: nn.Conv2d(3, 4, 3)(torch.randn(8, 8)))
    attempt("small", lambda: nn.Conv2d(3, 4, 5)(torch.randn(1, 3, 4, 4)))
    attempt("bn1", lambda: nn.BatchNorm1d(3)(torch.randn(1, 3)))
    attempt("bn dims", lambda: nn.BatchNorm2d(3)(torch.randn(2, 3)))
    attempt("ce float", lambda: F.cross_entropy(torch.randn(2, 3), torch.tensor([1.0, 2.0])))
    attempt("ce range", lambda: F.cross_entropy(torch.randn(2, 3), torch.tensor([1, 3])))
    attempt("ce batch", lambda: F.cross_entropy(torch.randn(2, 3), torch.tensor([1, 2, 0])))
    attempt("ce onehot", lambda: F.cross_entropy(torch.randn(2, 3), torch.tensor([[1], [2]])))
    attempt("bce", lambda: nn.BCELoss()(torch.tensor([1.2, 0.3]), torch.tensor([1.0, 0.0])))
    attempt("bce size", lambda: nn.BCELoss()(torch.rand(2, 1), torch.rand(2)))
    attempt("bcel size", lambda: nn.BCEWithLogitsLoss()(torch.rand(2, 1), torch.rand(2)))
    attempt("bce long", lambda: nn.BCELoss()(torch.rand(2), torch.tensor([1, 0])))
    attempt("emb", lambda: nn.Embedding(3, 2)(torch.tensor([3])))
    attempt("emb float", lambda: nn.Embedding(3, 2)(torch.tensor([1.0])))
    attempt("lin long", lambda: nn.Linear(3, 2)(torch.tensor([[1, 2, 3]])))
    attempt("lin double", lambda: nn.Linear(3, 2)(torch.ones(1, 3, dtype=torch.float64)))
    attempt("numpy", lambda: torch.ones(2, requires_grad=True).numpy())
    attempt("backward twice", lambda: [z.backward() for z in [(torch.ones(2, requires_grad=True) ** 2).sum()] * 2])
    attempt("backward vector", lambda: (torch.ones(2, requires_grad=True) * 2).backward())
    attempt("no grad", lambda: torch.ones(1).sum().backward())
    attempt("inplace leaf", lambda: torch.ones(2, requires_grad=True).add_(1))
    attempt("inplace saved", inplace)
    attempt("cuda", lambda: torch.ones(2).cuda())
    attempt("to cuda", lambda: nn.Linear(1, 1).to("cuda"))
    attempt("device", lambda: torch.ones(2, device="cuda:0"))
    attempt("view", lambda: torch.ones(2, 3).t().view(6))
    attempt("view2", lambda: torch.ones(2, 3).view(4, 2))
    attempt("cat", lambda: torch.cat([torch.ones(2, 3), torch.ones(2, 4)]))
    attempt("stack", lambda: torch.stack([torch.ones(2, 3), torch.ones(2, 4)]))
    attempt("mm", lambda: torch.ones(2, 3) @ torch.ones(2, 3))
    attempt("bcast", lambda: torch.ones(2, 3) + torch.ones(2))
    attempt("item", lambda: torch.ones(2).item())
    attempt("bool", lambda: bool(torch.ones(2) == 1))
    attempt("index", lambda: torch.ones(2)[5])
    attempt("state", lambda: Net2().load_state_dict(Net().state_dict()))
    attempt(
        "state ns",
        lambda: nn.Sequential(nn.Linear(2, 3)).load_state_dict(
            {"0.weight": torch.ones(3, 2), "x": torch.ones(1)}, strict=False
        ),
    )
    attempt("state dict type", lambda: Net().load_state_dict(Net()))
    attempt("attr", lambda: Net().fc9)
    attempt("super", Forgot)
    attempt("forward", lambda: NoForward()(1))
    attempt("fwd args", lambda: Net()(1, 2))
    attempt("optim empty", lambda: torch.optim.SGD([], lr=0.1))
    attempt("optim tensor", lambda: torch.optim.SGD(torch.ones(1), lr=0.1))
    attempt("optim nonleaf", lambda: torch.optim.SGD([torch.ones(1, requires_grad=True) * 2], lr=0.1))
    attempt("optim lr", lambda: torch.optim.Adam(Net().parameters(), lr=-1))
    attempt("optim str", lambda: torch.optim.SGD(["a"], lr=0.1))
    attempt("optim nparams", lambda: torch.optim.SGD(Net().named_parameters(), lr=0.1))
    attempt("lbfgs", lambda: torch.optim.LBFGS(Net().parameters()).step())
    attempt(
        "optim mixed",
        lambda: (
            torch.optim.SGD([{"params": Net().fc1.parameters()}, {"params": Net().fc2.parameters(), "lr": 0.1}], lr=0.1)
            and 1
        ),
    )
    attempt(
        "optim state",
        lambda: torch.optim.SGD(Net().parameters(), 0.1).load_state_dict(
            torch.optim.SGD(Net().fc1.parameters(), 0.1).state_dict()
        ),
    )
    attempt("collate", lambda: next(iter(DataLoader([torch.ones(2), torch.ones(3)], batch_size=2))))
    attempt("collate none", lambda: next(iter(DataLoader([None, None], batch_size=2))))
    attempt("collate obj", lambda: next(iter(DataLoader([object], batch_size=2))))
    attempt("loader", lambda: DataLoader([1], batch_size=2, sampler=RandomSampler([1]), shuffle=True))
    attempt("loader neg", lambda: DataLoader([1], num_workers=-1))
    attempt("loader empty", lambda: DataLoader([], shuffle=True))
    attempt("loader bs", lambda: DataLoader([1], batch_size=0))
    attempt("timeout", lambda: DataLoader([1], timeout=-1))
    attempt("prefetch", lambda: DataLoader([1], prefetch_factor=2))
    attempt("td", lambda: TensorDataset(torch.ones(2), torch.ones(3)))
    attempt("split", lambda: random_split(range(10), [3, 3]))
    attempt("split frac", lambda: random_split(range(10), [0.3, 0.3]))
    attempt("wrs", lambda: WeightedRandomSampler([1, 2], 0))
    attempt("dataset", lambda: Dataset()[0])
    attempt("len", lambda: len(DataLoader(Dataset())))
    attempt("mha", lambda: nn.MultiheadAttention(10, 3))
    attempt("lstm", lambda: nn.LSTM(3, 4)(torch.randn(2, 5)))
    attempt("lstm h", lambda: nn.LSTM(3, 4)(torch.randn(2, 2, 3), (torch.zeros(1, 3, 4), torch.zeros(1, 3, 4))))
    attempt("gru", lambda: nn.GRU(3, 4)(torch.randn(2, 2, 2, 3)))
    attempt("drop", lambda: nn.Dropout(1.5))
    attempt("pool", lambda: F.max_pool2d(torch.ones(1, 1, 1, 1), 2))
    attempt("interp", lambda: F.interpolate(torch.ones(1, 1, 2), scale_factor=2, size=3))
    attempt("interp2", lambda: F.interpolate(torch.ones(1, 1, 2), scale_factor=2, mode="bilinear"))
    attempt("kl", lambda: F.kl_div(torch.ones(2, 3), torch.ones(2, 3), reduction="foo"))
    attempt("mse", lambda: F.mse_loss(torch.ones(2, 1), torch.ones(2)))
    attempt("one_hot", lambda: F.one_hot(torch.tensor([1, 5]), 3))
    attempt("onehot f", lambda: F.one_hot(torch.tensor([1.0])))
    attempt("clip", lambda: nn.utils.clip_grad_norm_(nn.Parameter(torch.ones(1)), 1.0, error_if_nonfinite=True))
    attempt("multinomial", lambda: torch.multinomial(torch.tensor([0.0, 0.0]), 1))
    attempt("multinomial2", lambda: torch.multinomial(torch.tensor([-1.0, 2.0]), 1))
    attempt("arange", lambda: torch.arange(3, 1))
    attempt("gather", lambda: torch.ones(2, 3).gather(1, torch.tensor([[4]])))
    attempt("scatter", lambda: torch.zeros(2, 3).scatter_(1, torch.tensor([[1]]), torch.ones(1, 1).double()))
    attempt("argmax", lambda: torch.ones(2, 2).argmax(dim=3))
    attempt("mean", lambda: torch.tensor([1, 2]).mean())
    attempt(
        "grad none",
        lambda: torch.autograd.grad(torch.ones(1, requires_grad=True).sum(), torch.ones(1, requires_grad=True)),
    )


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
