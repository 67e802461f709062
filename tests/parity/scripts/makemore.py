"""Names letter by letter: bigrams counted, bigrams by a layer, then an MLP over three letters with batch norm by hand."""

import torch
import torch.nn.functional as F

words = (
    "emma olivia ava isabella sophia charlotte mia amelia harper evelyn abigail emily ella elizabeth camila luna sofia "
    "avery mila aria scarlett penelope layla chloe victoria madison eleanor grace nora riley zoey hannah hazel lily"
).split()
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
SIZE = len(itos)

N = torch.zeros((SIZE, SIZE), dtype=torch.int32)
for w in words:
    chs = [".", *w, "."]
    for ch1, ch2 in zip(chs, chs[1:]):
        N[stoi[ch1], stoi[ch2]] += 1
P = (N + 1).float()
P /= P.sum(1, keepdims=True)
g = torch.Generator().manual_seed(2147483647)
for _ in range(4):
    out, ix = [], 0
    while True:
        ix = torch.multinomial(P[ix], num_samples=1, replacement=True, generator=g).item()
        out.append(itos[ix])
        if ix == 0:
            break
    print("".join(out))
log_likelihood = sum(torch.log(P[stoi[a], stoi[b]]) for w in words for a, b in zip(f".{w}", f"{w}.", strict=True))
print(f"{-log_likelihood / sum(len(w) + 1 for w in words):.4f}")

xs = torch.tensor([stoi[ch] for w in words for ch in f".{w}"])
ys = torch.tensor([stoi[ch] for w in words for ch in f"{w}."])
W = torch.randn((SIZE, SIZE), generator=g, requires_grad=True)
for k in range(30):
    logits = F.one_hot(xs, num_classes=SIZE).float() @ W
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdims=True)
    loss = -probs[torch.arange(len(xs)), ys].log().mean() + 0.01 * (W**2).mean()
    W.grad = None
    loss.backward()
    W.data += -30 * W.grad
    if k % 10 == 9:
        print(k, f"{loss.item():.4f}")

BLOCK, EMBEDDING, HIDDEN = 3, 6, 40
X, Y = [], []
for w in words:
    context = [0] * BLOCK
    for ch in f"{w}.":
        X.append(context)
        Y.append(stoi[ch])
        context = [*context[1:], stoi[ch]]
X, Y = torch.tensor(X), torch.tensor(Y)
g = torch.Generator().manual_seed(2147483647)
C = torch.randn((SIZE, EMBEDDING), generator=g)
W1 = torch.randn((EMBEDDING * BLOCK, HIDDEN), generator=g) * (5 / 3) / ((EMBEDDING * BLOCK) ** 0.5)
W2 = torch.randn((HIDDEN, SIZE), generator=g) * 0.01
b2 = torch.randn(SIZE, generator=g) * 0
bngain, bnbias = torch.ones((1, HIDDEN)), torch.zeros((1, HIDDEN))
mean_running, std_running = torch.zeros((1, HIDDEN)), torch.ones((1, HIDDEN))
parameters = [C, W1, W2, b2, bngain, bnbias]
print(sum(p.nelement() for p in parameters))
for p in parameters:
    p.requires_grad = True
for i in range(100):
    ix = torch.randint(0, X.shape[0], (32,), generator=g)
    emb = C[X[ix]]
    hpreact = emb.view(emb.shape[0], -1) @ W1
    bnmean, bnstd = hpreact.mean(0, keepdim=True), hpreact.std(0, keepdim=True)
    hpreact = bngain * (hpreact - bnmean) / bnstd + bnbias
    with torch.no_grad():
        mean_running = 0.99 * mean_running + 0.01 * bnmean
        std_running = 0.99 * std_running + 0.01 * bnstd
    h = torch.tanh(hpreact)
    loss = F.cross_entropy(h @ W2 + b2, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -(0.1 if i < 80 else 0.01) * p.grad
    if i % 20 == 0:
        print(f"{i:3d}: {loss.item():.4f}, saturated {(h.abs() > 0.97).float().mean().item():.3f}")
with torch.no_grad():
    hpreact = bngain * (C[X].view(-1, EMBEDDING * BLOCK) @ W1 - mean_running) / std_running + bnbias
    print(f"all {F.cross_entropy(torch.tanh(hpreact) @ W2 + b2, Y).item():.4f}")
    for _ in range(4):
        out, context = [], [0] * BLOCK
        while len(out) < 12:
            h = torch.tanh(bngain * (C[torch.tensor([context])].view(1, -1) @ W1 - mean_running) / std_running + bnbias)
            ix = torch.multinomial(F.softmax(h @ W2 + b2, dim=1), num_samples=1, generator=g).item()
            context = [*context[1:], ix]
            if ix == 0:
                break
            out.append(itos[ix])
        print("".join(out))
