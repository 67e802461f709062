"""`save` and `load`: what either library writes the other reads, bit for bit, and both refuse alike."""

from __future__ import annotations

import copy
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.oracle import error_of

BOTH = (autogradkit, torch)


def training(m: Any) -> dict[str, Any]:
    """A network, an optimizer and a schedule after a step, and the state of the random numbers."""
    m.manual_seed(3)
    net = m.nn.Sequential(m.nn.Linear(2, 3), m.nn.BatchNorm1d(3), m.nn.Dropout(0.5), m.nn.Linear(3, 1, bias=False))
    optimizer = m.optim.Adam([{"params": net[0].parameters(), "lr": 0.5}, {"params": net[3].parameters()}], lr=0.1)
    schedule = m.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    net(m.rand(4, 2)).sum().backward()
    optimizer.step()
    schedule.step()
    return {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "rng": m.get_rng_state(),
        "epoch": 3,
        "best": 0.25,
    }


def kinds(m: Any) -> dict[str, Any]:
    """Tensors of every dtype and geometry, and what else a checkpoint holds."""
    whole = m.arange(6.0).reshape(2, 3)
    marked = m.nn.Parameter(m.ones(2))
    marked.mine = "yes"
    names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128"
    return {
        **{name: m.tensor([1, 0, 3]).to(getattr(m, name)) for name in names.split()},
        "whole": whole,
        "row": whole[1:],
        "transposed": whole.t(),
        "expanded": m.tensor([2.0]).expand(3),
        "empty": m.zeros(0, 3),
        "number": m.tensor(3.5),
        "leaf": m.ones(2, requires_grad=True),
        "frozen": m.nn.Parameter(m.ones(1), requires_grad=False),
        "marked": marked,
        "dtype": m.float16,
        "size": m.Size([2, 3]),
        "device": m.device("cpu"),
        "ordered": OrderedDict(b=1, a=2),
        "plain": [1, 2.5, "text", (None, True), {3}, b"bytes\xff", bytearray(b"q"), 2**70, -1, 1j, "中"],
    }


def described(value: Any) -> Any:
    """What can be told of a value, the same for both libraries."""
    if isinstance(value, BOTH[0].Tensor | BOTH[1].Tensor):
        geometry = tuple(value.shape), value.stride(), value.storage_offset()
        flags = type(value).__name__, str(value.dtype), value.requires_grad, vars(value)
        return *geometry, *flags, value.tolist()
    if isinstance(value, dict):
        metadata = getattr(value, "_metadata", None)
        return type(value), [(key, described(each)) for key, each in value.items()], metadata and dict(metadata)
    if type(value) in (list, tuple, set):
        return type(value), [described(each) for each in value]
    return type(value).__name__, str(value)


