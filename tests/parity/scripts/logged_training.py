"""Training that is logged: SummaryWriter and its event file read back, early stopping, the best weights as safetensors."""

import glob
import logging
import os
import sys
import tempfile
from dataclasses import asdict, dataclass

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, load_model, save_file, save_model
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from torch.utils.tensorboard import SummaryWriter

logging.getLogger("tensorboard").setLevel(logging.WARNING)
logger = logging.getLogger("train")
logger.setLevel(logging.INFO)
logger.propagate = False
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
logger.addHandler(handler)


@dataclass
class Config:
    lr: float = 0.01
    batch_size: int = 16
    patience: int = 3
    epochs: int = 20


class EarlyStopping:
    def __init__(self, patience, path, delta=1e-3):
        self.patience, self.path, self.delta = patience, path, delta
        self.best, self.counter, self.early_stop = np.inf, 0, False

    def __call__(self, loss, model):
        if loss < self.best - self.delta:
            logger.info("loss %.3f -> %.3f, saved", self.best, loss)
            self.best, self.counter = loss, 0
            save_file(model.state_dict(), self.path, metadata={"loss": f"{loss:.3f}"})
        else:
            self.counter += 1
            self.early_stop = self.counter >= self.patience


def build():
    return nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))


config = Config()
torch.manual_seed(1)
X = torch.rand(240, 2) * 2 - 1
Y = ((X**2).sum(1, keepdim=True) > 0.5).float()
train_set, val_set = random_split(TensorDataset(X, Y), [200, 40], generator=torch.Generator().manual_seed(0))
train_loader = DataLoader(train_set, config.batch_size, shuffle=True)
val_loader = DataLoader(val_set, batch_size=40)
model = build()
optimizer = torch.optim.Adam(model.parameters(), lr=config.lr, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=2)
criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.2]))

with tempfile.TemporaryDirectory() as folder:
    best = os.path.join(folder, "best.safetensors")
    stopper = EarlyStopping(config.patience, best)
    with SummaryWriter(log_dir=os.path.join(folder, "runs"), comment="spots") as writer:
        writer.add_text("config", str(asdict(config)))
        writer.add_graph(model, X[:1])
        step = 0
        for epoch in range(config.epochs):
            model.train()
            for xb, yb in train_loader:
                loss = criterion(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                writer.add_scalar("Loss/train", loss.item(), step)
                step += 1
            model.eval()
            with torch.no_grad():
                outputs = torch.cat([model(xb) for xb, _ in val_loader])
                targets = torch.cat([yb for _, yb in val_loader])
            val_loss = criterion(outputs, targets).item()
            accuracy = ((outputs > 0) == targets.bool()).float().mean()
            scheduler.step(val_loss)
            writer.add_scalars("Validation", {"loss": val_loss, "accuracy": accuracy}, epoch)
            writer.add_scalar("Accuracy/val", accuracy, global_step=epoch)
            for name, parameter in model.named_parameters():
                writer.add_histogram(name, parameter, epoch)
                writer.add_histogram(f"{name}.grad", parameter.grad, epoch)
            stopper(val_loss, model)
            if stopper.early_stop:
                logger.info("stopped early at epoch %d, lr %s", epoch, optimizer.param_groups[0]["lr"])
                break
        writer.add_image("boundary", torch.sigmoid(outputs).view(1, 5, 8), epoch)
        writer.add_pr_curve("pr", targets, torch.sigmoid(outputs), epoch)
        writer.add_hparams({"lr": config.lr, "bsize": config.batch_size}, {"hparam/loss": stopper.best})
        writer.add_embedding(X[:6], metadata=list("abcdef"))
    events = EventAccumulator(os.path.join(folder, "runs"))
    events.Reload()
    print({kind: tags for kind, tags in events.Tags().items() if kind in ("scalars", "images", "histograms")})
    scalars = events.Scalars("Accuracy/val")
    print([(each.step, round(each.value, 3)) for each in scalars[:3]], len(events.Scalars("Loss/train")) == step)
    print([f"{each.histogram_value.num:.0f}" for each in events.Histograms("0.weight")[:2]])
    print(len(glob.glob(os.path.join(folder, "runs", "events*"))), len(os.listdir(os.path.join(folder, "runs"))) > 2)

    restored = build()
    print(restored.load_state_dict(load_file(best)))
    with safe_open(best, framework="pt", device="cpu") as f:
        print(f.metadata(), sorted(f.keys()), f.get_slice("2.weight").get_shape(), f.get_tensor("4.bias").dtype)
    restored.eval()
    print(f"{criterion(restored(X[val_set.indices]), Y[val_set.indices]).item():.3f}", f"{stopper.best:.3f}")
    save_model(restored, best)
    print(load_model(build(), best))
