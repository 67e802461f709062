"""Files of the safetensors format, both ways between this package and PyTorch, bit for bit; its refusals, word for word."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import safetensors
import safetensors.torch
import torch

import autogradkit
import autogradkit.safetensors
from tests.every_case import every_case

ROOT = Path(__file__).parent.parent.parent
THEIRS = SimpleNamespace(**vars(safetensors.torch))
BOTH: list[tuple[Any, Any]] = [(autogradkit, autogradkit.safetensors), (torch, THEIRS)]
DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64"]


def sample_tensors(m: Any) -> dict[str, Any]:
    made = {name: m.arange(-2, 4).reshape(2, 3).to(getattr(m, name)) for name in DTYPES}
    return {**made, "number": m.tensor(0.1), "nothing": m.empty(0, 2), "last": m.arange(9.0)[3:]}


def text_of(run: Callable[[Any, Any], Any], m: Any, room: Any) -> str:
    try:
        return repr(run(m, room))
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("autogradkit.core.tensor", "torch")


def test_the_bytes_are_the_same() -> None:
    ours, theirs = (room.save(sample_tensors(m), {"format": "pt"}) for m, room in BOTH)
    assert ours == theirs


def test_files_go_both_ways(tmp_path: Path) -> None:
    for m, room in BOTH:
        room.save_file(sample_tensors(m), tmp_path / m.__name__, metadata={"written by": m.__name__})
    for written, _ in BOTH:
        found = [room.load_file(tmp_path / written.__name__) for _, room in BOTH]
        assert list(found[0]) == list(found[1])
        assert repr(found[0]) == repr(found[1])
        data = (tmp_path / written.__name__).read_bytes()
        loaded = [sorted(room.load(data).items()) for _, room in BOTH]  # the library's order is another each time
        assert repr(loaded[0]) == repr(loaded[1])


def test_what_is_loaded_can_be_edited(tmp_path: Path) -> None:
    autogradkit.safetensors.save_file({"x": autogradkit.ones(2)}, tmp_path / "f")
    for loaded in (
        autogradkit.safetensors.load_file(tmp_path / "f"),
        autogradkit.safetensors.load((tmp_path / "f").read_bytes()),
    ):
        loaded["x"] += 1
        assert loaded["x"].tolist() == [2, 2]
    assert autogradkit.safetensors.load_file(tmp_path / "f")["x"].tolist() == [1, 1]


def test_one_tensor_of_a_file(tmp_path: Path) -> None:
    safetensors.torch.save_file(sample_tensors(torch), tmp_path / "f", {"a": "b"})
    opened = (autogradkit.safetensors.safe_open, safetensors.safe_open)
    told = []
    for each in opened:
        with each(tmp_path / "f", framework="pt", device="cpu") as file:
            part = file.get_slice("bfloat16")
            told.append(
                [
                    file.keys(), file.metadata(), file.get_tensor("int16"), part.get_shape(), part.get_dtype(), part[:, 1:],
                    part[1], sorted(file.offset_keys()),
                ]
            )  # fmt: skip
            with pytest.raises(safetensors.SafetensorError, match="nobody"):
                file.get_tensor("nobody")
    assert repr(told[0]) == repr(told[1])


class _Tied:
    """A module of both libraries, two of whose weights are one."""

    def __new__(cls, m: Any) -> Any:
        m.manual_seed(3)
        model = m.nn.Sequential(m.nn.Linear(3, 3), m.nn.ReLU(), m.nn.Linear(3, 3))
        model[2].weight = model[0].weight
        return model


def test_models_with_shared_weights(tmp_path: Path) -> None:
    for m, room in BOTH:
        room.save_model(_Tied(m), str(tmp_path / m.__name__))
    assert (tmp_path / "autogradkit").read_bytes() == (tmp_path / "torch").read_bytes()
    for m, room in BOTH:
        model = _Tied(m)
        with m.no_grad():
            model[0].weight.zero_()
        assert room.load_model(model, tmp_path / "torch") == (set(), [])
        assert model[2].weight.tolist() == _Tied(m)[0].weight.tolist()


def test_what_does_not_fit_a_model(tmp_path: Path) -> None:
    safetensors.torch.save_file({"weight": torch.ones(1, 2), "more": torch.ones(1)}, tmp_path / "f")

    def run(m: Any, room: Any, *, strict: bool) -> Any:
        return room.load_model(m.nn.Linear(2, 1), tmp_path / "f", strict=strict)

    for strict in (True, False):
        ours, theirs = (text_of(partial(run, strict=strict), m, room) for m, room in BOTH)
        assert ours == theirs
    assert "Unexpected" in text_of(partial(run, strict=True), *BOTH[0])


REFUSED: list[Callable[[Any, Any], Any]] = [
    lambda m, room: room.save(3),
    lambda m, room: room.save({"a": 3}),
    lambda m, room: room.save({"a": m.eye(2).to_sparse()}),
    lambda m, room: room.save({"a": m.ones(2, 3).t()}),
    lambda m, room: room.save({"a": (x := m.ones(4)), "a2": x[:0]}),
    lambda m, room: room.save({"a": (x := m.ones(4))[:2], "b": x[2:]}),
    lambda m, room: room.save({"a": m.ones(2, dtype=m.complex128)}),
    lambda m, room: room.save({3: m.ones(2)}),
    lambda m, room: room.save({"a": m.ones(2)}, {"a": 1}),
    lambda m, room: room.load(b"nothing of the kind"),
    lambda m, room: room.load_file("/nowhere/at/all"),
]


@every_case("index", range(len(REFUSED)))
def test_refusals(index: int) -> None:
    ours, theirs = (text_of(REFUSED[index], m, room) for m, room in BOTH)
    assert ours == theirs


def test_tensors_that_share_memory_are_refused() -> None:
    def run(m: Any, room: Any) -> Any:
        x = m.ones(4)
        return room.save({"a": x, "b": x[1:]})

    ours, theirs = (text_of(run, m, room) for m, room in BOTH)
    assert ours in (theirs, theirs.replace("{'b', 'a'}", "{'a', 'b'}"), theirs.replace("{'a', 'b'}", "{'b', 'a'}"))
    assert ours.startswith("RuntimeError: \n            Some tensors share memory")


def test_a_file_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    file = tmp_path / "f"
    autogradkit.safetensors.save_file({"x": autogradkit.ones(2)}, file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="non contiguous"):
        autogradkit.safetensors.save_file({"x": autogradkit.ones(2, 2), "y": autogradkit.ones(2, 3).t()}, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


SCRIPT = """
import torch
from safetensors import safe_open
from safetensors.torch import load_file, load_model, save_file, save_model

