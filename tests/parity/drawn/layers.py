"""Statements of those who train networks: convolutions, pooling, losses, data loaders, optimizers, modules of their own.

Used by `programs`.
"""

from __future__ import annotations

from .writer import Writer

BEFORE = """F = torch.nn.functional
conv = torch.nn.Conv2d(1, 2, 3, padding=1)
img = torch.tensor([[[[.5, -1., 2.], [0., 1., -.5], [1.5, .25, -2.]]]])
mlp = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 3))
W = torch.nn.Parameter(torch.tensor([[.1, -.2, .3], [1., 0., -1.], [.5, .5, .5], [2., 1., 0.]]))
labels = torch.tensor([2, 0])
i = torch.tensor([1, 3])
X = torch.tensor([[1., 0., -1.], [.5, 2., 1.]])
with torch.no_grad():
    for q in (*conv.parameters(), *mlp.parameters()):
        q.copy_((torch.arange(float(q.numel())).reshape(q.shape) % 5) / 4 - .4)
"""


def convolution(w: Writer) -> None:
    name = w.name()
    image = w.one_of("img", f"{w.pick()}.repeat(3).view(1, 1, 3, 3)", "img * 2")
    w.made(
        name,
        w.one_of(
            f"{name} = conv({image}).mean((0, 1, 2))",
            f"h = torch.relu(conv({image}))\n{name} = F.max_pool2d(h, 2, stride=1).flatten()[:3]",
            f"{name} = F.conv2d({image}, conv.weight, padding=1)[0, 0, 1]",
            f"{name} = F.conv2d({image}, conv.weight[:1], stride=2, padding=1).sum() * {w.pick()}",
            f"pool = torch.nn.MaxPool2d(2, 1)\n{name} = pool(conv({image}))[0, 1].flatten()[1:]",
            f"{name} = torch.nn.Flatten()(conv({image}))[0, 4:7]",
            f"k = conv({image})\n{name} = k[0, 0, 0] * k[0, 1, 2]",
        ),
    )


def deep(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.one_of(
            f"{name} = mlp({w.pick()})",
            f"{name} = mlp(X)[1]",
            f"{name} = mlp(mlp({w.pick()}))",
            f"{name} = {w.pick()}\nfor layer in mlp:\n    {name} = layer({name})",
            f"{name} = mlp[2](mlp[1](mlp[0]({w.pick()})))",
            f"{name} = F.linear({w.pick()}, W[:3])",
            f"{name} = F.linear({w.pick()}, mlp[0].weight, mlp[0].bias).sum() * {w.pick()}",
            f"{name} = torch.nn.Sigmoid()(lin({w.pick()}))",
            f"{name} = F.softmax({w.pick()}, dim=0)",
            f"{name} = F.log_softmax(mlp(X), 1)[0]",
            f"{name} = F.dropout({w.pick()}, 0.5, training=False) * 2",
            f"torch.manual_seed(1)\n{name} = F.dropout({w.pick()}, 0.5)",
            f"{name} = mlp.eval()({w.pick()})",
            f"with torch.no_grad():\n    {name} = mlp({w.pick()})",
        ),
    )


def rows(w: Writer) -> None:
    name = w.name()
    w.made(
        name,
        w.one_of(
            f"{name} = F.embedding(i, W)[0]",
            f"{name} = F.embedding(torch.tensor([2, 0]), W).sum(0)",
            f"{name} = W[i][1]",
            f"{name} = W[i].mean(0)",
            f"{name} = W[2] * 2",
            f"{name} = W.gather(0, torch.tensor([[3, 0, 1]]))[0]",
            f"{name} = F.one_hot(labels, 3).float()[0] * {w.pick()}",
            f"{name} = (F.embedding(i, W) * X)[1]",
            f"e = F.embedding(labels, W)\n{name} = e[0] + e[1]",
            f"{name} = W.index_select(0, i)[0]",
        ),
    )


def loss(w: Writer) -> None:
    name = w.name()
    scores = w.one_of("mlp(X)", f"torch.stack([{w.pick()}, {w.pick()}])", "lin(X)", "X @ W[:3]")
    w.lines.append(
        w.one_of(
            f"{name} = F.cross_entropy({scores}, labels)",
            f"{name} = F.cross_entropy({scores}, labels, reduction='sum')",
            f"criterion = torch.nn.CrossEntropyLoss()\n{name} = criterion({scores}, labels)",
            f"{name} = F.mse_loss({w.pick()} * w, {w.pick()})",
            f"{name} = torch.nn.MSELoss()({scores}, X)",
            f"{name} = F.nll_loss(F.log_softmax({scores}, dim=1), labels)",
            f"{name} = F.l1_loss({scores}, X)",
            f"{name} = F.huber_loss({scores}, target=X)",
            f"{name} = torch.nn.functional.mse_loss(input={scores}, target=X)",
        )
        + w.one_of("", f"\n{name}.backward()", f"\n{name}.backward()")
    )


