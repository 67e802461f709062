"""What a module is made of, its hooks of every kind in their order, and how layers, optimizers and schedulers print."""

import warnings

import torch
import torch.nn as nn
from torch.optim import lr_scheduler


def attempt(name, call):
    try:
        print(name, call())
    except Exception as error:
        print(name, type(error).__name__, str(error)[:300])


def parts():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    print([name for name, _ in net.named_modules(prefix="net")], list(net._modules), list(net[0]._parameters))
    print(net[:2], net[-1], len(net), net.training)
    net.append(nn.Tanh())
    net.insert(1, nn.Dropout(0.5))
    net.extend([nn.Identity()])
    print(net)
    del net[1]
    net.pop(-1)
    print(net + nn.Sequential(nn.ReLU()), nn.Sequential(nn.Linear(1, 1)) * 2)
    print(net.get_parameter("0.weight").shape, net.get_submodule("2"), net.state_dict()._metadata)
    attempt("no such layer", lambda: net.get_submodule("9"))
    attempt("no such parameter", lambda: net.get_parameter("0.foo"))
    attempt("no buffer", lambda: net.get_buffer("0.weight"))
    attempt("a dot", lambda: net.register_parameter("a.b", None))
    attempt("a tensor", lambda: net.register_parameter("x", torch.ones(1)))
    attempt("a result", lambda: net.register_parameter("z", nn.Parameter(torch.ones(1)) * 2))
    attempt("taken", lambda: net.register_buffer("training", torch.ones(1)))
    attempt("no module", lambda: net.add_module("q", 3))
    attempt("for a weight", lambda: setattr(net[0], "weight", torch.ones(1)))
    attempt("for a layer", lambda: setattr(net, "0", 3))
    attempt("not there", lambda: delattr(net, "nope"))
    attempt("empty", lambda: nn.Module()(1))
    attempt("whole numbers", lambda: net.to(torch.int32))
    attempt("half", lambda: net.half()(torch.ones(1, 2).half()).dtype)


def hooks():
    heard = []
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    handles = [
        net.register_forward_pre_hook(
            lambda m, args, options: heard.append(("before", len(args), options)), with_kwargs=True
        ),
        net.register_forward_hook(lambda m, args, result: heard.append(("after", result.shape)), always_call=True),
        net.register_full_backward_pre_hook(lambda m, g: heard.append(("backward begins", g[0].shape))),
        net.register_full_backward_hook(lambda m, gi, go: heard.append(("backward ends", gi[0] is None, go[0].shape))),
        net.register_state_dict_post_hook(lambda *args: heard.append(("told",))),
        net.register_load_state_dict_pre_hook(lambda *args: heard.append(("to be loaded", len(args)))),
        net.register_load_state_dict_post_hook(lambda m, keys: heard.append(("loaded", keys.missing_keys))),
    ]
    net(torch.ones(1, 2)).sum().backward()
    net.load_state_dict(net.state_dict())
    attempt("a wrong call", lambda: net(torch.ones(1, 3)))
    for each in heard:
        print(each)
    for handle in handles:
        handle.remove()
    print(len(net._forward_hooks), len(net._backward_hooks))


def printed():
    layers = [
        nn.Conv2d(3, 8, 3, padding="same", padding_mode="reflect", bias=False),
        nn.LSTM(3, 4, 2, batch_first=True, dropout=0.1, bidirectional=True, proj_size=2),
        nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu"),
        nn.MultiheadAttention(8, 2, kdim=4, vdim=6, add_bias_kv=True),
        nn.EmbeddingBag(10, 3, mode="max", padding_idx=1),
        nn.Embedding(5, 3, padding_idx=0, max_norm=2.0, scale_grad_by_freq=True, sparse=True),
        nn.ModuleDict({"a": nn.Linear(1, 2), "b": nn.ModuleList([nn.Tanh(), nn.Softmax(dim=-1)])}),
        nn.ParameterList([nn.Parameter(torch.ones(2, 3)), torch.ones(1)]),
        nn.ParameterDict({"x": nn.Parameter(torch.ones(1))}),
        nn.ConvTranspose3d(4, 6, 3, stride=2, output_padding=1, groups=2, dilation=2),
        nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]),
        nn.TripletMarginLoss(margin=0.5, p=1),
        nn.LazyConv2d(4, 3),
        nn.RReLU(),
        nn.GELU("tanh"),
    ]
    for layer in layers:
        print(layer)
    net = nn.Linear(2, 2)
    groups = [{"params": [net.weight], "lr": 1e-3}, {"params": [net.bias]}]
    for optimizer in (
        torch.optim.Adam(groups, lr=1e-2, amsgrad=True),
        torch.optim.LBFGS(net.parameters()),
        torch.optim.Muon([net.weight]),
    ):
        print(optimizer, optimizer.state_dict()["param_groups"])
    for scheduler in (
        lr_scheduler.StepLR(torch.optim.SGD(net.parameters(), 0.1), 2),
        lr_scheduler.CosineAnnealingLR(torch.optim.SGD(net.parameters(), 0.1), 4),
    ):
        print(scheduler.state_dict())


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts()
        hooks()
        printed()
