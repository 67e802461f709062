"""A graph by its rows: the adjacency as a compressed matrix, two layers of a network over it, scores at its edges alone."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(4)
torch.sparse.check_sparse_tensor_invariants.enable()
n = 8
edges = torch.tensor([(i, (i * 3 + 1) % n) for i in range(n)] + [(i, (i + 1) % n) for i in range(n)]).t()
edges = torch.unique(torch.cat([edges, edges.flip(0), torch.arange(n).repeat(2, 1)], 1), dim=1)
adjacency = torch.sparse_coo_tensor(edges, torch.ones(edges.size(1)), (n, n)).to_sparse_csr()
print(adjacency)
print(adjacency.layout, adjacency.is_sparse, adjacency.is_sparse_csr, adjacency._nnz(), adjacency.t().layout)
degrees = torch.diff(adjacency.crow_indices()).float()
rows = torch.repeat_interleave(torch.arange(n), torch.diff(adjacency.crow_indices()))
scaled = adjacency.values() * degrees[rows].rsqrt() * degrees[adjacency.col_indices()].rsqrt()
normal = torch.sparse_csr_tensor(adjacency.crow_indices(), adjacency.col_indices(), scaled, size=(n, n))
print(torch.allclose(normal.to_dense(), normal.to_dense().t()), (normal @ torch.ones(n)), (normal @ normal).layout)


class Graph(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first, self.second = nn.Linear(features, hidden), nn.Linear(hidden, classes)

    def forward(self, x, graph):
        x = F.dropout(F.relu(torch.sparse.mm(graph, self.first(x))), 0.3, training=self.training)
        return F.log_softmax(graph @ self.second(x), dim=1)


x = torch.randn(n, 5)
y = (x[:, 0] > 0).long()
net = Graph(5, 8, 2)
optimizer = torch.optim.Adam(net.parameters(), lr=0.05, weight_decay=5e-4)
for epoch in range(12):
    out = net(x, normal)
    loss = F.nll_loss(out[:6], y[:6])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 4 == 0:
        print(f"{epoch:2d} {loss.item():.4f} {(out.argmax(1) == y).float().mean().item():.2f}")

weights = torch.rand(adjacency._nnz(), requires_grad=True)
learned = torch.sparse_csr_tensor(adjacency.crow_indices(), adjacency.col_indices(), weights, size=(n, n))
print(type(learned.grad_fn).__name__, learned.requires_grad)
(learned @ x).pow(2).sum().backward()
print(weights.grad[:5])
scores = torch.sparse.sampled_addmm(adjacency, x, x.t(), beta=0.0)
print(scores.values()[:4], scores.sum(), (scores * 2).values()[:2], scores.to_sparse_csc().ccol_indices())
try:
    torch.sparse_csr_tensor([0, 2, 1], [0, 1], [1.0, 2.0])
except RuntimeError as error:
    print(error)
torch.sparse.check_sparse_tensor_invariants.disable()
