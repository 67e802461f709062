"""Distillation: a frozen teacher, softened targets, torch.compile, autocast and GradScaler, the profiler, pruning, EMA."""

import time
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.amp import GradScaler, autocast
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.profiler import ProfilerActivity, profile, record_function, schedule
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore", category=FutureWarning)
device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
torch.set_float32_matmul_precision("high")
torch.manual_seed(21)
centers = torch.randn(5, 10) * 1.5
labels = torch.randint(5, (400,))
inputs = centers[labels] + torch.randn(400, 10)
train_loader = DataLoader(TensorDataset(inputs[:320], labels[:320]), 64, shuffle=True, pin_memory=device == "cuda")
test_x, test_y = inputs[320:].to(device), labels[320:].to(device)


class Teacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(10, 64), nn.BatchNorm1d(64), nn.GELU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.Mish()
        )
        self.classifier = nn.Linear(64, 5)

    def forward(self, x):
        return self.classifier(self.body(x))


def accuracy(model):
    model.eval()
    with torch.inference_mode():
        return (model(test_x).argmax(1) == test_y).float().mean().item()


teacher = Teacher().to(device)
optimizer = torch.optim.RAdam(teacher.parameters(), lr=1e-2)
for epoch in range(4):
    teacher.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(teacher(x), y, label_smoothing=0.1).backward()
        optimizer.step()
print(f"teacher: {accuracy(teacher):.2f}")
for p in teacher.parameters():
    p.requires_grad_(False)


@torch.compiler.disable
def distillation(student_logits, teacher_logits, y, temperature=2.0, alpha=0.7):
    soft = nn.KLDivLoss(reduction="batchmean")(
        F.log_softmax(student_logits / temperature, 1), F.softmax(teacher_logits / temperature, 1)
    )
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, y)


student = nn.Sequential(nn.Linear(10, 12), nn.ReLU(), nn.Linear(12, 5)).to(device)
ema = AveragedModel(student, multi_avg_fn=get_ema_multi_avg_fn(0.9))
optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9, nesterov=True)
scaler = GradScaler(enabled=device == "cuda")
seen = []
hook = student[1].register_forward_hook(lambda module, args, output: seen.append((output > 0).float().mean().item()))
with profile(
    activities=[ProfilerActivity.CPU],
    schedule=schedule(wait=1, warmup=1, active=2, repeat=1),
    on_trace_ready=lambda prof: print("trace ready at step", prof.step_num),
    record_shapes=True,
) as prof:
    for epoch in range(3):
        student.train()
        for x, y in train_loader:
            with torch.no_grad():
                told = teacher(x)
            optimizer.zero_grad(set_to_none=True)
            with record_function("student"), autocast(device_type="cpu", enabled=device == "cuda"):
                loss = distillation(student(x), told, y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
            ema.update_parameters(student)
            prof.step()
        print(f"epoch {epoch}: {loss.item():.3f}, student {accuracy(student):.1f}, average {accuracy(ema.module):.1f}")
hook.remove()
events = {each.key: each for each in prof.key_averages()}
print(
    events["student"].count,
    events["aten::addmm"].count > 0,
    "aten::addmm" in prof.key_averages().table(sort_by="cpu_time_total", row_limit=20),
)
print(len(seen), f"{sum(seen) / len(seen):.2f}", ema.n_averaged)

with torch.autocast("cpu", dtype=torch.bfloat16):
    out = student(test_x)
print(out.dtype, torch.get_autocast_dtype("cpu"))
for module in student:
    if isinstance(module, nn.Linear):
        prune.l1_unstructured(module, name="weight", amount=0.4)
print(dict(student[0].named_buffers()).keys(), f"{(student[0].weight == 0).float().mean():.2f}")
prune.remove(student[0], "weight")
print(list(student.state_dict()), [tuple(p.shape) for p in student.parameters()])
start = time.perf_counter()
flops = sum(2 * m.in_features * m.out_features for m in student.modules() if isinstance(m, nn.Linear))
print(
    flops,
    time.perf_counter() - start < 60,
    f"{torch.cuda.is_available()} {torch.get_num_threads() >= 1} {torch.__version__[:4]}",
)
torch.set_float32_matmul_precision("highest")
