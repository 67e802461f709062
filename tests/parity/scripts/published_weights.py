"""Published parameters: enums and what they know, a file put where torch.hub looks, the prepared picture, Grad-CAM, new heads."""

import os
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torchvision import models
from torchvision.models import ResNet18_Weights, get_model, get_weight, list_models, resnet18

torch.manual_seed(1)
weights = ResNet18_Weights.DEFAULT
print(weights, repr(weights), weights.name, list(ResNet18_Weights), len(ResNet18_Weights.__members__))
print(weights.url.rsplit("/", 1)[1], weights.meta["num_params"], weights.meta["_metrics"]["ImageNet-1K"])
print(len(weights.meta["categories"]), weights.meta["categories"][281:283], weights.meta["min_size"])
print(
    get_weight("ResNet50_Weights.IMAGENET1K_V2"), models.get_model_weights("vgg16"), list_models(include="resnet*")[:2]
)
preprocess = weights.transforms()
print(preprocess)

os.environ["TORCH_HOME"] = tempfile.mkdtemp()
folder = os.path.join(torch.hub.get_dir(), "checkpoints")
os.makedirs(folder, exist_ok=True)
torch.save(resnet18().state_dict(), os.path.join(folder, os.path.basename(weights.url)))
model = resnet18(weights=weights).eval()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    older = models.resnet18(pretrained=True).eval()
for each in caught:
    print(each.category.__name__, each.message)
print(
    torch.equal(model.fc.weight, older.fc.weight),
    torch.equal(model.fc.bias, get_model("resnet18", weights="DEFAULT").fc.bias),
)

ramp = np.linspace(0, 255, 300).astype(np.uint8)
img = Image.fromarray(
    np.stack([np.tile(ramp, (260, 1)), np.tile(ramp[::-1], (260, 1)), np.full((260, 300), 90, np.uint8)], -1)
)
batch = preprocess(img).unsqueeze(0)
print(img.size, batch.shape, f"{batch.mean():.4f} {batch.std():.4f}")
with torch.no_grad():
    prediction = model(batch).squeeze(0).softmax(0)
top = prediction.topk(3)
for score, class_id in zip(top.values, top.indices):
    print(f"{weights.meta['categories'][class_id.item()]}: {100 * score:.2f}%")

# Grad-CAM: what in the last maps speaks for the class
kept = {}
forward = model.layer4[-1].register_forward_hook(lambda m, i, o: kept.__setitem__("maps", o))
backward = model.layer4[-1].register_full_backward_hook(lambda m, gi, go: kept.__setitem__("grads", go[0]))
model(batch)[0, top.indices[0]].backward()
alpha = kept["grads"].mean(dim=(2, 3), keepdim=True)
cam = F.relu((alpha * kept["maps"]).sum(1, keepdim=True))
cam = F.interpolate(cam, batch.shape[2:], mode="bilinear", align_corners=False).detach()
cam = (cam - cam.min()) / (cam.max() - cam.min() + 1e-8)
print(kept["maps"].shape, cam.shape, f"{cam.max():.3f}", len(model.layer4[-1]._forward_hooks))
forward.remove()
backward.remove()

# a new head; what is frozen has no gradient
for param in model.parameters():
    param.requires_grad_(False)
model.zero_grad()
model.fc = nn.Linear(model.fc.in_features, 3)
loss = F.cross_entropy(model(batch), torch.tensor([2]))
loss.backward()
print([name for name, p in model.named_parameters() if p.grad is not None], f"{loss.item():.3f}")
try:
    resnet18(weights=weights, num_classes=3)
except ValueError as error:
    print(error)
try:
    resnet18(weights="IMAGENET1K_V3")
except KeyError as error:
    print("no", error)
print(sorted(os.listdir(folder)), torch.hub.get_dir() == os.path.join(os.environ.pop("TORCH_HOME"), "hub"))
