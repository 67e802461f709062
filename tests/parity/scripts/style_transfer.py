"""Style by Gram matrices: an image is the parameter of LBFGS; layers of losses are put into a net of frozen convolutions."""

import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(6)


def gram_matrix(x):
    a, b, c, d = x.size()
    features = x.view(a * b, c * d)
    return torch.mm(features, features.t()).div(a * b * c * d)


class ContentLoss(nn.Module):
    def __init__(self, target):
        super().__init__()
        self.target = target.detach()

    def forward(self, x):
        self.loss = F.mse_loss(x, self.target)
        return x


class StyleLoss(nn.Module):
    def __init__(self, target):
        super().__init__()
        self.target = gram_matrix(target).detach()

    def forward(self, x):
        self.loss = F.mse_loss(gram_matrix(x), self.target)
        return x


class Normalization(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = (each.clone().view(-1, 1, 1) for each in (mean, std))

    def forward(self, image):
        return (image - self.mean) / self.std


at = torch.linspace(0, 1, 16)
content = torch.stack([at.expand(16, 16), at[:, None].expand(16, 16), (at[:, None] * at).sqrt()])[None]
style = (torch.sin(20 * (at + at[:, None])) * 0.5 + 0.5).expand(1, 3, 16, 16).clone()
features = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(8, 8, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 8, 3),
).eval()

model = nn.Sequential(Normalization(torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])))
content_losses, style_losses = [], []
i = 0
for layer in features.children():
    if isinstance(layer, nn.Conv2d):
        i += 1
        name = f"conv_{i}"
    elif isinstance(layer, nn.ReLU):
        name, layer = f"relu_{i}", nn.ReLU(inplace=False)
    else:
        name = f"pool_{i}"
    model.add_module(name, layer)
    if name == "conv_2":
        loss = ContentLoss(model(content))
        model.add_module(f"content_loss_{i}", loss)
        content_losses.append(loss)
    if name in ("conv_1", "conv_2", "conv_3"):
        loss = StyleLoss(model(style))
        model.add_module(f"style_loss_{i}", loss)
        style_losses.append(loss)
print([name for name, _ in model.named_children()])

image = content.clone().requires_grad_(True)
model.eval()
model.requires_grad_(False)
optimizer = optim.LBFGS([image], lr=0.3, max_iter=5)
run = [0]
while run[0] < 20:

    def closure():
        with torch.no_grad():
            image.clamp_(0, 1)
        optimizer.zero_grad()
        model(image)
        style_score = sum(each.loss for each in style_losses) * 1e3
        content_score = sum(each.loss for each in content_losses)
        loss = style_score + content_score
        loss.backward()
        run[0] += 1
        if run[0] % 5 == 0:
            print(f"run {run[0]}: style {style_score.item():.3g} content {content_score.item():.3g}")
        return loss

    optimizer.step(closure)
with torch.no_grad():
    image.clamp_(0, 1)
print([f"{each:.3f}" for each in image.mean((0, 2, 3)).tolist()])
