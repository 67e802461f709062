"""What `SummaryWriter` writes, read by TensorBoard itself, beside what PyTorch's writes."""

from __future__ import annotations

import dataclasses
import io
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import pytest
import torch
import torch.utils.tensorboard
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import autogradkit
import autogradkit.utils.tensorboard

BOTH = (autogradkit, torch)


def read(folder: Path) -> EventAccumulator:
    everything = dict.fromkeys(("scalars", "images", "histograms", "tensors", "audio", "graph"), 0)
    return EventAccumulator(str(folder), size_guidance=everything).Reload()


def written(folder: Path, write: Callable[[Any, Any], None], m: Any) -> EventAccumulator:
    with m.utils.tensorboard.SummaryWriter(folder / m.__name__) as writer:
        write(m, writer)
    return read(folder / m.__name__)


def test_scalars(tmp_path: Path) -> None:
    def write(m: Any, writer: Any) -> None:
        for step in range(3):
            writer.add_scalar("loss", m.tensor(0.5 / (step + 1), requires_grad=True), step, walltime=step + 10.0)
        writer.add_scalar("whole", 3)
        writer.add_scalar("half", m.tensor(0.1, dtype=m.bfloat16), 7)

    ours, theirs = (written(tmp_path, write, m) for m in BOTH)
    assert ours.Tags()["scalars"] == theirs.Tags()["scalars"] == ["loss", "whole", "half"]
    assert ours.Scalars("loss") == theirs.Scalars("loss")
    assert [(each.step, each.value) for each in ours.Scalars("half")] == [
        (each.step, each.value) for each in theirs.Scalars("half")
    ]


def test_hparams_beside_the_other_curves(tmp_path: Path) -> None:
    """As scripts have it that want no folder of its own for them: a writer of theirs writes the records of `summary.hparams`."""

    def write(m: Any, writer: Any) -> None:
        for record in m.utils.tensorboard.summary.hparams({"lr": 0.1, "name": "adam", "big": True}, {"accuracy": 0.75}):
            writer.file_writer.add_summary(record)
        writer.add_scalar("accuracy", 0.75)

    ours, theirs = (written(tmp_path, write, m) for m in BOTH)
    assert ours.Tags() == theirs.Tags()
    assert ours.summary_metadata.keys() == theirs.summary_metadata.keys() >= {"_hparams_/experiment"}
    assert ours.Scalars("accuracy")[0].value == 0.75


def test_scalars_as_tensors(tmp_path: Path) -> None:
    def write(m: Any, writer: Any) -> None:
        writer.add_scalar("new", 0.1, 4, new_style=True)
        writer.add_scalar("long", 0.1, 5, new_style=True, double_precision=True)
        writer.add_tensor("whole", m.tensor([[1, 2, 3]]), 6)
        writer.add_tensor("parts", m.tensor([0.5, 2.5]), 7)

    for m in BOTH:
        found = written(tmp_path, write, m)
        numbers = {tag: found.Tensors(tag)[0] for tag in found.Tags()["tensors"]}
        assert [each.step for each in numbers.values()] == [4, 5, 6, 7]
        assert numbers["new"].tensor_proto.float_val[0] == pytest.approx(0.1)
        assert numbers["long"].tensor_proto.double_val[0] == 0.1
        shape = [each.size for each in numbers["whole"].tensor_proto.tensor_shape.dim]
        assert shape == [1, 3]


def test_sounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write(m: Any, writer: Any) -> None:
        writer.add_audio("wave", m.sin(m.arange(50.0, dtype=m.float64)).view(1, 50), 3, sample_rate=8000)
        writer.add_audio("loud", m.tensor([0.5, -2.0, 3.0]), 4)
        with pytest.raises(AssertionError, match="input tensor should be 1 dimensional"):
            writer.add_audio("two channels", m.zeros(2, 5))

    found: list[Any] = []
    for m in BOTH:
        sounds = written(tmp_path, write, m)
        events = [sounds.Audio(tag)[0] for tag in ("wave", "loud")]
        said = capsys.readouterr().out
        found.append(([dataclasses.replace(each, wall_time=0.0) for each in events], said))
    assert found[0] == found[1]


def test_tensors_are_written_bit_for_bit(tmp_path: Path) -> None:
    from tensorboard.util.tensor_util import make_ndarray

    array = np.array([[1.5, -2], [3, 4]], np.float32)
    found = written(tmp_path, lambda m, writer: writer.add_tensor("x", m.tensor(array)), autogradkit)
    assert np.array_equal(make_ndarray(found.Tensors("x")[0].tensor_proto), array)


def test_several_scalars_are_runs_of_their_own(tmp_path: Path) -> None:
    def write(m: Any, writer: Any) -> None:
        writer.add_scalars("error", {"train": m.tensor(1.5), "test": 2.5}, 3)

    for m in BOTH:
        written(tmp_path, write, m)
        values = {name: read(tmp_path / m.__name__ / f"error_{name}").Scalars("error")[0] for name in ("train", "test")}
        assert [(each.step, each.value) for each in values.values()] == [(3, 1.5), (3, 2.5)]