def optimizer(w: Writer) -> None:
    made = w.one_of(
        "torch.optim.SGD([w, u], lr=.1, momentum=.9)",
        "torch.optim.SGD([w, u], lr=.01, momentum=.8, dampening=.3, weight_decay=.1, maximize=True)",
        "torch.optim.Adam([w, u], lr=.01, betas=(.5, .9), weight_decay=.2, amsgrad=True)",
        "torch.optim.AdamW([w, u], lr=.01, weight_decay=.3, maximize=True)",
        "torch.optim.SGD([w, u], lr=.1, weight_decay=.1)",
        "torch.optim.Adam([w, u], lr=.1)",
        "torch.optim.AdamW([u], lr=.1)",
        "torch.optim.SGD([w], lr=.1, momentum=.5, nesterov=True)",
        "torch.optim.SGD([{'params': [w]}, {'params': [u], 'lr': .2}], lr=.1)",
        "torch.optim.RMSprop([w, u], lr=.1, momentum=.5)",
        "torch.optim.Rprop([w, u], lr=.1)",
        "torch.optim.NAdam([w, u], lr=.1, weight_decay=.1)",
        "torch.optim.Adamax([w, u], lr=.1)",
    )
    turns = w.stream.randint(1, 3)
    w.lines.append(
        f"optim = {made}\nfor step in range({turns}):\n    optim.zero_grad()\n"
        f"    loss = ((w * u - {w.pick()}) ** 2).mean()\n    loss.backward()\n    optim.step()"
    )


def training(w: Writer) -> None:
    w.lines.append(
        w.one_of(
            "trainer = torch.optim.SGD(mlp.parameters(), lr=.1)\nfor epoch in range(2):\n    trainer.zero_grad()\n"
            "    loss = F.cross_entropy(mlp(X), labels)\n    loss.backward()\n    trainer.step()",
            "for q in mlp.parameters():\n    q.grad = None\nloss = mlp(X).pow(2).sum()\nloss.backward()\nwith torch.no_grad():\n"
            "    for q in mlp.parameters():\n        q -= .1 * q.grad",
            "losses = []\nfor k in range(2):\n    loss = F.mse_loss(lin(X), X)\n"
            "    losses.append(loss.item())\n    loss.backward()",
            "total = 0.\nfor k in range(2):\n    loss = (mlp(X) - X).abs().mean()\n"
            "    total += loss.detach()\n    loss.backward()",
        )
    )


def loader(w: Writer) -> None:
    name = w.name()
    size = w.stream.randint(1, 2)
    data = "torch.utils.data.TensorDataset(X, labels)"
    w.lines.append(
        w.one_of(
            f"for xb, yb in torch.utils.data.DataLoader({data}, batch_size={size}):\n"
            f"    loss = F.cross_entropy(mlp(xb), yb)\n    loss.backward()",
            f"torch.manual_seed(3)\nfor xb, yb in torch.utils.data.DataLoader({data}, batch_size={size}, shuffle=True):\n"
            f"    {name} = (mlp(xb) * 2).sum()\n    {name}.backward()",
            f"data = {data}\nfor row, label in data:\n    {name} = row * w",
            f"for n, (xb, yb) in enumerate(torch.utils.data.DataLoader({data})):\n    {name} = (xb * w).sum() * n",
            f"xb, yb = next(iter(torch.utils.data.DataLoader({data}, batch_size=2)))\n{name} = xb * w + yb[0]",
        )
    )


def own_module(w: Writer) -> None:
    name = w.name()
    body = w.one_of(
        "        return torch.tanh(self.a(x)) * self.s",
        "        h = self.a(x)\n        return h + x * self.s",
        "        for _ in range(2):\n            x = self.a(x) + self.s\n        return x",
        "        h = F.relu(self.a(x))\n        if h.sum() > 0:\n            h = h * self.s\n        return h",
    )
    w.made(
        name,
        (
            "class Block(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.a = torch.nn.Linear(3, 3)\n        self.s = torch.nn.Parameter(torch.ones(3))\n"
            f"    def forward(self, x):\n{body}\ntorch.manual_seed(2)\nblock = Block()\n{name} = block({w.pick()})"
        )
        + w.one_of("", f"\n{name}.sum().backward()"),
    )


KINDS = [
    (convolution, 4),
    (deep, 4),
    (rows, 3),
    (loss, 4),
    (optimizer, 2),
    (training, 2),
    (loader, 2),
    (own_module, 2),
]
