"""`torch.distributed` in a world of one process beside PyTorch's with gloo: beginning, collectives, refusals, DDP, samplers."""

from __future__ import annotations

import importlib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

BOTH = (ak, torch)
BEFORE = """
dist.is_available(), dist.is_initialized(), dist.is_gloo_available(), dist.is_nccl_available(), dist.is_torchelastic_launched()
dist.get_rank()
dist.get_world_size()
dist.get_backend()
dist.barrier()
dist.all_reduce(torch.ones(1))
dist.new_group([0])
dist.group.WORLD
dist.destroy_process_group()
dist.init_process_group('gloo')
dist.init_process_group('gloo', rank=0)
dist.init_process_group('gloo', rank=0, world_size=1)
dist.init_process_group('gloo', init_method='tcp://127.0.0.1:29500', world_size=1)
dist.init_process_group('gloo', init_method='foo://x', rank=0, world_size=1)
dist.init_process_group('gloo', init_method='env://', store=3, rank=0, world_size=1)
dist.init_process_group('gloo', store=3, rank=0)
dist.init_process_group('gloo', store=3, world_size=1)
torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(1, 1))
torch.utils.data.DistributedSampler('abc')
"""
WITHIN = """
dist.is_initialized(), dist.get_rank(), dist.get_world_size(), dist.get_backend(), dist.get_rank(dist.group.WORLD)
dist.init_process_group('gloo')
dist.barrier(), dist.monitored_barrier(), dist.barrier(async_op=True).wait()
dist.all_reduce(x), x
dist.all_reduce(x, op=dist.ReduceOp.AVG), dist.all_reduce(x, dist.ReduceOp.MAX), x
dist.ReduceOp.SUM, list(dist.ReduceOp.SUM.__class__.__members__)
dist.all_reduce(x, async_op=True).wait(), x
dist.all_reduce(3)
dist.all_reduce([x])
dist.all_reduce(x, op=dist.ReduceOp.BAND)
dist.all_reduce(x.long(), op=dist.ReduceOp.BAND)
dist.broadcast(x, src=0), dist.broadcast(x, 0), dist.reduce(x, dst=0), x
dist.broadcast(x, src=1)
dist.broadcast(x, group_src=0)
dist.broadcast(x)
dist.broadcast(x, 0, group_src=0)
dist.reduce(x)
dist.reduce(x, group_dst=0), dist.scatter(x, [x], group_src=0), dist.gather(x, [x], group_dst=0)
dist.gather_object(1, [1], group_dst=0), dist.broadcast_object_list([1], group_src=0)
dist.scatter_object_list([None], [1], 0, group_src=0)
dist.get_node_local_rank(fallback_rank=3)
dist.get_node_local_rank()
dist.reduce(x, dst=2)
y = [torch.zeros(2)]; dist.all_gather(y, x), y
dist.all_gather([torch.zeros(2), torch.zeros(2)], x)
dist.all_gather([torch.zeros(3)], x)
y = [torch.zeros(2)]; dist.gather(x, y, dst=0), y
dist.gather(x)
y = torch.zeros(2); dist.scatter(y, [x], src=0), y
dist.scatter(torch.zeros(2))
y = torch.zeros(2); dist.reduce_scatter(y, [x]), y
y = torch.zeros(2); dist.all_gather_into_tensor(y, x), y
y = torch.zeros(2); dist.reduce_scatter_tensor(y, x), y; dist.reduce_scatter_single(y, x + 1), y
dist.reduce_scatter_single(torch.zeros(2), 3)
dist.all_gather_into_tensor(torch.zeros(1, 2), x)
dist.all_gather_into_tensor([x], x)
y = torch.zeros(2); dist.all_to_all_single(y, x, [2], [2]), y, dist.all_to_all_single(y, x * 3, async_op=True).wait(), y
dist.all_to_all_single(torch.zeros(2).long(), x)
dist.all_to_all_single(torch.zeros(2), x, [1], [2])
dist.all_to_all_single(torch.zeros(2), x, [1, 1], [1, 1])
y = [torch.zeros(2)]; dist.all_to_all(y, [x]), y
dist.all_to_all([x, x], [x])
y = [None]; dist.all_gather_object(y, {'a': [1]}), y
y = [{'b': 2}]; dist.broadcast_object_list(y, src=0), y
y = [None]; dist.gather_object('q', y, dst=0), y
y = [None]; dist.scatter_object_list(y, ['z'], src=0), y
dn.broadcast(z, 0), dn.gather(z), dn.scatter([z]), dn.reduce(z, 0), dn.reduce_scatter(torch.empty(2), [z]), dn.all_gather(z)
dn.all_to_all([torch.empty(2)], [z]), dn.all_to_all_single(torch.empty(2), z), dn.all_reduce(z, dist.ReduceOp.MAX)
dn.broadcast(z, 1)
dn.all_reduce(3)
dn.all_to_all([], [])
grad(dn.broadcast(z, 0)), grad(dn.reduce(z, 0)), grad(dn.gather(z)[0]), grad(dn.scatter([z])), grad(dn.all_reduce(z))
grad(dn.all_gather(z)[0]), grad(dn.reduce_scatter(torch.empty(2), [z])), grad(dn.all_to_all([torch.empty(2)], [z])[0])
grad(dn.all_to_all_single(torch.empty(2), z))
dist.get_rank(dist.new_group([0])), dist.get_process_group_ranks(dist.group.WORLD)
dist.new_group([0, 1])
d = torch.nn.parallel.DistributedDataParallel(m); d, list(d.state_dict()), d.module is m, d.device_ids, d.dim
torch.nn.parallel.DistributedDataParallel(torch.nn.ReLU())
torch.nn.parallel.DistributedDataParallel(m, device_ids=[0])
list(torch.utils.data.DistributedSampler([4, 5, 6], shuffle=False)), len(torch.utils.data.DistributedSampler('abc'))
list(torch.utils.data.DistributedSampler(range(9), seed=3))
dist.send(x, 0)
dist.send(x, group_dst=0)
dist.send(x)
dist.send(x, 0, group_dst=0)
dist.isend(3, 1)
dist.irecv(3)
"""
STORES = """
s.timeout, s.set_timeout(timedelta(seconds=0.01)), s.timeout
s.set('a', '1'), s.get('a'), s.set('b', b'x\\0'), s.get('b'), s.check(['a', 'b']), s.check(['a', 'z']), s.check([])
s.add('n', 3), s.add('n', -1), s.get('n'), s.add('a', 1)
s.add('b', 1)
s.compare_set('c', '', 'new'), s.compare_set('c', 'new', 'newer'), s.compare_set('c', 'no', 'x'), s.compare_set('d', 'e', 'x')
s.append('c', '!'), s.get('c'), s.append('f', 'q'), s.get('f')
s.multi_set(['x', 'y'], ['1', '2']), s.multi_get(['x', 'y'])
s.get('missing')
s.wait(['missing'])
s.wait(['x', 'missing'], timedelta(milliseconds=5))
s.wait(['x']), s.delete_key('a'), s.check(['a']), s.has_extended_api(), isinstance(s, dist.Store)
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A world of one process in both libraries."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name, value in {"RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}.items():
        monkeypatch.setenv(name, str(value))
    for library in BOTH:
        library.distributed.init_process_group("gloo")
    yield
    for library in BOTH:
        library.distributed.destroy_process_group()
        assert not library.distributed.is_initialized()


def outcome(library: Any, line: str) -> str:
    """What a line gives, or what it raises."""
    library.manual_seed(2)
    names = {"torch": library, "dist": library.distributed}
    names |= {"x": library.tensor([1.0, 2.0]), "m": library.nn.Linear(2, 1)}
    z = library.tensor([1.0, 2.0], requires_grad=True)
    names |= {"dn": importlib.import_module(f"{library.__name__}.distributed.nn"), "z": z}
    names["grad"] = lambda result: library.autograd.grad((result * names["x"]).sum(), z, create_graph=True)
    return each_outcome(line, names)


def each_outcome(line: str, names: dict[str, Any]) -> str:
    """What the last of a line's statements gives, or what one raises."""
    *before, last = line.split("; ")
    try:
        for each in before:
            exec(each, names)
        return repr(eval(last, names))
    except Exception as error:  # it is compared
        return f"{type(error).__name__}: {error}".replace("autogradkit.", "torch.")


