"""A module's registries, which old scripts read, clear and replace, beside PyTorch: hooks, parameters, buffers, modules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

MADE = (
    "m = torch.nn.Linear(2, 1); torch.nn.init.ones_(m.weight); torch.nn.init.zeros_(m.bias); x = torch.tensor([[1.0, 2.0]]); "
    "x.requires_grad_(); seen = []; "
)
LINES = """
len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks), len(m._backward_pre_hooks), m(x)
m._forward_hooks, m._backward_hooks
m.register_forward_hook(lambda m, a, y: y * 3); len(m._forward_hooks), m(x)
m.register_forward_hook(lambda m, a, y: y * 3); m._forward_hooks.clear(); len(m._forward_hooks), m(x)
h = m.register_forward_hook(lambda m, a, y: y * 3); list(m._forward_hooks) == [h.id], m._forward_hooks[h.id](m, x, 2)
h = m.register_forward_hook(lambda m, a, k, y: y * 3, with_kwargs=True); g = m.register_forward_hook(lambda m, a, y: y + 1, \
prepend=True); list(m._forward_hooks) == [g.id, h.id], m(x), h.remove(), len(m._forward_hooks), m(x)
h = m.register_forward_hook(lambda m, a, y: y * 3); m._forward_hooks.pop(h.id); h.remove(); m(x)
h = m.register_forward_hook(lambda m, a, y: y * 3); d = m._forward_hooks.popitem(last=False); d[0] == h.id, m(x)
m.register_forward_pre_hook(lambda m, a: (a[0] * 2,)); len(m._forward_pre_hooks), m(x), m._forward_pre_hooks.clear(), m(x)
m.register_forward_pre_hook(lambda m, a, k: ((a[0] * 5,), k), with_kwargs=True); len(m._forward_pre_hooks), m(x)
m._forward_hooks[7] = lambda m, a, y: y - 1; m(x)
m._forward_hooks = type(m._forward_hooks)(); m.register_forward_hook(lambda m, a, y: -y); len(m._forward_hooks), m(x)
m.register_forward_hook(lambda m, a, y: -y); m._forward_hooks = type(m._forward_hooks)(); len(m._forward_hooks), m(x)
m.register_full_backward_hook(lambda m, i, o: (i[0] * 2,)); m(x).sum().backward(); len(m._backward_hooks), x.grad
m.register_full_backward_hook(lambda m, i, o: (i[0] * 2,)); m._backward_hooks.clear(); m(x).sum().backward(); x.grad
m.register_full_backward_pre_hook(lambda m, o: (o[0] * 4,)); m(x).sum().backward(); len(m._backward_pre_hooks), x.grad
m.register_full_backward_pre_hook(lambda m, o: (o[0] * 4,)); m._backward_pre_hooks.clear(); m(x).sum().backward(); x.grad
n = copy.deepcopy(m); n._forward_hooks[3] = lambda m, a, y: y * 2; len(m._forward_hooks), m(x), n(x)
m.register_forward_hook(lambda m, a, k, y: y, with_kwargs=True, always_call=True); len(m._forward_hooks_with_kwargs), \
len(m._forward_hooks_always_called), len(m._forward_pre_hooks_with_kwargs), m._is_full_backward_hook
h = m.register_forward_hook(lambda m, a, k, y: y, with_kwargs=True, always_call=True); h.remove(); m._forward_hooks_with_kwargs, \
m._forward_hooks_always_called
m.register_forward_pre_hook(lambda m, a, k: ((a[0] * 5,), k), with_kwargs=True); list(m._forward_pre_hooks_with_kwargs.values())
m.register_full_backward_hook(lambda m, i, o: None); m._is_full_backward_hook
m.register_backward_hook(lambda m, i, o: None); m._is_full_backward_hook
m._state_dict_hooks, m._state_dict_pre_hooks, m._load_state_dict_pre_hooks, m._load_state_dict_post_hooks
h = m.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append(prefix)); list(m._state_dict_pre_hooks) == [h.id], \
len(m.state_dict()), seen, m._state_dict_pre_hooks.clear(), len(m.state_dict()), seen
h = m._register_state_dict_hook(lambda m, s, p, own: {'only': 1}); m._state_dict_hooks[h.id](m, {}, '', {}), m.state_dict()
m.register_state_dict_post_hook(lambda m, s, p, own: {'only': 1}); m.state_dict()
f = lambda m, s, p, own: s.update(two=2); m.register_state_dict_post_hook(f); list(m.state_dict()), m._register_state_dict_hook(f)
m.register_load_state_dict_pre_hook(lambda m, s, *rest: seen.append(len(rest))); m.load_state_dict(m.state_dict()), seen
m._register_load_state_dict_pre_hook(lambda s, p, *rest: seen.append(len(rest))); m.load_state_dict(m.state_dict()), seen
m.register_load_state_dict_pre_hook(lambda m, s, *rest: None); w = next(iter(m._load_state_dict_pre_hooks.values())); \
type(w).__name__, w.with_module, w.module() is m, w.__name__
m.register_load_state_dict_pre_hook(lambda m, s, *rest: None); w = next(iter(m._load_state_dict_pre_hooks.values())); del m; \
w({}, '', {}, True, [], [], [])
h = m.register_load_state_dict_post_hook(lambda m, k: k.missing_keys.clear()); m.load_state_dict({}), h.remove(), \
m.load_state_dict({})
list(m._parameters), m._buffers, m._modules, m._parameters.pop('bias') is not None, hasattr(m, 'bias')
m._modules['below'] = torch.nn.ReLU(); m._buffers['b'] = torch.ones(1); m, list(m.state_dict())
s = torch.nn.Sequential(m, torch.nn.ReLU()); s._modules.popitem(), s
torch.nn.Module.__new__(torch.nn.Module)._forward_hooks
m.register_state_dict_pre_hook(lambda *a: seen.append(1)); del m._state_dict_pre_hooks; p = pickle.loads(pickle.dumps(m)); \
p.register_state_dict_pre_hook(lambda *a: seen.append(2)); list(p.state_dict()), seen
P = __import__('collections').namedtuple('P', 'a b'); m.forward = lambda x: P(x, x * 2); \
m.register_full_backward_hook(lambda m, i, o: (i[0] * 3,)); y = m(x); \
y[1].sum().backward(); type(y).__name__, x.grad
m.forward = lambda x, y: (seen.append((x.requires_grad, y.requires_grad)), x + y)[1]; \
m.register_full_backward_hook(lambda m, i, o: None); m(x, x.detach()); seen
m = torch.nn.Linear(2, 1, device='meta'); m.load_state_dict({'weight': torch.ones(1, 2), 'bias': torch.ones(1)}); m.weight.is_meta
torch.nn.functional.grad is torch.nn.grad
torch.nn.functional.max_unpool3d(torch.ones(1, 3, 1, 1, 1), torch.zeros(1, 3, 1, 1, 1, dtype=int), [1, 1])
torch.nn.functional.max_unpool2d(torch.ones(1, 3, 1, 1), torch.zeros(1, 3, 1, 1, dtype=int), [1, 1], stride=[1])
"""


@every_case("line", LINES.split("\n")[1:-1])
def test_a_line_says_the_same(line: str) -> None:
    check(MADE + line)


def test_a_layer_whose_hooks_are_removed_is_as_quick_as_before() -> None:
    layer, x = autogradkit.nn.Linear(2, 2), autogradkit.ones(2)
    before = _functions_called(lambda: layer(x))
    for handle in (layer.register_forward_hook(lambda *_: None), layer.register_forward_pre_hook(lambda *_: None)):
        handle.remove()
    assert _functions_called(lambda: layer(x)) <= before + 2  # it looks whether there are some


def _functions_called(run: Callable[[], object]) -> int:
    """How many functions of Python run."""
    called = 0

    def heard(frame: FrameType, event: str, arg: object) -> None:
        nonlocal called
        called += event == "call"

    run()
    sys.setprofile(heard)
    try:
        run()
    finally:
        sys.setprofile(None)
    return called
