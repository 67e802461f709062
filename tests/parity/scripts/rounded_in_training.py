"""Training that foresees 8 bits: norms folded into rounded weights, ranges as running means, switched off near the end."""

import copy
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.ao.quantization import (
    DeQuantStub,
    QuantStub,
    convert,
    disable_observer,
    fuse_modules_qat,
    get_default_qat_qconfig,
    prepare_qat,
)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU()
        self.conv2, self.bn2 = nn.Conv2d(4, 6, 3, stride=2, groups=2), nn.BatchNorm2d(6)
        self.conv3, self.relu3 = nn.Conv2d(6, 6, 1), nn.ReLU()
        self.add = nn.quantized.FloatFunctional()
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        x = self.relu1(self.bn1(self.conv1(self.quant(x))))
        x = self.bn2(self.conv2(x))
        x = self.add.add(x, self.relu3(self.conv3(x)))
        return self.dequant(self.fc(self.mean(x).reshape(x.size(0), -1)))


def prepared(backend, version=1):
    model = Net().train()
    fuse_modules_qat(model, [["conv1", "bn1", "relu1"], ["conv2", "bn2"], ["conv3", "relu3"]], inplace=True)
    model.qconfig = get_default_qat_qconfig(backend, version)
    return prepare_qat(model)


def main():
    for backend, version in (("fbgemm", 1), ("qnnpack", 0)):
        torch.manual_seed(1)
        model = prepared(backend, version)
        print(model)
        print(torch.rand(2))  # the stream is where it was
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        images, labels = torch.randn(24, 1, 9, 9), torch.randint(0, 3, (24,))
        for epoch in range(4):
            for at in range(0, 24, 8):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(images[at : at + 8]), labels[at : at + 8])
                loss.backward()
                optimizer.step()
            print(epoch, f"{loss.item():.3f}", f"{model.conv1.weight.grad.norm():.2f}")
            if epoch == 2:
                model.apply(disable_observer)
                model.conv1.freeze_bn_stats()
        print([name for name, _ in model.named_parameters()])
        print(list(model.state_dict())[:12], model.conv1.bn.training, model.conv2.bn.training)

        eight = convert(copy.deepcopy(model).eval())
        print([type(each).__name__ for each in eight.children()])
        out = eight(images)
        print(out.shape, "near the rounded one:", bool((out - model.eval()(images)).abs().max() < 0.2))
        print(list(eight.state_dict()))
        other = convert(prepared(backend, version).eval())
        print(other.load_state_dict(eight.state_dict()), torch.equal(other(images), out))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