def written(m: Any, value: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    m.save(value, file, **options)
    file.seek(0)
    return file


class Reading:
    """No more of a file than loading asks for."""

    def __init__(self, content: bytes, leaves: str = "read readline tell seek") -> None:
        file = io.BytesIO(content)
        for name in leaves.split():
            setattr(self, name, getattr(file, name))


class Streaming(io.BytesIO):
    """A file that only goes on."""

    def tell(self) -> int:
        raise io.UnsupportedOperation("tell")


@pytest.mark.parametrize("reads", BOTH)
def test_an_object_that_reads_and_seeks_will_do(reads: Any) -> None:
    content = written(torch, {"a": torch.arange(3)}).getvalue()
    assert reads.load(Reading(content))["a"].tolist() == [0, 1, 2]
    with pytest.raises(
        AttributeError, match=r"no attribute 'tell'. You can only torch.load from a file that is seekable"
    ):
        reads.load(Reading(content, "read readline seek"))
    with pytest.raises(io.UnsupportedOperation, match=r"^tell. You can only torch.load from a file that is seekable"):
        reads.load(Streaming(content))


@every_case("weights_only", [True, False])
@every_case("build", [training, kinds])
@every_case("writes reads", [(0, 0), (0, 1), (1, 0)])
def test_what_one_writes_the_other_reads(
    writes: int, reads: int, build: Callable[[Any], Any], weights_only: bool
) -> None:
    file = written(BOTH[writes], build(BOTH[writes]))
    assert described(BOTH[reads].load(file, weights_only=weights_only)) == described(build(BOTH[writes]))


@every_case("weights_only", [True, False])
@every_case("build", [training, kinds])
@every_case("writes reads", [(0, 0), (0, 1), (1, 0)])
def test_so_it_is_with_the_format_before_that(
    writes: int, reads: int, build: Callable[[Any], Any], weights_only: bool
) -> None:
    file = written(BOTH[writes], build(BOTH[writes]), _use_new_zipfile_serialization=False)
    assert described(BOTH[reads].load(file, weights_only=weights_only)) == described(build(BOTH[writes]))


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_pickles_of_later_protocols_are_read_by_who_trusts_them(protocol: int, older: bool) -> None:
    options = {"pickle_protocol": protocol, "_use_new_zipfile_serialization": not older}
    for writes, reads in ((0, 0), (0, 1), (1, 0)):
        file = written(BOTH[writes], training(BOTH[writes]), **options)
        assert described(BOTH[reads].load(file, weights_only=False)) == described(training(BOTH[writes]))


@pytest.mark.parametrize("m", BOTH)
def test_later_protocols_are_warned_of(m: Any) -> None:
    file = written(m, {"number": 2.5}, pickle_protocol=3)
    with pytest.warns(UserWarning, match=r"Detected pickle protocol 3 in the checkpoint, which was not the default"):
        assert m.load(file) == {"number": 2.5}


def test_a_module_that_the_older_format_holds_with_its_source_is_read() -> None:
    file = written(torch, torch.nn.Linear(2, 1), _use_new_zipfile_serialization=False)
    assert repr(autogradkit.load(file, weights_only=False)) == repr(torch.nn.Linear(2, 1))


@every_case("weights_only", [True, False])
@every_case("kept", [0, 4, 9, 20, 30, 200, -30, -1])
def test_what_is_said_of_a_file_that_was_cut_off(kept: int, weights_only: bool) -> None:
    content = written(torch, [torch.arange(6.0), 3]).getvalue()[:kept]
    said = {m: error_of(lambda m=m: m.load(io.BytesIO(content), weights_only=weights_only)) for m in BOTH}
    theirs, ours = said[torch], said[autogradkit]
    assert theirs is not None
    assert ours is not None
    if theirs[1]:
        assert ours == theirs
    else:  # PyTorch says EOFError and nothing
        assert ours[0] == theirs[0]
        assert "save it again" in ours[1]


@pytest.mark.parametrize("writes", [0, 1])
def test_memory_is_shared_again_and_may_be_written(writes: int) -> None:
    found = autogradkit.load(written(BOTH[writes], kinds(BOTH[writes])))
    found["whole"][1, 0] = 9
    assert found["row"].tolist() == [[9, 4, 5]]
    assert found["transposed"].tolist() == [[0, 9], [1, 4], [2, 5]]
    assert found["row"].untyped_storage().nbytes() == 24


def test_a_run_goes_on_in_the_other_library(tmp_path: Path) -> None:
    """Half of a training in PyTorch, the other half here: the losses of one that was done here."""

    def steps(m: Any, net: Any, optimizer: Any, count: int) -> list[float]:
        losses = []
        for _ in range(count):
            loss = (net(m.rand(4, 3, dtype=m.float64)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    def begin(m: Any) -> tuple[Any, Any]:
        m.manual_seed(5)
        net = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.Tanh(), m.nn.Linear(4, 1)).double()
        return net, m.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

    net, optimizer = begin(autogradkit)
    expected = steps(autogradkit, net, optimizer, 6)
    net, optimizer = begin(torch)
    first = steps(torch, net, optimizer, 3)
    torch.save([net.state_dict(), optimizer.state_dict(), torch.get_rng_state()], tmp_path / "half.pt")
    net, optimizer = begin(autogradkit)
    weights, momenta, rng = autogradkit.load(tmp_path / "half.pt")
    net.load_state_dict(weights)
    optimizer.load_state_dict(momenta)
    autogradkit.set_rng_state(rng)
    assert first + steps(autogradkit, net, optimizer, 3) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("writes", "reads"), [(0, 0), (0, 1), (1, 0)])
def test_mapped_files(writes: int, reads: int, tmp_path: Path) -> None:
    path = tmp_path / "mapped.pt"
    BOTH[writes].save(kinds(BOTH[writes]), path)
    before = path.read_bytes()
    found = BOTH[reads].load(path, mmap=True)
    assert described(found) == described(kinds(BOTH[writes]))
    found["whole"][0, 0] = 5  # in memory, not in the file
    assert found["transposed"][0, 0] == 5
    assert path.read_bytes() == before


def test_files_are_laid_out_and_as_large_as_pytorchs(tmp_path: Path) -> None:
    """Scripts print the size of a checkpoint; and what is in it must be at multiples of 64 bytes to be mapped."""
    found = []
    for library in BOTH:
        library.save(kinds(library), tmp_path / "net.pt")
        with zipfile.ZipFile(tmp_path / "net.pt") as archive:
            entries = [(each.filename, each.file_size, each.header_offset) for each in archive.infolist()]
        found.append((os.path.getsize(tmp_path / "net.pt"), entries))
    assert found[0] == found[1]


class Mine:
    """Something that no list allows."""

    def __init__(self) -> None:
        self.number = 3


def given_to_a_map(m: Any) -> list[Any]:
    """What a function as `map_location` is given for a tensor of three elements."""
    given: list[Any] = []

    def location(storage: Any, where: str) -> Any:
        given.append((where, type(storage).__name__, storage.nbytes()))
        return storage

    m.load(written(m, m.ones(3)), map_location=location)
    return given


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "no folder": lambda m, path: m.save(1, path / "none" / "x.pt"),
    "nothing to write to": lambda m, path: m.save(1, 3),
    "nothing to read from": lambda m, path: m.load(3),
    "no file": lambda m, path: m.load(path / "none.pt"),
    "a folder": lambda m, path: m.load(path),
    "what cannot be pickled": lambda m, path: m.save(lambda: 1, io.BytesIO()),
    "two dtypes of one memory": lambda m, path: m.save([x := m.ones(2), x.view(m.int32)], io.BytesIO()),
    "a class": lambda m, path: m.load(written(m, Mine())),
    "a class that is trusted": lambda m, path: m.load(written(m, Mine()), weights_only=False).number,
    "a layer": lambda m, path: m.load(written(m, m.nn.Linear(1, 1))),
    "a map to CUDA": lambda m, path: m.load(written(m, m.ones(1)), map_location="cuda"),
    "a map of one place to CUDA": lambda m, path: m.load(written(m, m.ones(1)), map_location={"cpu": "cuda:0"}),
    "a map to nowhere": lambda m, path: m.load(written(m, m.ones(1)), map_location="nowhere"),
    "a map to the CPU": lambda m, path: m.load(written(m, m.ones(1)), map_location=m.device("cpu")).tolist(),
    "a function as a map": lambda m, path: m.load(written(m, m.ones(1)), map_location=lambda s, where: s).tolist(),
    "what a map is given": lambda m, path: given_to_a_map(m),
    "weights by another pickle": lambda m, path: m.load(written(m, 1), weights_only=True, pickle_module=pickle),
    "a buffer that is mapped": lambda m, path: m.load(written(m, 1), mmap=True),
    "an archive cut off": lambda m, path: m.load(io.BytesIO(written(m, m.ones(9)).getvalue()[:300])),
    "names that are not allowed": lambda m, path: m.serialization.get_unsafe_globals_in_checkpoint(written(m, m.nn.Linear(1, 1))),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_it_answers_as_pytorch(name: str, tmp_path: Path) -> None:
    answers = []
    for m in BOTH:
        try:
            answers.append(CALLS[name](m, tmp_path))
        except Exception as error:
            answers.append((type(error), str(error)))
    assert answers[0] == answers[1]


def test_what_is_trusted_is_loaded() -> None:
    for m in BOTH:
        with m.serialization.safe_globals([Mine]):
            assert m.load(written(m, Mine())).number == 3
        with pytest.raises(
            pickle.UnpicklingError, match=r"test_checkpoints\.Mine was not an allowed global by default"
        ):
            m.load(written(m, Mine()))


def test_a_copy_of_what_was_loaded_is_as_it_was() -> None:
    found = autogradkit.load(written(torch, kinds(torch)))
    assert described(copy.deepcopy(found["row"])) == described(found["row"])


@pytest.mark.parametrize("names", [[], ["x"], ["a/data.pkl", "a/data/0"], ["a/data.pkl", "a/version"]], ids=str)
def test_an_archive_is_read_record_by_record_or_refused(names):
    found = []
    for reader in (autogradkit.PyTorchFileReader, torch._C.PyTorchFileReader):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, "3")
        file.seek(0)
        try:
            opened = reader(file)
            found.append((opened.get_all_records(), opened.get_record("data.pkl"), opened.has_record("data/1")))
        except RuntimeError as error:
            found.append(str(error).splitlines()[0])
    assert found[0] == found[1]


def test_what_is_no_file_is_refused_in_pytorchs_words() -> None:
    texts = []
    for m in (autogradkit, torch):
        with pytest.raises(pickle.UnpicklingError) as refused:
            m.load(io.BytesIO(b"garbage"))
        texts.append(str(refused.value))
    assert texts[0] == texts[1]
