"""A pretrained kind of GPT: keys and values kept from word to word, tied weights, names in checkpoints that were others once."""

import functools
import math
import re
import types

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

torch.manual_seed(1)


class Conv1D(nn.Module):
    def __init__(self, outputs, inputs):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(inputs, outputs)), nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x):
        sizes = x.size()[:-1] + (self.weight.size(1),)
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(sizes)


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        mask = torch.tril(torch.ones((16, 16), dtype=torch.bool)).view(1, 1, 16, 16)
        self.register_buffer("bias", mask, persistent=False)
        self.c_attn, self.c_proj, self.heads = Conv1D(3 * config.d, config.d), Conv1D(config.d, config.d), config.h

    def _split(self, x):
        return x.view(x.size()[:-1] + (self.heads, -1)).permute(0, 2, 1, 3)

    def forward(self, x, past=None):
        q, k, v = map(self._split, self.c_attn(x).split(x.size(-1), dim=2))
        if past is not None:
            k, v = torch.cat((past[0], k), dim=-2), torch.cat((past[1], v), dim=-2)
        scores = q @ k.transpose(-1, -2) / torch.full([], v.size(-1) ** 0.5, dtype=q.dtype)
        seen = self.bias[:, :, k.size(-2) - q.size(-2) : k.size(-2), : k.size(-2)]
        scores = torch.where(seen, scores, torch.full([], torch.finfo(scores.dtype).min, dtype=scores.dtype))
        out = (F.softmax(scores, dim=-1).type(v.dtype) @ v).permute(0, 2, 1, 3).contiguous()
        return self.c_proj(out.view(out.size()[:-2] + (-1,))), (k, v)


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        blocks = [nn.ModuleDict({"ln": nn.LayerNorm(config.d), "attn": Attention(config)}) for _ in range(2)]
        parts = {"wte": nn.Embedding(config.v, config.d), "wpe": nn.Embedding(16, config.d), "h": nn.ModuleList(blocks)}
        self.model = nn.ModuleDict({**parts, "ln_f": nn.LayerNorm(config.d)})
        self.lm_head = nn.Linear(config.d, config.v, bias=False)
        self.apply(self._init_weights)
        self.lm_head.weight = self.model.wte.weight

    @property
    def dtype(self):
        return next(self.parameters()).dtype

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(mean=0.0, std=0.02)
        for name, parameter in module.named_parameters():
            if name == "c_proj.weight":
                parameter.data.normal_(mean=0.0, std=0.02 / math.sqrt(4))

    def forward(self, ids, past=None, labels=None):
        before = 0 if past is None else past[0][0].size(-2)
        positions = torch.arange(before, before + ids.size(-1), dtype=torch.long).unsqueeze(0)
        x, kept = self.model.wte(ids) + self.model["wpe"](positions), ()
        for block, each in zip(self.model.h, past or [None] * 2, strict=True):
            out, pair = block["attn"](block.ln(x), each)
            x, kept = x + out, (*kept, pair)
        scores, loss = self.lm_head(self.model.ln_f(x)), None
        if labels is not None:
            shifted = scores[..., :-1, :].contiguous()
            loss = nn.CrossEntropyLoss()(shifted.view(-1, shifted.size(-1)), labels[..., 1:].contiguous().view(-1))
        return types.SimpleNamespace(loss=loss, logits=scores, past=kept)

    @torch.no_grad()
    def generate(self, ids, count):
        past, last = None, ids
        for _ in range(count):
            out = self(last, past)
            past, last = out.past, out.logits[:, -1].argmax(-1, keepdim=True)
            ids = torch.cat([ids, last], dim=-1)
        return ids

    def resize(self, count):
        old = self.model.wte
        new = nn.Embedding(count, old.embedding_dim).to(old.weight.device, dtype=old.weight.dtype)
        new.weight.data[: old.num_embeddings, :] = old.weight.data[: old.num_embeddings, :]
        self.model.wte = new
        self.lm_head.weight, self.lm_head.out_features = new.weight, count


model = Model(types.SimpleNamespace(v=11, d=8, h=2))
print(
    model,
    model.dtype,
    len(list(model.parameters())),
    len(model.state_dict()),
    model.lm_head.weight is model.model.wte.weight,
)
ids = torch.randint(0, 11, (2, 6))
optimizer = torch.optim.AdamW(model.parameters(), 1e-2, foreach=False)
for _ in range(3):
    loss = model(ids, labels=ids).loss
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    print(f"{loss.item():.4f}")
model.eval()
print(model.generate(ids[:, :2], 4))
half = model(ids[:, :4])
print(torch.allclose(model(ids).logits[:, -1], model(ids[:, 4:], past=half.past).logits[:, -1], atol=1e-5))
model.resize(13)
print(
    model(ids).logits.shape,
    model.lm_head,
    functools.reduce(getattr, "model.h.0.attn.c_proj".split("."), model).weight.shape,
)
renamed = {re.sub(r"^model\.", "transformer.", name): each for name, each in model.state_dict().items()}
found = model.load_state_dict(renamed, strict=False)
print(found.missing_keys[:2], found.unexpected_keys[:2], len(found.missing_keys))


class Frozen(nn.Module):
    def __init__(self, features, eps=1e-5):
        super().__init__()
        for name in ("weight", "running_var"):
            self.register_buffer(name, torch.ones(features))
        for name in ("bias", "running_mean"):
            self.register_buffer(name, torch.zeros(features))
        self.eps = eps

    def _load_from_state_dict(self, state, prefix, *rest):
        state.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state, prefix, *rest)

    def forward(self, x):
        scale = self.weight.reshape(1, -1, 1, 1) * (self.running_var.reshape(1, -1, 1, 1) + self.eps).rsqrt()
        return x * scale + self.bias.reshape(1, -1, 1, 1) - self.running_mean.reshape(1, -1, 1, 1) * scale

    @classmethod
    def of(cls, module):
        if isinstance(module, _BatchNorm):
            frozen = cls(module.num_features)
            frozen.weight.data = module.weight.data.clone().detach()
            return frozen
        for name, child in module.named_children():
            if (new := cls.of(child)) is not child:
                module.add_module(name, new)
        return module


net = Frozen.of(nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm2d(2))))
print(net, net.load_state_dict({**net.state_dict(), "1.num_batches_tracked": torch.tensor(0)}))
print(net(torch.ones(1, 1, 2, 2))[0, :, 0, 0], [name for name, _ in net.named_buffers()])
