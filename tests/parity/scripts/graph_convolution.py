"""A graph convolution over a sparse adjacency matrix: degrees, symmetric normalisation, a few known labels, label propagation."""

import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter

warnings.filterwarnings("ignore", message="Sparse invariant checks")
torch.manual_seed(4)
blocks, size = 3, 12
nodes = blocks * size
labels = torch.arange(blocks).repeat_interleave(size)
same = labels[:, None] == labels[None, :]
linked = torch.rand(nodes, nodes) < torch.where(same, 0.45, 0.03)
linked = torch.triu(linked, diagonal=1)
edge_index = linked.nonzero().t().contiguous()
edge_index = torch.cat([edge_index, edge_index.flip(0)], dim=1)
print(edge_index.shape, edge_index[:, :5])

# A + I, with D^-1/2 on both sides
loops = torch.arange(nodes).expand(2, -1)
index = torch.cat([edge_index, loops], dim=1)
adjacency = torch.sparse_coo_tensor(index, torch.ones(index.shape[1]), (nodes, nodes)).coalesce()
degree = torch.sparse.sum(adjacency, dim=1).to_dense()
row, col = adjacency.indices()
scale = degree.pow(-0.5)
normal = torch.sparse_coo_tensor(adjacency.indices(), scale[row] * adjacency.values() * scale[col], adjacency.size())
print(normal.is_sparse, normal._nnz(), adjacency.is_coalesced(), normal.is_coalesced())
print(degree.min().item(), degree.max().item(), f"{degree.mean():.3f}")
dense = torch.diag(scale) @ adjacency.to_dense() @ torch.diag(scale)
print(torch.allclose(normal.to_dense(), dense), f"{torch.linalg.eigvalsh(dense)[-1]:.4f}")


class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(torch.empty(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.FloatTensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / self.weight.size(1) ** 0.5
        self.weight.data.uniform_(-stdv, stdv)
        if self.bias is not None:
            self.bias.data.uniform_(-stdv, stdv)

    def forward(self, x, adj):
        output = torch.spmm(adj, torch.mm(x, self.weight))
        return output + self.bias if self.bias is not None else output

    def __repr__(self):
        return f"{self.__class__.__name__} ({self.in_features} -> {self.out_features})"


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super().__init__()
        self.gc1 = GraphConvolution(nfeat, nhid)
        self.gc2 = GraphConvolution(nhid, nclass, bias=False)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        x = F.dropout(x, self.dropout, training=self.training)
        return F.log_softmax(self.gc2(x, adj), dim=1)


features = torch.eye(nodes)
known = torch.zeros(nodes, dtype=torch.bool)
for block in range(blocks):
    known[block * size + torch.randperm(size)[:2]] = True
model = GCN(nodes, 8, blocks, 0.4)
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.03, weight_decay=5e-4)
for epoch in range(41):
    model.train()
    optimizer.zero_grad()
    output = model(features, normal)
    loss = F.nll_loss(output[known], labels[known])
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        model.eval()
        with torch.no_grad():
            correct = model(features, normal).max(1)[1].eq(labels)
        print(
            f"Epoch: {epoch:04d} loss: {loss.item():.4f} known: {correct[known].double().mean():.2f} "
            f"unknown: {correct[~known].double().mean():.2f}"
        )

# the same sums, with messages along edges
x = torch.randn(nodes, 4, requires_grad=True)
messages = x[col] * normal.coalesce().values()[:, None]
gathered = torch.zeros_like(x).index_add(0, row, messages)
scattered = torch.zeros(nodes, 4).scatter_add(0, row[:, None].expand(-1, 4), messages)
product = torch.sparse.mm(normal, x)
print(torch.allclose(gathered, product, atol=1e-6), torch.allclose(scattered, product, atol=1e-6))
(grad,) = torch.autograd.grad(product.square().sum(), x)
print(torch.allclose(grad, 2 * dense.t() @ product.detach(), atol=1e-5))
neighbours = torch.full((nodes, 4), float("-inf")).scatter_reduce(
    0, row[:, None].expand(-1, 4), x.detach()[col], reduce="amax", include_self=False
)
print(neighbours.isfinite().all().item(), f"{neighbours.sum():.3f}")

# attention to neighbours: a softmax over each node's edges
score = F.leaky_relu((x[row] * x[col]).sum(-1), 0.2).detach()
top = torch.full((nodes,), float("-inf")).scatter_reduce(0, row, score, "amax")
weight = (score - top[row]).exp()
weight = weight / torch.zeros(nodes).index_add_(0, row, weight)[row]
print(torch.allclose(torch.bincount(row, weights=weight), torch.ones(nodes, dtype=weight.dtype)), weight.dtype)

# labels that spread
belief = F.one_hot(labels, blocks).float() * known[:, None]
for _ in range(20):
    belief = torch.sparse.mm(normal, belief)
    belief[known] = F.one_hot(labels[known], blocks).float()
print(f"{(belief.argmax(1) == labels).float().mean():.3f}", belief[:2])
