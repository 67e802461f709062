"""Switches and small functions of libraries: casting and anomalies without a block, sizes that are no symbols, batch norms."""

from __future__ import annotations

import warnings
from typing import Any

import torch

import autogradkit as ak
from tests.every_case import every_case

from .one_line import outcome

LINES = """
torch.is_anomaly_check_nan_enabled()
torch.set_anomaly_enabled(True, False); r = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled(); torch.set_anomaly_enabled(False); r, torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
torch.set_anomaly_enabled(1)
torch.is_autocast_cache_enabled(), torch.get_autocast_gpu_dtype(), torch.get_autocast_cpu_dtype(), torch.is_autocast_cpu_enabled()
torch.set_autocast_enabled("cpu", True); r = (torch.ones(2, 2) @ torch.ones(2, 2)).dtype; torch.set_autocast_dtype("cpu", torch.float16); s = (torch.ones(2, 2) @ torch.ones(2, 2)).dtype; torch.set_autocast_enabled("cpu", False); torch.set_autocast_dtype("cpu", torch.bfloat16); r, s, (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
torch.set_autocast_cache_enabled(False); r = torch.is_autocast_cache_enabled(); torch.set_autocast_cache_enabled(True); r, torch.is_autocast_cache_enabled()
torch.autocast_increment_nesting(), torch.autocast_decrement_nesting(), torch.clear_autocast_cache()
torch.set_autocast_cpu_enabled(True); r = torch.is_autocast_cpu_enabled(); torch.set_autocast_cpu_enabled(False); r, torch.is_autocast_enabled("cpu")
torch.set_autocast_enabled(True); r = torch.is_autocast_enabled(); torch.set_autocast_enabled(False); r
torch.set_autocast_enabled("cpu", 1)
torch.set_autocast_enabled("foo", True)
torch.set_autocast_dtype("cpu", 3)
torch.legacy_contiguous_format
torch.sym_max(1, 2), torch.sym_max(3, 2.0), torch.sym_min(1, 2.0), torch.sym_int(2.7), torch.sym_int(-2.7), torch.sym_float(2)
torch.set_grad_enabled(False); r = torch.set_grad_enabled(True); r
torch.cuda.FloatTensor, torch.cuda.LongTensor.dtype, isinstance(torch.ones(1), torch.cuda.FloatTensor)
torch.cuda.FloatTensor(2, 3)
torch.ones(1).type(torch.cuda.HalfTensor)
torch.ones(1).type("torch.cuda.LongTensor")
torch.set_default_tensor_type(torch.cuda.FloatTensor)
torch.autograd.Variable(torch.ones(2), volatile=True)
torch.autograd.Variable(torch.ones(2), requires_grad=True, volatile=True)
torch.autograd.Variable(torch.ones(2), requires_grad=True, volatile=False, name="x")
torch.sparse.FloatTensor(torch.tensor([[0, 1], [2, 0]]), torch.tensor([3.0, 4.0]), torch.Size([2, 3]))
torch.sparse.LongTensor(torch.tensor([[0, 1], [2, 0]]), torch.tensor([3, 4]))
torch.sparse.DoubleTensor(2, 3)
torch.sparse.HalfTensor()
torch.sparse.FloatTensor([2.0])
torch.sparse.FloatTensor(torch.tensor([[0.0]]), torch.tensor([3.0]))
torch.sparse.FloatTensor(torch.tensor([[0.0]]), torch.tensor([3.0]), (2,))
torch.sparse.FloatTensor, torch.sparse.FloatTensor.dtype, torch.sparse.FloatTensor.layout, torch.sparse.FloatTensor.is_sparse
x = torch.ones(2).to_sparse(); isinstance(x, torch.sparse.FloatTensor), isinstance(x, torch.sparse.DoubleTensor), isinstance(x, torch.FloatTensor), isinstance(x.to_dense(), torch.sparse.FloatTensor)
torch.ones(2).to_sparse().type(torch.sparse.DoubleTensor), torch.ones(2).type("torch.sparse.FloatTensor")
torch.set_default_tensor_type(torch.sparse.FloatTensor)
type(torch.__config__.show()), "OMP_NUM_THREADS" in torch.__config__.parallel_info()
torch.types._int, torch.types._bool, isinstance(torch.ones(2).shape, torch.types._size), isinstance([2], torch.types._size)
torch.sym_not(True), torch.sym_ite(False, 1, 2), torch.sym_sqrt(4), torch.sym_sum([1, 2])
torch.grid_sampler_2d(torch.arange(16.0).view(1, 1, 4, 4), torch.tensor([[[[0.25, -0.5]]]]), 0, 0, False)
m = torch.nn.Sequential(torch.nn.BatchNorm1d(3)); torch.func.replace_all_batch_norm_modules_(m) is m, m[0].running_mean, m[0].track_running_stats, list(m.state_dict())
torch._utils._flatten_dense_tensors([torch.arange(4.0).view(2, 2), torch.ones(3), torch.tensor(5.0)])
torch._utils._unflatten_dense_tensors(torch.arange(4), [torch.ones(1, 2), torch.ones(()), torch.ones(1)])
torch._utils._flatten_dense_tensors([])
torch._utils._unflatten_dense_tensors(torch.ones(3), [torch.ones(2), torch.ones(4)])
s = torch.ones(2).untyped_storage(); torch.serialization.default_restore_location(s, "cpu") is s, torch.serialization.location_tag(s)
torch.serialization.default_restore_location(torch.ones(2).untyped_storage(), "cuda:0")
torch.serialization.default_restore_location(torch.ones(2).untyped_storage(), "xla")
o = torch.backends.opt_einsum; r = [o.enabled, o.strategy, o.is_available(), o.get_opt_einsum()]; o.strategy = "greedy"; r.append(o.strategy); o.strategy = None; r
o = torch.backends.opt_einsum; r = [o.enabled]; o.enabled = True; r.append(o.enabled); o.enabled = False; r
torch.backends.opt_einsum.flags(strategy="optimal").__enter__()
torch.backends.opt_einsum.flags(enabled=False).__enter__()
torch.backends.opt_einsum.flags(enabled=True).__enter__()
n = torch.backends.nnpack; r = [n.set_flags(False)]; r.append(n.set_flags(True)); r
torch.backends.nnpack.set_flags(3)
b = torch.backends.cuda; c = b.sdp_kernel(enable_flash=False, enable_mem_efficient=False); r = c.__enter__(), b.flash_sdp_enabled(), b.math_sdp_enabled(), b.mem_efficient_sdp_enabled(), b.cudnn_sdp_enabled(); c.__exit__(None, None, None); r, b.flash_sdp_enabled(), b.mem_efficient_sdp_enabled()
torch.compile(torch.sin, backend="nope")
torch.compile(torch.nn.Linear(1, 1), backend="nope")
torch.compiler.list_backends(), torch._dynamo.list_backends(None), torch._dynamo.list_backends(("debug",)), torch._dynamo.list_backends(exclude_tags=("experimental",))
issubclass(torch._dynamo.exc.InvalidBackend, RuntimeError), torch.compiler.set_stance("force_eager")(torch.sin)(torch.zeros(1)), torch.compiler.set_stance("default") and None
r = torch.jit.set_fusion_strategy([("STATIC", 1)]); r, torch.jit.set_fusion_strategy(r), issubclass(torch.jit.TracerWarning, Warning)
""".strip().splitlines()  # noqa: E501 - a program a line


@every_case("line", LINES)
def test_it_says_what_pytorch_says(line: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        theirs: Any = outcome(torch, line)
    assert outcome(ak, line)[:2] == theirs[:2]
