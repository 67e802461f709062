"""Distributed training as tutorials have it, run by one process: a group, a sampler, DDP, no_sync, sums, checkpoints."""

import os
import socket
import tempfile

import torch
import torch.distributed as dist
import torch.nn as nn
from torch.nn.parallel import DistributedDataParallel as DDP  # noqa: N817
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


def setup(rank, world_size):
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    os.environ.setdefault("MASTER_ADDR", "localhost")
    os.environ["MASTER_PORT"] = str(port)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", rank=rank, world_size=world_size)


def cleanup():
    dist.destroy_process_group()
    os.environ.pop("MASTER_ADDR")
    os.environ.pop("MASTER_PORT")


def is_main_process():
    return not dist.is_available() or not dist.is_initialized() or dist.get_rank() == 0


class ToyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net1 = nn.Linear(10, 16)
        self.relu = nn.ReLU()
        self.norm = nn.BatchNorm1d(16)
        self.net2 = nn.Linear(16, 1)

    def forward(self, x):
        return self.net2(self.norm(self.relu(self.net1(x))))


class Trainer:
    def __init__(self, model, data, optimizer, rank):
        self.model = DDP(model, device_ids=None)
        self.data, self.optimizer, self.rank = data, optimizer, rank

    def run(self, epoch):
        self.data.sampler.set_epoch(epoch)
        total = torch.zeros(2)
        self.optimizer.zero_grad()
        for i, (source, targets) in enumerate(self.data):
            if i % 2 == 0:  # gradients of two batches are added before they are sent
                with self.model.no_sync():
                    loss = nn.functional.mse_loss(self.model(source), targets)
                    (loss / 2).backward()
            else:
                loss = nn.functional.mse_loss(self.model(source), targets)
                (loss / 2).backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
            total += torch.tensor([loss.item() * len(source), len(source)])
        dist.all_reduce(total, op=dist.ReduceOp.SUM)
        return (total[0] / total[1]).item()


def main(rank, world_size):
    print(f"rank {rank} of {world_size}, initialized {dist.is_initialized()}, main {is_main_process()}")
    setup(rank, world_size)
    print(dist.get_rank(), dist.get_world_size(), dist.get_backend(), is_main_process())
    torch.manual_seed(0)
    x = torch.randn(72, 10)
    dataset = TensorDataset(x, x[:, :2].sum(1, keepdim=True) + 0.1 * torch.randn(72, 1))
    model = nn.SyncBatchNorm.convert_sync_batchnorm(ToyModel()) if torch.cuda.is_available() else ToyModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loader = DataLoader(dataset, batch_size=12, shuffle=False, sampler=DistributedSampler(dataset, drop_last=True))
    trainer = Trainer(model, loader, optimizer, rank)
    print(trainer.model)
    for epoch in range(4):
        print(f"[rank {rank}] epoch {epoch} | loss {trainer.run(epoch):.4f} | steps {len(loader)}")

    path = os.path.join(tempfile.mkdtemp(), "model.pt")
    if rank == 0:
        torch.save(trainer.model.module.state_dict(), path)
    dist.barrier()
    fresh = DDP(ToyModel())
    fresh.module.load_state_dict(torch.load(path, map_location="cpu"))
    fresh.eval()
    model.eval()
    print(torch.equal(fresh(x), model(x)), list(fresh.state_dict())[:2])

    gathered = [None for _ in range(world_size)]
    dist.all_gather_object(gathered, {"rank": rank, "seen": len(loader.sampler)})
    print(gathered)
    average = torch.tensor([3.0, 5.0])
    work = dist.all_reduce(average, async_op=True)
    work.wait()
    average /= dist.get_world_size()
    parts = [torch.zeros(2) for _ in range(world_size)]
    dist.all_gather(parts, average)
    print(torch.stack(parts).mean(0))
    try:
        dist.broadcast(average, src=3)
    except RuntimeError as error:
        print(error)
    cleanup()
    try:
        dist.get_rank()
    except ValueError as error:
        print(error)


if __name__ == "__main__":
    main(0, 1)
