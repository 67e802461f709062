"""A small convolutional network in 8 bits: layers fused, ranges observed on some data, layers exchanged, weights in a file."""

import copy
import io
import warnings

import torch
import torch.nn as nn
from torch.ao.quantization import (
    DeQuantStub,
    QuantStub,
    convert,
    default_qconfig,
    fuse_modules,
    get_default_qconfig,
    prepare,
)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.skip = nn.quantized.FloatFunctional()

    def forward(self, x):
        return self.skip.add_relu(x, self.bn(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.block = Block(4)
        self.pool = nn.MaxPool2d(2)
        self.wide = nn.quantized.FloatFunctional()
        self.mean = nn.AdaptiveAvgPool2d((2, 2))
        self.head = nn.Sequential(nn.Linear(32, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3))

    def forward(self, x):
        x = self.relu(self.bn(self.stem(self.quant(x))))
        x = self.pool(self.block(x))
        x = self.wide.cat([x, nn.functional.relu6(x)], dim=1)
        return self.dequant(self.head(torch.flatten(self.mean(x), 1)))


def size_of(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return len(file.getvalue())


def seen(observer):
    scale, zero_point = observer.calculate_qparams()
    return f"{scale.item():.5f} {zero_point.item()}"


def main():
    torch.manual_seed(0)
    net, images = Net(), torch.randn(16, 1, 8, 8)
    for _ in range(3):
        net(images)  # the norms learn what the images are like
    net.eval()
    whole = net(images).detach()

    fused = fuse_modules(net, [["stem", "bn", "relu"], ["block.conv", "block.bn"], ["head.0", "head.1"]])
    print(fused)
    print("as before:", torch.allclose(fused(images), whole, atol=1e-5))

    for name in ("fbgemm", "qnnpack", "default"):
        model = copy.deepcopy(fused)
        model.qconfig = default_qconfig if name == "default" else get_default_qconfig(name)
        print(model.qconfig)
        watched = prepare(model)
        if name == "fbgemm":
            print(watched)
        with torch.no_grad():
            for part in images.split(4):
                watched(part)
        for path, layer in watched.named_modules():
            if path.endswith("activation_post_process"):
                print(path, seen(layer))
        eight = convert(watched)
        print([type(each).__name__ for each in eight.modules()])
        out = eight(images)
        print(
            "furthest off:",
            f"{(out - whole).abs().max().item():.2f}",
            "same answers:",
            (out.argmax(1) == whole.argmax(1)).sum(),
        )
        print(eight.stem.weight().int_repr().flatten().tolist())
        print("smaller:", size_of(eight) < size_of(fused), list(eight.state_dict()))

        other = convert(prepare(copy.deepcopy(model)))
        print(other.load_state_dict(eight.state_dict()), torch.equal(other(images), out))
    try:
        eight.stem(images)
    except NotImplementedError as error:
        print(str(error)[:78])


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
