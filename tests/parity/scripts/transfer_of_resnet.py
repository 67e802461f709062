"""Transfer learning with torchvision: pictures in folders, augmentation, a frozen ResNet-18 whose last layer is new."""

import copy
import os
import random
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image, ImageDraw
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader
from torchvision import datasets, models, transforms

SEED = 42
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)
torch.cuda.manual_seed_all(SEED)
torch.backends.cudnn.benchmark = False
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
print("device:", device)


def draw_pictures(root):
    """Round and square spots on noise, as PNG files in a folder for each class."""
    for phase, count in (("train", 12), ("val", 6)):
        for kind in ("round", "square"):
            folder = os.path.join(root, phase, kind)
            os.makedirs(folder)
            for i in range(count):
                noise = np.random.randint(0, 90, (40, 48, 3), dtype=np.uint8)
                picture = Image.fromarray(noise)
                left, top = random.randint(2, 18), random.randint(2, 10)
                draw = ImageDraw.Draw(picture)
                shape = draw.ellipse if kind == "round" else draw.rectangle
                shape((left, top, left + 22, top + 22), fill=(230, 200 - 5 * i, 60))
                picture.save(os.path.join(folder, f"{i:02d}.png"))


normalize = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
data_transforms = {
    "train": transforms.Compose(
        [
            transforms.RandomResizedCrop(32, scale=(0.6, 1.0)),
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation(15),
            transforms.ColorJitter(brightness=0.2, contrast=0.2),
            transforms.ToTensor(),
            normalize,
        ]
    ),
    "val": transforms.Compose([transforms.Resize(36), transforms.CenterCrop(32), transforms.ToTensor(), normalize]),
}
print(data_transforms["train"])

with tempfile.TemporaryDirectory() as data_dir:
    draw_pictures(data_dir)
    image_datasets = {x: datasets.ImageFolder(os.path.join(data_dir, x), data_transforms[x]) for x in ["train", "val"]}
    print(str(image_datasets["val"]).replace(data_dir, "data"))
    dataloaders = {
        x: DataLoader(image_datasets[x], batch_size=6, shuffle=x == "train", num_workers=2, persistent_workers=True)
        for x in ["train", "val"]
    }
    sizes = {x: len(image_datasets[x]) for x in ["train", "val"]}
    class_names = image_datasets["train"].classes
    print(sizes, class_names, image_datasets["train"].class_to_idx)
    inputs, classes = next(iter(dataloaders["val"]))
    grid = torchvision.utils.make_grid(inputs, nrow=3)
    print(inputs.shape, classes, grid.shape, f"{grid.mean().item():.4f}")

    model = models.resnet18(weights=None)
    for param in model.parameters():
        param.requires_grad = False
    num_ftrs = model.fc.in_features
    model.fc = nn.Linear(num_ftrs, len(class_names))
    model = model.to(device)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    print(f"{trainable:,} of {sum(p.numel() for p in model.parameters()):,} parameters are trained")

    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.01, momentum=0.9)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    best_acc, best_model_wts = 0.0, copy.deepcopy(model.state_dict())
    for epoch in range(3):
        for phase in ["train", "val"]:
            model.train() if phase == "train" else model.eval()
            running_loss, running_corrects = 0.0, 0
            for inputs, labels in dataloaders[phase]:
                inputs, labels = inputs.to(device, non_blocking=True), labels.to(device)
                optimizer.zero_grad(set_to_none=True)
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    _, preds = torch.max(outputs, 1)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item() * inputs.size(0)
                running_corrects += torch.sum(preds == labels.data)
            if phase == "train":
                scheduler.step()
            epoch_loss = running_loss / sizes[phase]
            epoch_acc = running_corrects.double() / sizes[phase]
            print(
                f"epoch {epoch} {phase} loss {epoch_loss:.3f} acc {epoch_acc:.4f} lr {scheduler.get_last_lr()[0]:.5f}"
            )
            if phase == "val" and epoch_acc > best_acc:
                best_acc, best_model_wts = epoch_acc, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_model_wts)
    print(f"best acc {best_acc:.4f}, {len(best_model_wts)} entries, {int(model.bn1.num_batches_tracked)} batches")

    path = os.path.join(data_dir, "resnet.pth")
    torch.save({"epoch": 3, "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    fresh = models.resnet18(num_classes=2)
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    print(fresh.load_state_dict(checkpoint["state_dict"]))
    fresh.eval(), model.eval()
    extractor = nn.Sequential(*list(fresh.children())[:-1])
    with torch.inference_mode():
        print(torch.allclose(fresh(inputs), model(inputs)), extractor(inputs).flatten(1).shape)
