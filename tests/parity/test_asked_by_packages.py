"""What published packages ask of PyTorch beyond its documentation, beside PyTorch: private names, lists, futures."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import pytest
import torch

import autogradkit as ak

BOTH = (ak, torch)


def outcome(line: str, names: dict[str, Any]) -> str:
    """What a line prints, or its error."""
    try:
        return repr(eval(line, names))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def outcomes(library: Any, lines: str, **names: Any) -> list[str]:
    """What each line comes to, one after another."""
    return [outcome(line, {"torch": library, **names}) for line in lines.strip().splitlines()]


LISTS = """
torch._foreach_add(x, y)
torch._foreach_add(x, y, alpha=3)
torch._foreach_sub(x, [0.5, 2.0])
torch._foreach_mul(x, 2)
torch._foreach_mul(x, torch.tensor(3.0))
torch._foreach_div(x, y)
torch._foreach_pow(x, 3)
torch._foreach_pow(2.0, x)
torch._foreach_lerp(x, y, weight=0.25)
torch._foreach_lerp(x, y, [0.25, 0.5])
torch._foreach_addcmul(x, y, x, value=3)
torch._foreach_addcdiv(x, x, y, [3.0, 0.5])
torch._foreach_addcdiv(x, x, y, torch.tensor([3.0, 0.5]))
torch._foreach_norm(x), torch._foreach_norm(x, ord=1)
torch._foreach_maximum(x, 2.5), torch._foreach_minimum(x, y)
torch._foreach_clamp_min(x, 3), torch._foreach_max(x)
torch._foreach_sqrt(tuple(x)), torch._foreach_neg(x)
torch._foreach_clone(x)
torch._foreach_mul(x, [y[0]])
torch._foreach_mul([], 2)
torch._foreach_mul([3], 2)
torch._foreach_mul_(x, 2), x
torch._foreach_copy_(x, y), x
torch._foreach_zero_(x)
"""


def test_an_op_on_each_tensor_of_a_list() -> None:
    said = [
        outcomes(m, LISTS, x=[m.tensor([1.0, 4.0]), m.tensor([9.0])], y=[m.tensor([3.0, 2.0]), m.tensor([0.5])])
        for m in BOTH
    ]
    assert said[0] == said[1]


def test_a_list_of_tensors_has_gradients() -> None:
    grads = []
    for m in BOTH:
        x = m.tensor([1.0, 4.0], requires_grad=True)
        (total,) = m._foreach_mul([x], [x.detach() + 1])
        total.sum().backward()
        grads.append(x.grad.tolist())
    assert grads[0] == grads[1] == [2.0, 5.0]


ASKED = """
torch._assert_async(torch.tensor(True), 'abc')
torch._assert_async(torch.tensor(0), 'abc')
torch._assert_async(torch.tensor(0))
torch._assert_async(torch.ones(2))
torch._assert_async(3)
torch._assert_async(torch.tensor(1), 3)
torch._assert(torch.tensor(1), 'abc')
torch._assert(3 < 2, 'abc')
torch._C._get_tracing_state()
torch._C._log_api_usage_once('abc')
torch._C._log_api_usage_once(3)
torch._C._are_functorch_transforms_active()
torch.vmap(lambda x: x + torch._C._are_functorch_transforms_active())(torch.zeros(2))
torch._C._nn._parse_to('cpu', torch.float64)
torch._C._nn._parse_to(torch.ones(2, dtype=torch.float64), True)
torch._C._nn._parse_to(device='cpu', non_blocking=True)
torch._C._nn._parse_to()
torch._C._LinAlgError is torch.linalg.LinAlgError
torch._C.Generator is torch.Generator
issubclass(torch._C._TensorMeta, type)
torch.nn._reduction.get_enum('none'), torch.nn._reduction.get_enum('mean'), torch.nn._reduction.get_enum('sum')
torch.nn._reduction.get_enum('abc')
torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(3, 4, 5, 6))
torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(3))
torch.hub.HASH_REGEX.search('resnet18-f37072fd.pth').group(1)
isinstance(3, torch.SymInt), isinstance(3.0, torch.SymFloat), isinstance(True, torch.SymBool)
torch.onnx.is_in_onnx_export()
torch.nn.parallel.scatter((1, {'a': [2]}), [0, 1])
torch.nn.parallel.scatter(torch.ones(2), ['cpu'])
torch.nn.parallel.scatter_gather.scatter_kwargs((1, 2), {'a': 3}, [0, 1])
torch.nn.parallel.scatter_gather.scatter_kwargs((), {'a': 3}, [0, 1])
torch.nn.parallel.gather([torch.ones(2)], 'cpu')
torch.nn.parallel.gather([None], 'cpu')
torch.nn.parallel.gather([{'a': None}, {}], 'cpu')
torch.distributed.Backend('GLOO'), torch.distributed.Backend.NCCL
torch.distributed.Backend(3)
torch.distributed.ReduceOp.SUM == torch.distributed.ReduceOp.RedOpType.SUM
[name for name, _ in torch.nn.Linear(2, 1)._named_members(lambda module: module._parameters.items())]
torch.distributions.utils._sum_rightmost(torch.ones(2, 3, 4), 2), torch.distributions.utils._sum_rightmost(torch.ones(2), 0)
"""


def test_private_questions() -> None:
    import torch.nn._reduction
    import torch.onnx

    assert outcomes(ak, ASKED) == outcomes(torch, ASKED)


FUTURES = """
a.done(), a.set_result(3), a.done()
a.wait(), a.value()
a.set_result(4)
a.then(lambda future: future.wait() + 1).wait()
b.set_exception(3)
b.set_exception(ValueError('abc'))
b.wait()
b.value()
b.then(lambda future: 5).wait()
torch.futures.wait_all([a, a.then(lambda future: 7)])
torch.futures.wait_all([a, b])
torch.futures.collect_all([]).wait()
torch.futures.collect_all([a]).wait()[0].wait()
torch.futures.Future(devices=['cpu'])
torch.futures.Future(3)
"""


def test_futures() -> None:
    said = [outcomes(m, FUTURES, a=m.futures.Future(), b=m.futures.Future()) for m in BOTH]
    assert said[0] == said[1]


@pytest.mark.parametrize("m", BOTH)
def test_what_waits_for_a_future(m: Any) -> None:
    future, told = m.futures.Future(), []
    future.add_done_callback(lambda each: told.append(each.value()))
    doubled = future.then(lambda each: 2 * each.value())
    failed = future.then(lambda each: each.value() // 0)
    both = m.futures.collect_all([doubled, future])
    assert not both.done()
    future.set_result(3)
    assert told == [3]
    assert [each.value() for each in both.wait()] == [6, 3]
    with pytest.raises(RuntimeError, match="error when running the callback: ZeroDivisionError"):
        failed.wait()


def test_what_sys_getsizeof_says_of_tensors_and_storages() -> None:
    def sizes(m: Any) -> list[int]:
        tensors = [m.zeros(count, dtype=dtype) for count in (0, 5, 1000) for dtype in (m.float32, m.int8)]
        return [
            sys.getsizeof(each)
            for x in (*tensors, m.nn.Parameter(m.zeros(3)), m.zeros(9)[3:])
            for each in (x, x.storage(), x.untyped_storage())
        ]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `storage()` is deprecated
        assert sizes(ak) == sizes(torch)


@pytest.mark.parametrize("m", BOTH)
def test_a_divergence_of_classes_that_are_no_distributions(m: Any) -> None:
    class Own:
        pass

    m.distributions.register_kl(Own, Own)(lambda p, q: 1.5)
    assert m.distributions.kl_divergence(Own(), Own()) == 1.5
    with pytest.raises(TypeError, match="issubclass"):
        m.distributions.register_kl(Own, 3)


@pytest.mark.parametrize("m", BOTH)
def test_hooks_in_a_row_see_one_tensor(m: Any) -> None:
    x = m.ones(2, requires_grad=True)
    y, z = x * 2, x * 3
    seen: list[Any] = []

    def replace(gradient: Any) -> Any:
        seen.append(gradient)
        seen.append(gradient * 5)
        return seen[-1]

    y.register_hook(seen.append)
    y.register_hook(replace)
    y.register_hook(seen.append)
    for _ in range(2):
        z.grad_fn.register_prehook(lambda received: seen.append(received[0]))
        z.grad_fn.register_hook(lambda sent, received: seen.append(sent[0]))
    y.sum().backward()
    assert seen[0] is seen[1]
    assert seen[2] is seen[3]
    seen.clear()
    z.sum().backward()
    assert seen[0] is seen[1]
    assert seen[2] is seen[3]


def test_translated_functions_are_not_made() -> None:
    class Shift(ak.jit.ScriptModule):
        @ak.jit.script_method
        def forward(self, x: Any) -> Any:
            return x + 1

    assert Shift()(ak.tensor([2.0])).tolist() == [3.0]
    with pytest.raises(NotImplementedError, match="translates no functions"):
        ak.jit.ScriptFunction("f")
    with pytest.raises(NotImplementedError, match="no symbols"):
        ak.SymInt(3)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_what_was_translated_is_known_as_such() -> None:
    for m in BOTH:
        layer, function = m.nn.Linear(2, 1), lambda x: x * 2
        assert not isinstance(layer, m.jit.ScriptModule)
        assert not isinstance(function, m.jit.ScriptFunction)
        scripted, traced = m.jit.script(layer), m.jit.trace(function, m.ones(2))
        assert isinstance(scripted, m.jit.ScriptModule)
        assert isinstance(scripted, m.nn.Module)
        assert not isinstance(scripted, m.jit.ScriptFunction)
        assert isinstance(traced, m.jit.ScriptFunction)
        assert not isinstance(m.nn.Linear(2, 1), m.jit.ScriptModule)


def test_what_is_called_when_backward_has_ended() -> None:
    told: list[list[Any]] = []
    for m in BOTH:
        seen: list[Any] = []
        engine = m.autograd.Variable._execution_engine
        x = m.ones(2, requires_grad=True)

        def again(x: Any = x, seen: Any = seen, engine: Any = engine) -> None:
            seen.append(x.grad is None or x.grad.tolist())
            if len(seen) == 1:
                engine.queue_callback(lambda: seen.append("later"))

        def hook(gradient: Any, seen: Any = seen, engine: Any = engine, again: Any = again) -> None:
            seen.append(engine.is_checkpoint_valid())
            engine.queue_callback(again)

        for run in (lambda y: y.sum().backward(), lambda y, m=m, x=x: m.autograd.grad(y.sum(), x)):
            y = x * 2
            y.register_hook(hook)
            run(y)
        with pytest.raises(RuntimeError, match="only be installed during backward") as refused:
            engine.queue_callback(again)
        y = x * 2
        y.register_hook(lambda gradient, engine=engine: engine.queue_callback(lambda: 1 // 0))
        with pytest.raises(ZeroDivisionError):
            y.sum().backward()
        told.append([*seen, str(refused.value), x.grad.tolist()])
    assert told[0] == told[1]


RUNS = """
x._backward_hooks, y._backward_hooks, y.register_hook(lambda g: g) and len(y._backward_hooks), y.detach()._backward_hooks
x.register_hook(lambda g: g) and len(x._backward_hooks), [hook(1) for hook in x._backward_hooks.values()]
run((y,), (g,), True, False, (), True, True), x.grad
run((y,), (g,), True, False, (x,), True, False), x.grad
run((y,), (g,), True, True, (x,))
run(tensors=(y,), grad_tensors=(g,), keep_graph=True, create_graph=False, inputs=(x,), accumulate_grad=True), x.grad
run((y, x), (g, g), False, False, accumulate_grad=True), x.grad
run((y,), (g,), False, False, (torch.ones(1, requires_grad=True),), True)
run((y,), (g,), False, False, (torch.ones(1, requires_grad=True),), False)
run((y.sum(),), (None,), True, False, (), True, True)
run((y,), (g, g), True, False, (), True, True)
run(y, g, True, False, (), True, True)
run([y], (g,), True, False, (), True, True)
run((x.detach(),), (g,), True, False, (), True, True)
"""


def test_the_engine_is_run_by_hand() -> None:
    said: list[Any] = []
    for m in BOTH:
        told: list[Any] = []
        for line in RUNS.strip().splitlines():
            x = m.tensor([1.0, 2.0], requires_grad=True)
            run = m.autograd.Variable._execution_engine.run_backward
            told += outcomes(m, line, x=x, y=x**2, g=m.tensor([1.0, 3.0]), run=run)
        said.append(told)
    assert said[0] == said[1]


PRINTED = """
_tensor_str(torch.linspace(0, 1, 6).reshape(2, 3), 0)
_tensor_str(torch.arange(3000.0), indent=7)
_tensor_str(torch.tensor(3.5), 0), _tensor_str(torch.empty(0), 0), _tensor_str(torch.tensor([1 + 2j, 3]), 0)
PRINT_OPTS.threshold, PRINT_OPTS.precision, PRINT_OPTS.sci_mode
"""


def test_the_text_of_the_numbers() -> None:
    from torch import _tensor_str as theirs

    from autogradkit import _tensor_str as own

    said = [
        outcomes(m, PRINTED, _tensor_str=text._tensor_str, PRINT_OPTS=text.PRINT_OPTS)
        for m, text in ((ak, own), (torch, theirs))
    ]
    assert said[0] == said[1]


SPREAD = (
    "_composable.fsdp",
    "_tensor.experimental",
    "autograd",
    "elastic.multiprocessing.errors",
    "fsdp.wrap",
    "fsdp.api",
)
PROCESSES = """
torch.distributed.distributed_c10d._get_default_group()
torch.distributed.get_global_rank(3, 0)
torch.distributed.get_group_rank(3, 0)
torch.distributed.rpc.rpc_sync('w', torch.add)
torch.distributed.rpc.get_worker_info()
torch.distributed.rpc.shutdown()
torch.cuda._lazy_call(lambda: 3)
torch.cuda._initialized, torch.utils.checkpoint.get_device_states(torch.ones(1), [3])
torch.utils.checkpoint.set_device_states([], []), torch.utils.checkpoint.set_device_states([0], [3], device_type="meta")
torch.utils.checkpoint.set_device_states([0], [torch.ones(1)])
isinstance(3, torch.distributed.fsdp.FSDPModule), replication().__enter__()
torch.utils.data.dataloader._collate_fn_t is None, torch.utils.data.dataloader._worker_init_fn_t is None
torch.utils.data._utils.worker._generate_state(2**40 + 7, 3), torch.utils.data._utils.worker.get_worker_info()
torch._C._functorch.is_batchedtensor(torch.ones(1)), torch.vmap(batched)(torch.ones(3))
torch._C._functorch.get_unwrapped(torch.ones(1))
torch.quantization.QConfig(int, float), torch.quantization.qconfig.QConfig(weight=3, activation=4).weight
torch.quantization.QConfig(torch.nn.Linear(1, 1), None)
torch.jit.isinstance([1, 2], list[int]), torch.jit.isinstance([1, 2.0], list[int])
torch.jit.isinstance((1, "a"), tuple[int, str])
torch.jit.isinstance((1, 2), tuple[int]), torch.jit.isinstance({"a": [1]}, dict[str, list[int]])
torch.jit.isinstance({1}, set[int])
torch.jit.isinstance(None, int | None), torch.jit.isinstance([1], (list[int], str)), torch.jit.isinstance(3, list[int])
torch.jit.isinstance([1], list)
torch.jit.isinstance([3], dict)
torch._has_compatible_shallow_copy_type(torch.ones(2), torch.ones(1).int())
torch._has_compatible_shallow_copy_type(torch.ones(2), torch.ones(2, device='meta'))
torch.jit.isinstance(3, "int")
torch.jit.isinstance(3, None)
torch.utils.data._utils.collate.np_str_obj_array_pattern.search("<U3").group()
torch._C._jit_set_profiling_executor(False), torch._C._jit_set_profiling_mode(False)
torch._C._jit_set_profiling_executor(True), torch._C._jit_set_profiling_mode(True)
type(torch.nn.Parameter(torch.ones(1, device="meta")))(torch.ones(2), requires_grad=False).to("cpu")
isinstance(torch.device("cpu"), torch.DeviceObjType), torch.utils.data._utils.pin_memory.pin_memory(["a", 3][0])
torch.utils.data._utils.pin_memory.pin_memory([torch.ones(2)])
torch.utils._pytree._dict_flatten({"b": 1, "a": 2}), torch.utils._pytree._dict_unflatten([1, 2], ["a", "b"])
torch.distributed.fsdp.CPUOffload(True), list(torch.distributed.fsdp.ShardingStrategy)
torch.distributed.fsdp.FullStateDictConfig()
torch.distributed.fsdp.api.StateDictSettings(1, 2, 3), list(torch.distributed.fsdp.BackwardPrefetch)
torch.distributed.fsdp.ShardedOptimStateDictConfig(), torch.distributed.fsdp.LocalOptimStateDictConfig()
[torch.distributed.fsdp.wrap.transformer_auto_wrap_policy([], each, 3, {list, set}) for each in (True, False)]
[torch.distributed.fsdp.wrap.lambda_auto_wrap_policy([], each, 3, bool) for each in (True, False)]
torch.distributed.fsdp.wrap.always_wrap_policy(), torch.distributed.fsdp.wrap.ModuleWrapPolicy({list})([], False)
torch.distributed.elastic.multiprocessing.errors.record(max)(3, 4)
torch.distributed.autograd.context().__enter__()
torch.ao.quantization.QConfig is torch.quantization.QConfig, isinstance(3, torch.ao.quantization.FakeQuantizeBase)
torch.serialization.DEFAULT_PROTOCOL, [each.name for each in torch.amp.grad_scaler.OptState]
torch.distributions.transforms._clipped_sigmoid(torch.tensor([-200.0, 0.0, 200.0]))
torch.distributions.multivariate_normal._precision_to_scale_tril(torch.tensor([[0.25, 0.0], [0.5, 4.0]]))
torch.distributions.multivariate_normal._batch_mahalanobis(torch.eye(2) * 2, torch.tensor([2.0, 4.0]))
torch.distributions.multivariate_normal._batch_mv(torch.eye(2).flip(0), torch.tensor([2.0, 4.0]))
torch.jit._overload_method.__name__, torch.utils.checkpoint.check_backward_validity([torch.ones(1, requires_grad=True)])
"""


class Passing:
    """What fastai gives to a pass in a loader's place: it goes through itself, one after the other."""

    def __init__(self, library: Any) -> None:
        self.dataset, self.dataset_kind = self, library.utils.data.dataloader._DatasetKind.Iterable
        self._dataset_kind = self.dataset_kind
        self.generator, self.collate_fn = None, lambda x: x
        self._IterableDataset_len_called, self.prefetch_factor, self.multiprocessing_context = None, 2, None
        self.num_workers, self.timeout, self.pin_memory_device = 0, 0, ""
        self._auto_collation = self.drop_last = self.pin_memory = self.persistent_workers = False
        self._index_sampler, self.in_order = range(10), True

    def __iter__(self) -> Any:
        return iter("abc")


