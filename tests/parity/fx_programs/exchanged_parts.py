"""Parts of graphs that `replace_pattern` exchanges, and sizes that `ShapeProp` writes on nodes."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.fx import replace_pattern, symbolic_trace
from torch.fx.passes.shape_prop import ShapeProp

x = torch.tensor([0.5, -2.0])


def exchange(function, pattern, replacement, *values):
    module = symbolic_trace(function)
    for match in replace_pattern(module, pattern, replacement):
        stands_for = {key.name: getattr(value, "name", value) for key, value in match.nodes_map.items()}
        print(match.anchor.name, {key: value for key, value in stands_for.items() if key != "output"})
    print(module.code, module(*values))


def used_elsewhere(x):
    y = x.neg()
    return y.exp() + y


exchange(lambda x, w: torch.add(x, w) + torch.add(w, x), lambda a, b: torch.add(a, b), lambda a, b: a * b - 1, x, x)
exchange(lambda x: ((x + x) + x) + x, lambda a, b: (a + b) + b, lambda a, b: a - b, x)
exchange(lambda x: F.relu(x) * F.relu(x + 1), lambda x: F.relu(x), lambda x: F.gelu(x), x)
exchange(used_elsewhere, lambda x: x.neg().exp(), lambda x: 1 / x.exp(), x)
exchange(lambda x: (x + 2) * (x + 3), lambda x: x + 2, lambda x: x - 2, x)
exchange(lambda x: (x + 2) * (x + 3), lambda x, y: x + y, lambda x, y: x - y, x)
exchange(lambda x: x.sum(dim=0) + x.sum(0), lambda x: x.sum(dim=0), lambda x: x.mean(dim=0), x)
exchange(lambda x: x * 2, lambda x: x + 1, lambda x: x, x)
exchange(lambda x: torch.relu(x) + 1, lambda x: torch.relu(x), lambda x: x, x)
exchange(lambda x: torch.sin(torch.sin(x)), lambda x: torch.sin(x), lambda x: torch.cos(torch.cos(x)), x)


class Has(nn.Module):
    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)


class Network(Has):
    def forward(self, x):
        return self.act(self.map(x)) + self.map(x)


class Acts(Has):
    def forward(self, x):
        return self.act(x)


class Bends(Has):
    def forward(self, x):
        return self.bent(x)


torch.manual_seed(1)
module = symbolic_trace(Network(map=nn.Linear(2, 2), act=nn.ReLU()))
print(len(replace_pattern(module, symbolic_trace(Acts(act=nn.ReLU())), symbolic_trace(Bends(bent=nn.Tanh())))))
print(module, module(x))


class Sizes(Has):
    def forward(self, x, picture):
        one, _ = self.map(x).chunk(2, 1)
        return [one.relu()], x.shape[0], self.conv(picture)


module = symbolic_trace(Sizes(map=nn.Linear(2, 3), conv=nn.Conv2d(1, 2, 1)))
picture = torch.ones(2, 1, 2, 2).to(memory_format=torch.channels_last)
ShapeProp(module).propagate(torch.ones(4, 2), picture)
for node in module.graph.nodes:
    print(node.name, node.meta.get("tensor_meta"), node.meta["type"])
try:
    ShapeProp(module).propagate(torch.ones(4, 3), picture)
except RuntimeError as error:
    print(str(error).split(" with meta")[0], error.__cause__)