def test_histograms(tmp_path: Path) -> None:
    def write(m: Any, writer: Any) -> None:
        writer.add_histogram("weights", m.arange(40).float() - 11, 2, walltime=1.0)
        writer.add_histogram("few", np.array([1.0, 1, 2]), 3, bins="auto", walltime=1.0)

    ours, theirs = (written(tmp_path, write, m) for m in BOTH)
    for tag in ("weights", "few"):
        assert ours.Histograms(tag) == theirs.Histograms(tag)


def test_images_and_figures(tmp_path: Path) -> None:
    colours = np.linspace(0, 1, 3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)

    def write(m: Any, writer: Any) -> None:
        writer.add_image("one", m.tensor(colours), 1)
        writer.add_image("grey", m.tensor(colours[0]), 1, dataformats="HW")
        writer.add_images("two", m.stack([m.tensor(colours)] * 2), 1)
        figure = matplotlib.figure.Figure(figsize=(1, 1), dpi=20)
        figure.add_subplot().plot([1, 2])
        writer.add_figure("plot", figure, 1)

    pictures = []
    for m in BOTH:
        found = written(tmp_path, write, m)
        tags = found.Tags()["images"]
        pictures.append({tag: found.Images(tag)[0].encoded_image_string for tag in tags})
    ours, theirs = ({tag: np.array(Image.open(io.BytesIO(data))) for tag, data in each.items()} for each in pictures)
    assert ours.keys() == theirs.keys() == {"one", "grey", "two", "plot"}
    for tag, picture in ours.items():
        assert np.array_equal(picture, theirs[tag]), tag


def test_text_and_hyperparameters(tmp_path: Path) -> None:
    def write(m: Any, writer: Any) -> None:
        writer.add_text("note", "*well*", 1)
        writer.add_hparams({"lr": 0.1, "name": "adam", "big": True}, {"accuracy": m.tensor(0.75)}, run_name="first")

    for m in BOTH:
        found = written(tmp_path, write, m)
        assert found.Tensors("note/text_summary")[0].tensor_proto.string_val == [b"*well*"]
        first = read(tmp_path / m.__name__ / "first")
        assert first.Scalars("accuracy")[0].value == 0.75
        assert first.PluginTagToContent("hparams").keys() == {
            "_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info"
        }  # fmt: skip


def test_embeddings(tmp_path: Path) -> None:
    def write(m: Any, writer: Any) -> None:
        writer.add_embedding(m.tensor([[1.0, 2], [3, 4], [5, 6], [7, 8]]), ["a", "b", "c", "d"], m.ones(4, 3, 2, 2))

    for m in BOTH:
        written(tmp_path, write, m)
    files = [tmp_path / m.__name__ / "00000" / "default" for m in BOTH]
    assert [(each / "tensors.tsv").read_text() for each in files] == ["1.0\t2.0\n3.0\t4.0\n5.0\t6.0\n7.0\t8.0\n"] * 2
    assert all((each / "sprite.png").stat().st_size for each in files)


class Net(autogradkit.nn.Module):
    """A layer in a sequence, and a sum beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = autogradkit.nn.Sequential(autogradkit.nn.Linear(3, 2), autogradkit.nn.ReLU())

    def forward(self, x: Any) -> Any:
        return self.body(x) + x.sum()


def test_a_graph_of_ops(tmp_path: Path) -> None:
    found = written(tmp_path, lambda m, writer: writer.add_graph(Net(), m.ones(4, 3)), autogradkit)
    nodes = {each.name: (each.op, list(each.input)) for each in found.Graph().node}
    layer = "Net/Sequential[body]/Linear[0]"
    assert nodes == {
        "input/input_0": ("IO Node", []),
        f"{layer}/weight": ("Parameter", []),
        f"{layer}/bias": ("Parameter", []),
        f"{layer}/t": ("t", [f"{layer}/weight"]),
        f"{layer}/addmm": ("addmm", [f"{layer}/bias", "input/input_0", f"{layer}/t"]),
        "Net/Sequential[body]/ReLU[1]/relu": ("relu", [f"{layer}/addmm"]),
        "Net/sum": ("sum", ["input/input_0"]),
        "Net/add": ("add", ["Net/Sequential[body]/ReLU[1]/relu", "Net/sum"]),
        "output/output_0": ("IO Node", ["Net/add"]),
    }
    shapes = {each.name: each.attr["_output_shapes"].list.shape[0] for each in found.Graph().node}
    assert [each.size for each in shapes["Net/add"].dim] == [4, 2]


def test_where_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with autogradkit.utils.tensorboard.SummaryWriter(comment="-mine") as writer:
        assert writer.get_logdir() == writer.log_dir
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith(f"_{socket.gethostname()}-mine")
    assert writer.log_dir == str(Path("runs") / folder.name)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith(("autogradkit.utils.tensorboard", "tensorboardX"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match=r'not installed: pip install "autogradkit\[tensorboard\]"$'):
        import autogradkit.utils.tensorboard  # noqa: F401
