"""Segmentation: a U-Net over discs and boxes, joint transforms of picture and mask, Dice and focal losses, IoU, overlays."""

import math
import random

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
import torchvision.transforms.functional as TF
from PIL import Image, ImageDraw
from torch.utils.data import DataLoader, Dataset
from torchvision.ops import box_convert, box_iou, generalized_box_iou, masks_to_boxes, sigmoid_focal_loss
from torchvision.transforms import InterpolationMode, v2
from torchvision.utils import draw_bounding_boxes, draw_segmentation_masks

torchvision.disable_beta_transforms_warning()
torch.manual_seed(12)


class Shapes(Dataset):
    """Noise with a disc (class 1) and a box (class 2), as PIL pictures; the mask is a picture of class numbers."""

    def __init__(self, count, train):
        self.count, self.train = count, train

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        draw_of = random.Random(i)
        image = Image.fromarray(np.random.default_rng(i).integers(0, 80, (24, 24, 3), dtype=np.uint8))
        mask = Image.new("L", (24, 24))
        for kind in (1, 2):
            x, y = draw_of.randint(0, 14), draw_of.randint(0, 14)
            for canvas, fill in ((image, (250, 120 * kind, 40)), (mask, kind)):
                draw = ImageDraw.Draw(canvas)
                (draw.ellipse if kind == 1 else draw.rectangle)((x, y, x + 8, y + 8), fill=fill)
        if self.train:
            if torch.rand(1) < 0.5:
                image, mask = TF.hflip(image), TF.hflip(mask)
            angle = float(torch.randint(-20, 21, (1,)))
            image = TF.rotate(image, angle, InterpolationMode.BILINEAR)
            mask = TF.rotate(mask, angle, InterpolationMode.NEAREST)
        image = TF.normalize(TF.to_tensor(image), [0.3, 0.3, 0.2], [0.25, 0.25, 0.25])
        return image, torch.as_tensor(np.array(mask), dtype=torch.long)


class DoubleConv(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(
            nn.Conv2d(a, b, 3, padding="same", bias=False),
            nn.BatchNorm2d(b),
            nn.ReLU(inplace=True),
            nn.Conv2d(b, b, 3, padding=1, padding_mode="reflect"),
            nn.GroupNorm(4, b),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.downs = nn.ModuleList([DoubleConv(3, 8), DoubleConv(8, 16)])
        self.bottom = DoubleConv(16, 16)
        self.ups = nn.ModuleList(
            [nn.ConvTranspose2d(16, 16, 2, stride=2), nn.Upsample(scale_factor=2, mode="bilinear")]
        )
        self.merges = nn.ModuleList([DoubleConv(32, 8), DoubleConv(16, 8)])
        self.head = nn.Conv2d(8, classes, 1)
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, merge, skip in zip(self.ups, self.merges, reversed(skips)):
            x = merge(torch.cat([skip, up(x)], dim=1))
        return self.head(x)


def dice_loss(logits, target, smooth=1.0):
    probabilities = logits.softmax(1)
    one_hot = F.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2).float()
    shared = (probabilities * one_hot).sum((0, 2, 3))
    return 1 - ((2 * shared + smooth) / (probabilities.sum((0, 2, 3)) + one_hot.sum((0, 2, 3)) + smooth)).mean()


def class_iou(found, target, classes=3):
    pairs = torch.bincount(classes * target.flatten() + found.flatten(), minlength=classes**2).view(classes, classes)
    return pairs.diag() / (pairs.sum(0) + pairs.sum(1) - pairs.diag())


loader = DataLoader(Shapes(24, True), batch_size=8, shuffle=True)
model = UNet(3)
print(sum(p.numel() for p in model.parameters()), model(torch.zeros(1, 3, 24, 24)).shape)
optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=12, power=0.9)
weight = torch.tensor([0.4, 1.0, 1.0])
for epoch in range(4):
    for images, masks in loader:
        logits = model(images)
        loss = F.cross_entropy(logits, masks, weight=weight) + dice_loss(logits, masks)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    print(f"epoch {epoch}: loss {loss.item():.3f}, lr {scheduler.get_last_lr()[0]:.6f}")
model.eval()
images, masks = next(iter(DataLoader(Shapes(6, False), batch_size=6)))
with torch.no_grad():
    logits = model(images)
found = logits.argmax(1)
print(
    "IoU", [f"{each:.1f}" for each in class_iou(found, masks).tolist()], f"pixels {(found == masks).float().mean():.2f}"
)
print(f"focal {sigmoid_focal_loss(logits[:, 1], (masks == 1).float(), reduction='mean').item():.2f}")

boxes = masks_to_boxes(torch.stack([masks[0] == 1, masks[0] == 2]))
moved = boxes + torch.tensor([2.0, -1.0, 2.0, -1.0])
print(boxes, box_convert(boxes, "xyxy", "cxcywh"))
print(box_iou(boxes, moved), generalized_box_iou(boxes, moved))
picture = (images[0] * 0.25 + 0.3).clamp(0, 1)
shown = draw_bounding_boxes(picture, boxes, colors=["red", "blue"])
over = draw_segmentation_masks((picture * 255).to(torch.uint8), masks[0] == 1, alpha=0.5, colors="yellow")
print(shown.shape, shown.dtype, f"{shown.mean():.3f}", over.shape, int(over.sum()))
augment = v2.Compose([v2.RandomHorizontalFlip(1.0), v2.Resize((12, 12)), v2.ToDtype(torch.float32, scale=True)])
print(augment(over).shape, f"{augment(over).mean():.4f}", math.isclose(float(augment(over).max()), 1.0, abs_tol=0.1))
