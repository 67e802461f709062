"""A traced module as readable text, also after its shapes are known, and as a package in a folder; what dead code is."""

import sys
import tempfile
import warnings
from pathlib import Path

import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.drop = nn.Dropout(0.25)
        self.scale = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
        self.register_buffer("shift", torch.arange(3))

    def forward(self, x: torch.Tensor, times: int = 3) -> torch.Tensor:
        self.drop(x)
        torch.bernoulli(x)
        torch._assert(x.dim() == 2, "rows")
        kept(x)
        return (self.drop(self.first(x)) * self.scale + self.shift) * times


@fx.has_side_effect
def kept(x: torch.Tensor) -> torch.Tensor:
    return x + 1


fx.wrap("kept")
torch.manual_seed(0)
net = fx.symbolic_trace(Net().eval())
print([(node.name, node.is_impure(), node.is_impure(impure_random=False)) for node in net.graph.nodes])
net.print_readable()
print(net.graph.eliminate_dead_code())
net.recompile()
ShapeProp(net).propagate(torch.tensor([[0.5, 0.25]]))
print(net.print_readable(print_output=False))
print(net.graph.python_code("self", verbose=True).src)

loose = fx.Graph()
loose.call_module("anything", (loose.placeholder("x"),))
try:
    loose.eliminate_dead_code()
except AssertionError as error:
    print(error)

net.graph.erase_node(next(node for node in net.graph.nodes if node.name == "kept"))
net.recompile()
with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net.to_folder(Path(folder) / "written", "Written")
    print([str(each.message) for each in caught])
    lines = (Path(folder) / "written" / "module.py").read_text().replace(folder, "FOLDER").split("\n")
    print("\n".join(line for line in lines if "import" not in line))
    sys.path.insert(0, folder)
    from written import Written

    again = Written().eval()
    print(again, list(again.state_dict()))
    print(torch.equal(again(torch.ones(2, 2)), net(torch.ones(2, 2))))