@every_case("line", BEFORE.strip().split("\n"))
def test_before_there_is_a_world(line: str) -> None:
    assert outcome(ak, line) == outcome(torch, line)


def test_stores(tmp_path: Path) -> None:
    """Every kind, in turn: a TCP store of PyTorch's is lost by one wrong call."""
    for make in (
        "HashStore()",
        "PrefixStore('p', dist.HashStore())",
        "FileStore(path, 1)",
        "TCPStore('localhost', 0, 1, True)",
    ):
        told = []
        for library in BOTH:
            names = {"dist": library.distributed, "path": str(tmp_path / library.__name__), "timedelta": timedelta}
            names["s"] = eval(f"dist.{make}", names)
            wrong = ("s.add('b'",) if make.startswith("TCP") else ()
            told.append(
                [each_outcome(line, names) for line in STORES.strip().split("\n") if not line.startswith(wrong)]
            )
        assert told[0] == told[1], make


def test_stores_of_several(tmp_path: Path) -> None:
    for library in BOTH:
        dist = library.distributed
        inner = dist.HashStore()
        dist.PrefixStore("a", dist.PrefixStore("b", inner)).set("k", "v")
        assert inner.list_keys() == ["b/a/k"], library
        dist.FileStore(str(tmp_path / library.__name__), 2).set("k", "v")
        assert dist.FileStore(str(tmp_path / library.__name__), 2).get("k") == b"v", library
        master = dist.TCPStore("127.0.0.1", 0, 1, True)
        dist.TCPStore("127.0.0.1", master.port, 1, False).set("k", "v")
        assert master.get("k") == b"v", library
        late = threading.Timer(0.05, inner.set, ("late", "1"))
        late.start()
        assert inner.get("late") == b"1", library
        late.join()
        dist.init_process_group("gloo", store=inner, rank=0, world_size=1)
        dist.destroy_process_group()
    with pytest.raises(ak.distributed.DistNetworkError):
        ak.distributed.TCPStore("127.0.0.1", 1, 1, False)