save_file({"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3, dtype=torch.bfloat16)}, "f", metadata={"k": "v"})
print(load_file("f"))
with safe_open("f", framework="pt") as file:
    print(file.metadata(), file.get_tensor("b"), file.get_slice("a")[:, 1:])
torch.manual_seed(0)
model = torch.nn.Linear(2, 1)
save_model(model, "m")
print(load_model(model, "m"), model.weight)
"""


@pytest.mark.long
def test_a_script_prints_what_it_prints_with_pytorch(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    commands = [[sys.executable, "script.py"], [sys.executable, "-m", "autogradkit", "run", "script.py"]]
    ran = [
        subprocess.run(each, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=True).stdout
        for each in commands
    ]
    assert ran[0] == ran[1]


def test_the_library_has_its_own_room_again() -> None:
    with autogradkit.as_torch():
        import safetensors.torch as room

        assert room is autogradkit.safetensors
    import safetensors.torch as room

    assert room.load_file is THEIRS.load_file
    assert safetensors.torch is room


def test_memory_of_bfloat16_is_borrowed_as_it_is() -> None:
    ours, theirs = (m.frombuffer(bytearray(b"\x80\x3f\x00\x40"), dtype=m.bfloat16) for m in (autogradkit, torch))
    assert repr(ours) == repr(theirs) == "tensor([1., 2.], dtype=torch.bfloat16)"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith(("autogradkit.safetensors", "safetensors"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ModuleNotFoundError, match=r'not installed: pip install "autogradkit\[safetensors\]"$'):
        import autogradkit.safetensors  # noqa: F401


def _mapped(m: Any, storage: Any, path: str, nbytes: int) -> Any:
    return storage.from_file(path, False, nbytes)


def test_storages_of_files(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(range(8)))

    def run(m: Any, storage: Any) -> Any:
        mapped = storage.from_file(str(tmp_path / "f"), False, 8)
        return m.asarray(mapped[4:8], dtype=m.uint8), m.asarray(mapped, dtype=m.int16), m.asarray(mapped)

    ours, theirs = (text_of(run, m, m.UntypedStorage) for m, _ in BOTH)
    assert ours == theirs
    for name, nbytes in (("nowhere", 4), ("f", 9)):
        wrong = partial(_mapped, path=str(tmp_path / name), nbytes=nbytes)
        ours, theirs = (text_of(wrong, m, m.UntypedStorage) for m, _ in BOTH)
        assert ours == theirs
    shared = autogradkit.UntypedStorage.from_file(str(tmp_path / "f"), True, 10)
    shared[9] = 7
    assert (tmp_path / "f").read_bytes() == bytes([*range(8), 0, 7])
