"""What a test suite asks of modules: names, hooks, lazy layers, copies, and every wrong way to make one."""

import copy
import gc
import pickle
import warnings
import weakref
from collections import OrderedDict

import torch
import torch.nn as nn

warnings.simplefilter("ignore")
torch.manual_seed(0)


def tr(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e).split("\n")[0][:170])


class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(2))
        self.register_parameter("none", None)
        self.b = nn.Buffer(torch.zeros(1))
        self.c = nn.Buffer(torch.ones(1), persistent=False)
        self.l = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
        self.d = nn.ModuleDict({"x": nn.Tanh()})
        self.pl = nn.ParameterList([torch.ones(1), torch.zeros(2)])
        self.pd = nn.ParameterDict({"k": torch.ones(1)})
        self.plain = torch.ones(3)


a = A()
print(
    a,
    list(a.state_dict()),
    [n for n, _ in a.named_modules()],
    [n for n, _ in a.named_parameters(recurse=False)],
    [n for n, _ in a.named_buffers()],
)
tr(lambda: setattr(a, "w", torch.ones(2)))
tr(lambda: setattr(a, "w", None))
tr(lambda: setattr(a, "l", 3))
tr(lambda: setattr(a, "b", 3))
tr(lambda: a.register_buffer("w", torch.ones(1)))
tr(lambda: a.register_buffer("x.y", None))
tr(lambda: a.register_buffer("", None))
tr(lambda: a.register_buffer("q", 3))
tr(lambda: a.register_parameter("q", torch.ones(1)))
tr(lambda: a.register_parameter("q", nn.Parameter(torch.ones(1)) * 2))
tr(lambda: a.add_module("w", nn.ReLU()))
tr(lambda: a.add_module("q", 3))
tr(lambda: a.add_module(3, nn.ReLU()))
tr(lambda: a.get_submodule("l.5"))
tr(lambda: a.get_submodule("w"))
tr(lambda: a.get_parameter("l.0.weight").shape)
tr(lambda: a.get_buffer("w"))
tr(lambda: a.get_parameter("b"))
tr(lambda: a.nope)
tr(lambda: a(1))
tr(lambda: a.set_submodule("l.1", nn.GELU()))
tr(lambda: a.l[1])
tr(lambda: a.get_extra_state())
tr(lambda: a.l[7])
tr(lambda: a.l["x"])
tr(lambda: a.d["q"])
tr(lambda: a.l.append(3))
tr(lambda: a.l.extend(nn.ReLU()))
tr(lambda: a.d.update({"z": 3}))
tr(lambda: a.d.update(3))
tr(lambda: a.pl.append("s"))
tr(lambda: a.pl[5])
tr(lambda: delattr(a, "zzz"))
tr(lambda: nn.Sequential(nn.ReLU(), 3))
tr(lambda: nn.Sequential(OrderedDict(a=nn.ReLU()))["a"])
tr(lambda: nn.Sequential(nn.ReLU())[3])
tr(lambda: nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh()))
tr(lambda: nn.Sequential(nn.ReLU()) * 2)
tr(lambda: nn.Sequential(nn.ReLU()) * -1)
tr(lambda: a.to("cuda"))
tr(lambda: a.to(torch.int))
tr(lambda: a.to(3))
tr(lambda: a.cuda())
tr(lambda: a.type(torch.float64).w.dtype)
tr(lambda: a.half().l[0].weight.dtype)
tr(lambda: a.float().b.dtype)
tr(lambda: a.requires_grad_(False).w.requires_grad)
tr(lambda: a.train("x"))
tr(lambda: a.eval().l.training)
tr(lambda: a.zero_grad(set_to_none=False))
tr(lambda: a.share_memory() is a)
tr(lambda: nn.Module(3))
tr(lambda: nn.Module.__init__())


class NoInit(nn.Module):
    def __init__(self):
        self.l = nn.Linear(1, 1)


tr(NoInit)


class NoInit2(nn.Module):
    def __init__(self):
        self.x = 3


tr(lambda: NoInit2().x)
tr(lambda: NoInit2()(1))
tr(lambda: list(NoInit2().parameters()))


class NoInit3(nn.Module):
    def __init__(self):
        self.p = nn.Parameter(torch.ones(1))


tr(NoInit3)
b = pickle.loads(pickle.dumps(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))))
print(b, b[1].num_batches_tracked)
c = copy.deepcopy(a)
print(c.w is a.w, c.plain is a.plain, c.w is None)
r = weakref.ref(c)
del c
gc.collect()
print(r() is None)
seen = []
m = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
hs = [
    nn.modules.module.register_module_forward_pre_hook(lambda m, i: seen.append("pre " + type(m).__name__)),
    nn.modules.module.register_module_forward_hook(lambda m, i, o: seen.append("post " + type(m).__name__)),
    nn.modules.module.register_module_full_backward_hook(lambda m, gi, go: seen.append("bw " + type(m).__name__)),
    nn.modules.module.register_module_parameter_registration_hook(lambda m, n, p: seen.append("param " + n)),
    nn.modules.module.register_module_module_registration_hook(lambda m, n, s: seen.append("mod " + str(n))),
    nn.modules.module.register_module_buffer_registration_hook(lambda m, n, t: seen.append("buf " + n)),
]
m(torch.ones(1, 2)).sum().backward()
nn.Sequential(nn.BatchNorm1d(2))
[h.remove() for h in hs]
print(seen)