@pytest.mark.usefixtures("world")
@every_case("line", WITHIN.strip().split("\n"))
def test_in_a_world_of_one(line: str) -> None:
    assert outcome(ak, line) == outcome(torch, line)


@pytest.mark.usefixtures("world")
def test_a_network_is_trained_as_by_pytorch() -> None:
    losses = []
    for library in BOTH:
        library.manual_seed(4)
        model = library.nn.parallel.DistributedDataParallel(library.nn.Linear(3, 2), find_unused_parameters=False)
        optimizer = library.optim.SGD(model.parameters(), lr=0.1)
        x = library.rand(5, 3)
        for step in range(4):
            optimizer.zero_grad()
            if step == 2:
                with model.no_sync():
                    model(x).sum().backward()
            loss = model(x).square().mean()
            loss.backward()
            library.distributed.all_reduce(model.module.bias.grad)
            optimizer.step()
            losses.append(loss.item())
    assert losses[:4] == pytest.approx(losses[4:], rel=1e-5)
    assert len(set(losses[:4])) == 4


@pytest.mark.parametrize("backend", ["nccl", "mpi"])
def test_other_backends_are_not_built_in(backend: str) -> None:
    with pytest.raises(RuntimeError, match=f"^Distributed package doesn't have {backend.upper()} built in"):
        ak.distributed.init_process_group(backend, "tcp://127.0.0.1:1", rank=0, world_size=1)
    assert not ak.distributed.is_initialized()


def test_a_larger_world_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(
        RuntimeError, match=r"^autogradkit trains in one process, and was asked for one of 4: run the script"
    ):
        ak.distributed.init_process_group("gloo")


PLACEMENTS = """
Shard(0), Shard(dim=1), Replicate(), Partial(), Partial("avg"), _StridedShard(0, split_factor=2)
str(Shard(0)), str(Replicate()), str(Partial()), str(Partial("avg")), str(_StridedShard(0, split_factor=2))
Shard(0) == Shard(0), Shard(0) == Shard(1), Shard(0) == Replicate(), Replicate() == Replicate(), Partial() == Partial("avg")
Shard(0).is_shard(), Shard(0).is_shard(0), Shard(0).is_shard(1), Shard(0).is_replicate(), Shard(0).is_partial(), Shard(2).dim
Replicate().is_shard(), Replicate().is_replicate(), Replicate().is_partial(), Placement().is_shard()
Partial().is_partial(), Partial().is_partial("sum"), Partial("avg").is_partial("sum"), Partial().is_shard(), Partial().reduce_op
_StridedShard(0, split_factor=2) == Shard(0), isinstance(_StridedShard(0, split_factor=2), Shard), Shard(0) in {Shard(0)}
_StridedShard(0, split_factor=2).is_shard(), isinstance(Partial(), Placement), issubclass(DTensor, torch.Tensor)
isinstance(torch.ones(1), DTensor)
"""


@every_case("line", PLACEMENTS.strip().splitlines())
def test_how_a_tensor_is_spread_is_said(line: str) -> None:
    found = []
    for m, name in zip(BOTH, ("autogradkit", "torch"), strict=True):
        space = {"torch": m}
        exec(f"from {name}.distributed.tensor import Shard, Replicate, Partial, Placement, DTensor", space)
        exec(f"from {name}.distributed.tensor.placement_types import _StridedShard", space)
        found.append(repr(eval(line, space)))
    assert found[0] == found[1]


@every_case(
    "place name",
    [
        ("tensor", "DTensor"), ("tensor", "distribute_tensor"), ("tensor", "distribute_module"),
        ("device_mesh", "DeviceMesh"), ("device_mesh", "init_device_mesh"), ("fsdp", "FullyShardedDataParallel"),
        ("fsdp", "fully_shard"), ("fsdp", "CPUOffloadPolicy"), ("fsdp", "MixedPrecisionPolicy"), ("algorithms.join", "Join"),
        ("_functional_collectives", "wait_tensor"), ("checkpoint.hf_storage", "HuggingFaceStorageReader"),
    ],
)  # fmt: skip
def test_what_needs_several_processes_stands_where_pytorch_has_it_and_refuses(place: str, name: str) -> None:
    mine, theirs = (
        getattr(importlib.import_module(f"{package}.distributed.{place}"), name) for package in ("autogradkit", "torch")
    )
    assert isinstance(mine, type) == isinstance(theirs, type)
    assert mine.__name__ == theirs.__name__
    with pytest.raises(NotImplementedError, match=f"computes in one process; {name} is for models"):
        mine(1, 2)