def test_passes_of_loaders_of_ones_own() -> None:
    passes = [list(m.utils.data.dataloader._SingleProcessDataLoaderIter(Passing(m))) for m in BOTH]
    assert passes == [["a", "b", "c"]] * 2


def test_names_beside_what_packages_use() -> None:
    import torch.distributed.rpc
    import torch.quantization
    import torch.utils.checkpoint

    def said(library: Any) -> list[str]:
        part = {each: importlib.import_module(f"{library.__name__}.distributed.{each}") for each in SPREAD}
        functorch = library._C._functorch
        wide = library.arange(6.0).view(2, 3)

        def batched(x: Any) -> Any:
            sample = functorch._add_batch_dim(wide, 1, 1)
            assert (functorch.is_batchedtensor(sample), functorch.is_batchedtensor(wide)) == (True, False)
            whole = functorch._remove_batch_dim(sample * x, 1, 3, 1) * wide
            return (
                x * whole.sum() + functorch.get_unwrapped(x).sum() * functorch._remove_batch_dim(wide, 1, 3, 0)[2, 1, 1]
            )

        replication = part["_tensor.experimental"].implicit_replication
        return outcomes(library, PROCESSES, batched=batched, replication=replication)

    assert said(ak) == said(torch)
    with pytest.raises(NotImplementedError, match="one process"):
        ak.distributed.rpc.init_rpc("w")
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        importlib.import_module("autogradkit.cuda.comm").broadcast(ak.ones(1), [0])
