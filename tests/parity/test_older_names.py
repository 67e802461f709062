"""What scripts do here and there, beside PyTorch: older names, numbers of tensors, draws between large bounds, sparse gradients.

Each line is a program that both libraries run; `⏎` is a new line in it.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.overrides
import torch.utils.dlpack
import torch.utils.hooks

import autogradkit
import autogradkit.overrides
from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "numbers": """
x=T.tensor(2.,requires_grad=True); r=float(x)
x=T.tensor(2.,requires_grad=True) ⏎with T.no_grad(): ⏎  r=float(x),complex(x)
x=T.tensor(2.,requires_grad=True) ⏎with T.inference_mode(): ⏎  r=float(x)
r=T.ones(2).type(np.ones(2))
    """,
    "types of tensors": """
T.set_default_tensor_type(T.DoubleTensor); r=T.tensor(1.5)
T.set_default_tensor_type("torch.DoubleTensor"); r=T.tensor(1.5)
T.set_default_tensor_type(T.BFloat16Tensor); r=T.tensor(1.5)
T.set_default_tensor_type("foo")
T.set_default_tensor_type("foo.FloatTensor")
T.set_default_tensor_type("torch.Foo")
T.set_default_tensor_type("torch.cuda.FloatTensor")
T.set_default_tensor_type(T.float32)
T.set_default_tensor_type(T.IntTensor)
T.set_default_tensor_type("torch.LongTensor")
    """,
    "functions that may be overridden": """
r=o.is_tensor_like(3),o.is_tensor_like(T.ones(1)),o.is_tensor_like(D())
r=o.has_torch_function((D(),3)),o.has_torch_function((T.ones(1),)),o.has_torch_function((3,))
o.has_torch_function(3)
r=str(o.handle_torch_function(T.add,(D(),),D(),1))
r=o.handle_torch_function(T.add,(T.ones(1),),3,1)
o.handle_torch_function(T.add,(3,),3,1)
r=str(o.wrap_torch_function(lambda a,b:(a,b))(lambda a,b: 7)(D(),3))
r=o.wrap_torch_function(lambda a,b:(a,b))(lambda a,b: a+b)(2,3)
r=o.is_tensor_method_or_property(T.add),o.is_tensor_method_or_property(T.Tensor.add)
r=o.is_tensor_method_or_property(T.Tensor.shape.__get__),o.is_tensor_method_or_property(T.Tensor.__getitem__)
    """,
    "streams": """
s=T.Stream(); e=T.Event(); s.synchronize(); s.wait_event(e); e.wait(); e.synchronize(); r=s.query(),e.query(),str((s,e,s.device,e.device,s.stream_id,s.device_index,s.device_type,e.event_id))
r=T.Stream()==T.Stream("cpu"),hash(T.Stream())==hash(T.Stream(device="cpu"))
r=str(T.Event("cpu",enable_timing=True))
T.Stream().record_event()
T.Stream().wait_stream(T.Stream())
T.Event().record()
T.Event().elapsed_time(T.Event())
T.Event(3)
T.Event("cuda")
T.Stream("cuda")
    """,
    "memory, hooks, newaxis": """
x=T.ones(2,requires_grad=True); r=T.utils.dlpack.from_dlpack(T.utils.dlpack.to_dlpack(x)); r.mul_(3); s=x.detach()
r=T.utils.dlpack.from_dlpack(np.ones(2))
T.utils.dlpack.to_dlpack(3)
x=T.ones(1,requires_grad=True); x.register_hook(len); T.utils.hooks.warn_if_has_hooks(x)
x=T.ones(1,requires_grad=True); x.register_hook(T.utils.hooks.unserializable_hook(lambda g: g)); T.utils.hooks.warn_if_has_hooks(x)
r=T.ones(2)[T.newaxis]
r=T.GradScaler is T.amp.GradScaler
r=T.cpu.amp.autocast() is None
r=T.cpu.amp.GradScaler().get_scale()
    """,
    "uniform": """
r=T.empty(40,dtype=T.float64).uniform_(1e300,1e301)
r=T.empty(40,dtype=T.float64).uniform_(-1e307,1e308)
r=T.empty(40,dtype=T.float64).uniform_(1e270,1e290)
r=T.empty(3,dtype=T.float64).uniform_(-1e308,1e308)
r=T.empty(3).uniform_(-3e38,3e38)
r=T.empty(3,dtype=T.float16).uniform_(-60000,60000)
r=T.empty(3,dtype=T.bfloat16).uniform_(-3e38,3e38)
r=T.empty(3,dtype=T.complex64).uniform_(-3e38,3e38)
    """,
}  # fmt: skip
SPARSE = """
o=O.Adam([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.AdamW([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.RMSprop([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.Rprop([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.Adagrad([a,b],lr=.1,lr_decay=.5); a.grad=T.ones(3); b.grad=sp; o.step(); o.step(); r=(o.state[b]["sum"],o.state[b]["step"])
o=O.Adagrad([b],maximize=True); b.grad=sp; o.step()
o=O.Adagrad([b],weight_decay=.1); b.grad=sp; o.step()
o=O.SparseAdam([b],lr=.1); b.grad=sp; o.step(); o.step(); r=[o.state[b][n] for n in ("exp_avg","exp_avg_sq","step")]
o=O.SparseAdam([b],lr=.1,maximize=True); b.grad=sp; o.step()
o=O.SparseAdam([b]); b.grad=T.ones(3,2); o.step()
o=O.SGD([b],lr=.1,momentum=.9); b.grad=sp; o.step(); o.step()
o=O.LBFGS([a,b]); a.grad=T.ones(3); b.grad=sp; o.step(lambda: T.ones(()))
"""
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    with Pair() as pair:  # which sets the default dtype back
        for space in (pair.mine, pair.theirs):
            space.update(o=space["T"].overrides, D=_Overrides)
        found = pair.run(Line(line.replace(" ⏎", "\n").replace("⏎", "\n"), title))
    assert found is None, found.text


class _Overrides:
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func.__name__, [each.__name__ for each in types], len(args)


def _stepped(m: Any, line: str) -> list[Any]:
    """What a line leaves: the parameters, what it kept in r, the refusal."""
    names: dict[str, Any] = {"T": m, "O": m.optim, "r": ()}
    names["a"], names["b"] = m.ones(3, requires_grad=True), m.ones(3, 2, requires_grad=True)
    said = ""
    with warnings.catch_warnings(action="ignore"):  # PyTorch's, that nobody looks at the indices
        names["sp"] = m.sparse_coo_tensor([[0, 2, 0]], [[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], (3, 2))
        try:
            exec(line, names)
        except RuntimeError as error:
            said = str(error)
    numbers = [
        torch.tensor(each.tolist() if hasattr(each, "tolist") else each)
        for each in (names["a"], names["b"], *names["r"])
    ]
    return [*numbers, said]


@every_case("line", SPARSE.strip().splitlines())
def test_a_step_by_a_sparse_gradient(line: str) -> None:
    *mine, my_text = _stepped(autogradkit, line)
    *theirs, their_text = _stepped(torch, line)
    torch.testing.assert_close(mine, theirs)
    assert my_text == their_text
