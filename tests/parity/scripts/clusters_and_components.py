"""Without a network: k-means, PCA by SVD, a Gaussian mixture by EM, least squares, a Gaussian process, kernels, t-SNE."""

import math

import torch
from torch.distributions import Categorical, Dirichlet, MixtureSameFamily, MultivariateNormal

torch.manual_seed(0)
torch.set_printoptions(precision=3, sci_mode=False, linewidth=100)
torch.set_default_dtype(torch.float64)
centers = torch.tensor([[0.0, 0.0], [5.0, 1.0], [1.0, 6.0]])
mix = MixtureSameFamily(
    Categorical(torch.tensor([0.5, 0.3, 0.2])), MultivariateNormal(centers, 0.6 * torch.eye(2).expand(3, 2, 2))
)
X = mix.sample((240,))
print(mix, X.shape, f"{mix.log_prob(X).mean():.4f}", mix.mean)


def kmeans(x, k, iterations=20):
    means = x[torch.randperm(len(x))[:1]]
    for _ in range(k - 1):
        nearest = torch.cdist(x, means).min(1).values ** 2
        means = torch.cat([means, x[torch.multinomial(nearest, 1)]])
    for i in range(iterations):
        labels = torch.cdist(x, means).argmin(dim=1)
        sums = torch.zeros_like(means).index_add_(0, labels, x)
        new = sums / labels.bincount(minlength=k)[:, None]
        scattered = torch.zeros_like(means).scatter_reduce_(
            0, labels[:, None].expand_as(x), x, "mean", include_self=False
        )
        assert torch.allclose(new, scattered)
        if torch.allclose(new, means):
            break
        means = new
    return means, labels, i


means, labels, steps = kmeans(X, 3)
print(means[means[:, 0].argsort()], labels.bincount().sort(descending=True).values, steps < 20)
inertia = (X - means[labels]).square().sum()
print(f"inertia {inertia:.3f}, silhouette of the first {torch.cdist(X[:1], X).mean():.3f}")


def em(x, k, iterations=15):
    mu, cov, pi = means.clone(), torch.cov(x.T).repeat(k, 1, 1), torch.full((k,), 1 / k)
    for _ in range(iterations):
        log_p = MultivariateNormal(mu, cov).log_prob(x[:, None]) + pi.log()
        likelihood = log_p.logsumexp(1)
        r = (log_p - likelihood[:, None]).exp()
        n = r.sum(0)
        mu = r.T @ x / n[:, None]
        d = x[:, None] - mu
        cov = torch.einsum("nk,nki,nkj->kij", r, d, d) / n[:, None, None] + 1e-6 * torch.eye(x.shape[1])
        pi = n / len(x)
    return mu, cov, pi, likelihood.mean()


mu, cov, pi, likelihood = em(X, 3)
first = mu[:, 0].argsort()
print(pi[first], mu[first], cov[first].diagonal(dim1=-2, dim2=-1), f"{likelihood:.4f}")

W = torch.randn(2, 6)
Y = X @ W + 0.1 * torch.randn(240, 6)
centered = Y - Y.mean(0)
U, S, Vh = torch.linalg.svd(centered, full_matrices=False)
eigenvalues, eigenvectors = torch.linalg.eigh(torch.cov(Y.T))
print(S**2 / 239, torch.allclose(eigenvalues.flip(0), S**2 / 239), (S**2 / (S**2).sum()).cumsum(0)[:2])
scores = centered @ Vh[:2].mT
print(
    torch.corrcoef(scores.T).round(decimals=3) + 0,
    torch.dist(scores @ Vh[:2], centered),
    torch.linalg.matrix_rank(Y, rtol=0.05),
)
low = torch.pca_lowrank(Y, q=2, niter=3)
print(torch.allclose(low[1], S[:2], rtol=1e-3), low[0].shape)
whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(torch.cov(X.T)), (X - X.mean(0)).T, upper=False)
print(torch.cov(whitened))

t = torch.linspace(0, 6, 30)
noisy = t.sin() + 0.1 * torch.randn(30)
A = torch.vander(t, 4, increasing=True)
solution = torch.linalg.lstsq(A, noisy[:, None])
print(
    solution.solution.squeeze(),
    torch.linalg.cond(A),
    torch.allclose(torch.linalg.pinv(A) @ noisy, solution.solution[:, 0]),
)
kernel = lambda a, b, length: torch.exp(-0.5 * (a[:, None] - b) ** 2 / length**2)  # noqa: E731
log_length = torch.zeros((), requires_grad=True)
optimizer = torch.optim.LBFGS([log_length], lr=0.5, max_iter=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    K = kernel(t, t, log_length.exp()) + 0.01 * torch.eye(30)
    L = torch.linalg.cholesky(K)
    alpha = torch.cholesky_solve(noisy[:, None], L)
    loss = 0.5 * noisy @ alpha.squeeze() + L.diagonal().log().sum() + 15 * math.log(2 * math.pi)
    loss.backward()
    return loss


print(f"{optimizer.step(closure).item():.4f} -> {closure().item():.4f}, length {log_length.exp().item():.4f}")
P = torch.softmax(-(torch.cdist(X[:30], X[:30]).fill_diagonal_(math.inf) ** 2), 1)
P = (P + P.T) / 60
Z = (0.01 * torch.randn(30, 2)).requires_grad_()
sgd = torch.optim.SGD([Z], lr=20.0, momentum=0.5)
for step in range(40):
    q = 1 / (1 + torch.pdist(Z) ** 2)
    upper = torch.triu_indices(30, 30, 1)
    q = q / (2 * q.sum())
    kl = (torch.special.xlogy(P[upper[0], upper[1]], P[upper[0], upper[1]] / q) * 2).sum()
    sgd.zero_grad()
    kl.backward()
    sgd.step()
    if step % 10 == 0:
        print(f"t-SNE {step}: {kl.item():.3f}")
print(Dirichlet(torch.tensor([2.0, 3.0, 5.0])), Dirichlet(torch.tensor([2.0, 3.0, 5.0])).sample((2,)).sum(-1))
print(torch.histogram(X[:, 0], bins=4), torch.histc(X[:, 0], 4), torch.quantile(X, torch.tensor([0.25, 0.75]), dim=0))
print(
    torch.bucketize(X[:4, 0].contiguous(), torch.tensor([-1.0, 0.0, 1.0])),
    X.mode(0).values.shape,
    torch.unique(labels, return_inverse=True)[1].shape,
)
torch.set_default_dtype(torch.float32)
torch.set_printoptions(profile="default")
