"""DCGAN in small: weights_init by class name, two optimizers, fixed noise, make_grid and save_image read back from disk."""

import argparse
import os
import random
import tempfile

import torch
import torch.nn as nn
import torch.nn.parallel
import torch.optim as optim
import torch.utils.data
import torchvision.datasets as dset
import torchvision.transforms as transforms
import torchvision.utils as vutils
from PIL import Image
from torchvision.transforms import functional as TF

parser = argparse.ArgumentParser()
parser.add_argument("--nz", type=int, default=8)
parser.add_argument("--ngf", type=int, default=8)
parser.add_argument("--niter", type=int, default=2)
parser.add_argument("--lr", type=float, default=0.002)
parser.add_argument("--beta1", type=float, default=0.5)
parser.add_argument("--cuda", action="store_true", default=False)
parser.add_argument("--manualSeed", type=int, default=999)
opt = parser.parse_args([])
print(opt)
random.seed(opt.manualSeed)
torch.manual_seed(opt.manualSeed)
torch.use_deterministic_algorithms(True)
device = torch.device("cuda" if opt.cuda and torch.cuda.is_available() else "cpu")
nz, ngf, nc = opt.nz, opt.ngf, 3

transform = transforms.Compose(
    [
        transforms.Resize(16),
        transforms.CenterCrop(16),
        transforms.ToTensor(),
        transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ]
)
dataset = dset.FakeData(size=32, image_size=(3, 20, 24), num_classes=4, transform=transform)
dataloader = torch.utils.data.DataLoader(dataset, batch_size=8, shuffle=True, num_workers=0)


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        torch.nn.init.normal_(m.weight, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        torch.nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input):
        if input.is_cuda and torch.cuda.device_count() > 1:
            return nn.parallel.data_parallel(self.main, input, range(2))
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.utils.parametrizations.spectral_norm(nn.Conv2d(nc, ngf, 4, 2, 1, bias=False)),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ngf, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ngf * 2, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, input):
        return self.main(input).view(-1, 1).squeeze(1)


generator = nn.DataParallel(Generator()).to(device)
generator.apply(weights_init)
discriminator = Discriminator().to(device)
print(generator)
print(discriminator)
criterion = nn.BCELoss()
fixed_noise = torch.randn(8, nz, 1, 1, device=device)
real_label, fake_label = 1.0, 0.0
discriminator_steps = optim.Adam(discriminator.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
generator_steps = optim.Adam(generator.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))

with tempfile.TemporaryDirectory() as out:
    for epoch in range(opt.niter):
        for i, data in enumerate(dataloader, 0):
            discriminator.zero_grad()
            real = data[0].to(device)
            label = torch.full((real.size(0),), real_label, dtype=real.dtype, device=device)
            output = discriminator(real)
            error_real = criterion(output, label)
            error_real.backward()
            score = output.mean().item()
            fake = generator(torch.randn(real.size(0), nz, 1, 1, device=device))
            label.fill_(fake_label)
            output = discriminator(fake.detach())
            error_fake = criterion(output, label)
            error_fake.backward()
            discriminator_steps.step()
            generator.zero_grad()
            label.fill_(real_label)
            output = discriminator(fake)
            error_made = criterion(output, label)
            error_made.backward()
            generator_steps.step()
            if i % 2 == 0:
                losses = f"Loss_D: {(error_real + error_fake).item():.3f} Loss_G: {error_made.item():.3f}"
                print(f"[{epoch}/{opt.niter}][{i}] {losses} D(x): {score:.3f} D(G(z)): {output.mean().item():.3f}")
        generator.eval()
        with torch.no_grad():
            fake = generator(fixed_noise).detach().cpu()
        generator.train()
        path = os.path.join(out, f"fake_samples_epoch_{epoch:03d}.png")
        vutils.save_image(fake, path, nrow=4, normalize=True, value_range=(-1, 1))
    grid = vutils.make_grid(fake, nrow=4, padding=1, normalize=True, scale_each=True, pad_value=0.5)
    print(grid.shape, f"{grid.min():.3f} {grid.max():.3f} {grid.mean():.3f}")
    with Image.open(path) as image:
        pixels = TF.pil_to_tensor(image)
        print(pixels.shape, pixels.dtype, image.size, image.mode, f"{TF.to_tensor(image).mean():.3f}")
    print(sorted(os.listdir(out)), list(generator.state_dict())[:2])
    torch.save(generator.module.state_dict(), os.path.join(out, "generator.pth"))
    print(Generator().load_state_dict(torch.load(os.path.join(out, "generator.pth"))))
torch.use_deterministic_algorithms(False)
