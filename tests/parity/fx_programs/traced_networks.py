"""Networks and functions, traced: their graphs, their code, and what comes out of it."""

import math

import torch
import torch.nn.functional as F
from torch import fx, nn


def helper(x, n):
    return x * n


fx.wrap("helper")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
        self.w = nn.Parameter(torch.ones(5))
        self.register_buffer("b", torch.zeros(5))

    def forward(self, x, y=2, *, flag: bool = True):
        h = self.layers(x)
        h = F.relu(h * self.w + self.b, inplace=False)
        h = F.dropout(h, 0.5, training=self.training)
        h = torch.cat([h, h], dim=1)
        a, c = h.size(0), h.shape
        h = h.view(a, -1)[:, 1:3]
        h = helper(h, y) + 1 - h / 2
        h = -h @ h.T
        h += 1
        return {"out": h, "n": (a, c[0])}


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.param = nn.Parameter(torch.rand(3, 4))
        self.linear = nn.Linear(4, 5)

    def forward(self, x):
        return self.linear(x + self.param).clamp(min=0.0, max=1.0)


class Constants(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = torch.ones(2, 2)
        first, second = x.chunk(2, dim=-1)
        return (
            F.linear(first, weight) + torch.tensor([1.0]) + second.to(torch.float64),
            x[..., None, 0],
            2 - x,
            abs(x) > 1,
        )


class Choice(nn.Module):
    def forward(self, x, k: int, mask=None):
        if mask is None:
            x = x + 1
        if k == 2:
            x = x * 3
        return torch.where(x > 0, x, 0.0)


def several(x, *args, **kwargs):
    y = torch.relu(x) + args[0]
    return y.sum(), [y, kwargs["z"]]


torch.manual_seed(0)
x = torch.arange(12.0).reshape(3, 4) - 5
for kind in (Small, Net, Constants):
    model = kind().eval()
    traced = fx.symbolic_trace(model)
    print(traced.graph)
    print(traced)
    for n in traced.graph.nodes:
        target = n.target if isinstance(n.target, str) else n.target.__name__
        print(n.op, n.name, target, n.args, n.kwargs, list(n.users), n.all_input_nodes)
    print(traced(x))
    print(sorted(traced.state_dict()), type(traced).__name__, type(traced).__mro__[1].__name__)
print(fx.symbolic_trace(several).graph, fx.symbolic_trace(several).code)
print(fx.symbolic_trace(several)(x, 1, z=4))
print(fx.symbolic_trace(lambda x: torch.einsum("ij->i", x).neg()).code)
print(fx.symbolic_trace(Choice(), concrete_args={"mask": None, "k": 2}).code)
print(fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh(), nn.Sigmoid()))).code)


class Everything(fx.Tracer):
    def is_leaf_module(self, m, module_qualified_name):
        return True


tracer = Everything()
graph = tracer.trace(Net().layers)
print(graph)
print(fx.GraphModule(tracer.root, graph, "Named"))
for wrong in (lambda x: x if x.sum() > 0 else -x, lambda x: list(x), lambda x: len(x), lambda x: int(x)):
    try:
        fx.symbolic_trace(wrong)
    except Exception as error:
        print(type(error).__name__, str(error).split(". ")[0])


@fx.wrap
def scaled(x, by):
    return x * by


def specialized(x, bias=None, *, times=3, check=True):
    y = scaled(x, times) if check else x
    return y * math.sqrt(x.shape[0]) if bias is None else y + bias


traced = fx.symbolic_trace(specialized, concrete_args={"bias": None, "check": True})
print(traced.graph, traced.code, [node.meta for node in traced.graph.nodes], sep="\n")
print(fx.Transformer(traced).transform().code)