def kwh(m, args, kwargs):
    return args, {**kwargs, "s": 3}


class K(nn.Module):
    def forward(self, x, *, s_=1, **k):
        return x * k.get("s", 1)


k = K()
k.register_forward_pre_hook(kwh, with_kwargs=True)
h = k.register_forward_hook(lambda m, a, kw, o: o + kw["s"], with_kwargs=True, always_call=True)
print(k(torch.ones(1)))
k.register_forward_pre_hook(lambda m, a: 5 / 0, prepend=True)
tr(lambda: k(torch.ones(1)))
tr(lambda: k.register_forward_pre_hook(lambda m, a, kw: 3, with_kwargs=True) and K.__call__(k, 1))
z = nn.LazyConv2d(4, 3)
print(z, z.weight, z.has_uninitialized_params())
tr(lambda: z.weight.shape)
tr(lambda: sum(p.numel() for p in z.parameters()))
tr(lambda: copy.deepcopy(z))
tr(lambda: torch.optim.SGD(z.parameters(), 0.1).param_groups[0]["lr"])
print(z.state_dict()["weight"])
z(torch.ones(1, 2, 5, 5))
print(z, type(z))
tr(lambda: nn.LazyBatchNorm2d()(torch.ones(2, 3)))
l = nn.Linear(2, 2)
l.weight.grad = torch.ones(2, 2)
tr(lambda: setattr(l.weight, "grad", torch.ones(3)))
tr(lambda: setattr(l.weight, "data", torch.ones(3, 3)))
print(l.weight.shape, l)
tr(lambda: l(torch.ones(2)))
tr(lambda: l.weight.data_ptr() == l.weight.detach().data_ptr())
print(
    isinstance(l.weight, nn.Parameter),
    type(l.weight.data),
    type(l.weight * 1),
    nn.Parameter(torch.ones(1), False),
    repr(nn.UninitializedParameter()),
    nn.Parameter(),
    isinstance(torch.ones(1), nn.Buffer),
)
tr(lambda: nn.Parameter(torch.ones(1).long()))
tr(lambda: nn.Parameter([1.0]))
tr(lambda: nn.Parameter(torch.ones(1).long(), requires_grad=False))
for f, args in (
    (nn.Conv2d, (3, 4, 2, 1, 0, 1, 2)),
    (nn.Conv2d, (4, 4, 2, 1, "same", 1, 1, True, "circular")),
    (nn.Conv2d, (4, 4, 2, 2, "same")),
    (nn.Conv2d, (4, 4, 0)),
    (nn.Conv1d, (4, 4, 2)),
    (nn.ConvTranspose2d, (2, 2, 2, 1, 0, 0, 1, True, 1, "reflect")),
    (nn.BatchNorm2d, (3,)),
    (nn.LayerNorm, ((2, 3),)),
    (nn.GroupNorm, (2, 3)),
    (nn.Dropout, (2.0,)),
    (nn.Softmax, ()),
    (nn.PReLU, (2,)),
    (nn.Upsample, ()),
    (nn.PixelShuffle, (2,)),
    (nn.MultiheadAttention, (5, 2)),
    (nn.TransformerEncoderLayer, (4, 2, 8, 0.1, "tanh")),
    (nn.Threshold, (1, 2)),
    (nn.Hardtanh, (2, 1)),
    (nn.CELU, (0.0,)),
    (nn.RReLU, (0.5, 0.1)),
    (nn.Embedding, (2, 3, 4)),
    (nn.Flatten, (1, 2)),
    (nn.Unflatten, (1, (2, -1))),
    (nn.Unflatten, ("a", (2,))),
    (nn.Fold, ((2, 2), 2)),
    (nn.CrossEntropyLoss, (torch.ones(2), None, -1, None, "foo")),
    (nn.TripletMarginLoss, (-1.0,)),
    (nn.Identity, (1, 2)),
    (nn.ZeroPad2d, ((1, 2, 3, 4),)),
    (nn.CircularPad1d, (1,)),
    (nn.FractionalMaxPool2d, (2,)),
    (nn.MaxPool2d, (2, 1, 2)),
    (nn.LPPool1d, (2, 3)),
    (nn.AdaptiveAvgPool2d, ((None, 3),)),
    (nn.CosineSimilarity, ()),
    (nn.RMSNorm, (3, None, False)),
    (nn.Bilinear, (0, 2, 3)),
    (nn.ChannelShuffle, (3,)),
):
    try:
        o = f(*args)
        print(o, end=" ")
        print(o(torch.ones(1, 4, 4, 4)).shape)
    except Exception as e:
        print(type(e).__name__, str(e).split("\n")[0][:150])
