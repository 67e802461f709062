"""Traced modules in pickles, files and copies: what comes back computes the same and is traced anew."""

import copy
import io
import multiprocessing
import pickle

import torch
from torch import fx, nn


def doubled(x):
    return x * 2


fx.wrap("doubled")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        self.scale = nn.Parameter(torch.ones(3) * 2)
        self.register_buffer("steps", torch.arange(3.0))

    def forward(self, x, y=2):
        z = self.inner(torch.relu(self.linear(x))) + self.scale * self.steps
        return {"a": z * y, "b": [z.sum(dim=-1), nn.functional.gelu(z), doubled(z)]}


class OneLevel(fx.Tracer):
    def is_leaf_module(self, m, module_qualified_name):
        return True


def elsewhere(stored, x):
    return pickle.loads(stored)(x)["b"][2].detach()


def main():
    torch.manual_seed(0)
    x = torch.randn(2, 2)
    net = fx.symbolic_trace(Net())
    net.meta["made"] = "today"
    net.note = "kept"
    back = pickle.loads(pickle.dumps(net))
    print(back)
    print(back.graph)
    print(torch.equal(back(x)["b"][2], net(x)["b"][2]), isinstance(back, fx.GraphModule), back.meta, back.note)
    print([name for name, _ in back.named_parameters()], [name for name, _ in back.named_buffers()], back.training)

    net.eval()
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    print(loaded.training, torch.equal(loaded(x)["a"], net(x)["a"]))
    file.seek(0)
    try:
        torch.load(file)
    except pickle.UnpicklingError as error:
        print("refused:", str(error).partition(".")[0])

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(torch.equal(pool.apply(elsewhere, (pickle.dumps(net), x)), net(x)["b"][2]))

    model = Net()
    graph = OneLevel().trace(model)
    whole = fx.GraphModule(model, graph, "Whole")
    print(type(whole).__name__, type(copy.deepcopy(whole)).__name__, copy.deepcopy(net).meta)
    again = pickle.loads(pickle.dumps(whole))
    print(type(again).__name__, again.graph._tracer_cls.__name__, [node.op for node in again.graph.nodes])
    print(fx.symbolic_trace(again).code)


if __name__ == "__main__":
    main()
