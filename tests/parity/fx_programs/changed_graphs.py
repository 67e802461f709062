"""Graphs that are made by hand, changed, copied and run node by node."""

import copy
import operator

import torch
from torch import fx, nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.param = nn.Parameter(torch.rand(3, 4))
        self.linear = nn.Linear(4, 5)

    def forward(self, x):
        return self.linear(x + self.param).clamp(min=0.0, max=1.0)


torch.manual_seed(0)
model = Small()
traced = fx.symbolic_trace(model)
x = torch.arange(12.0).reshape(3, 4)
print(traced(x), torch.equal(traced(x), model(x)))


class Told(fx.Interpreter):
    def run_node(self, n):
        result = super().run_node(n)
        print("ran", n.op, n.name, n.target)
        return result


print(torch.equal(Told(traced).run(x), model(x)))
for node in traced.graph.nodes:
    if node.target == "clamp":
        with traced.graph.inserting_after(node):
            new = traced.graph.call_function(torch.relu, (node,))
            node.replace_all_uses_with(new)
            new.args = (node,)
traced.graph.lint()
traced.recompile()
print(traced.graph, traced.code)
other = copy.deepcopy(traced)
print(torch.equal(other(x), traced(x)), other.graph is traced.graph)
traced(x).sum().backward()
print(model.linear.weight.grad.sum(), other.linear.weight.grad)

graph = fx.Graph()
a = graph.placeholder("a")
b = graph.call_function(torch.add, (a, 1))
c = graph.call_method("relu", (b,))
out = graph.output(c)
print(graph, repr(a), a.op, b.users, c.next, c.prev)
module = fx.GraphModule(nn.Module(), graph)
print(module(torch.tensor([-3.0, 2.0])), module.code)
try:
    graph.erase_node(b)
except RuntimeError as error:
    print(error)
d = graph.call_function(operator.neg, (a,))
print(graph.eliminate_dead_code(), graph)
with graph.inserting_before(out):
    d = graph.call_function(torch.add, args=(c, c), kwargs={"alpha": 2})
    out.replace_input_with(c, d)
module.recompile()
print(module(torch.tensor([-3.0, 2.0])), module.code, len(graph.nodes), [n.name for n in reversed(graph.nodes)])
