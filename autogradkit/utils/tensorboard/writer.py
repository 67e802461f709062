"""`SummaryWriter`: tensorboardX's, with PyTorch's signatures and this package's tensors.

Rests on tensorboardX, which takes arrays: what is a tensor here becomes one on the way.
"""

# pyright: reportAttributeAccessIssue=false
# protobuf makes the classes of its messages at run time.

from __future__ import annotations

import functools
import io
import os
import socket
import time
import wave
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import tensorboardX
from tensorboardX.proto import event_pb2
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboardX.proto.tensor_pb2 import TensorProto
from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboardX.summary import scalar

from autogradkit.core.dtype import bfloat16, float32
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.utils.tensorboard.graph import graph_of


def _arrays(value: Any) -> Any:
    """The value with arrays for tensors, within lists, tuples and dicts."""
    if isinstance(value, Tensor):
        tensor = value.detach()
        return np.array(tensor.to(float32) if tensor.dtype is bfloat16 else tensor)
    if isinstance(value, dict):
        return {key: _arrays(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_arrays(each) for each in value])
    return value


def _of_arrays(method: Callable[..., None]) -> Callable[..., None]:
    """tensorboardX's method, which hears of arrays only."""

    @functools.wraps(method)
    def called(self: Any, *args: Any, **kwargs: Any) -> None:
        method(self, *[_arrays(each) for each in args], **{name: _arrays(each) for name, each in kwargs.items()})

    return entry(called)


class SummaryWriter(tensorboardX.SummaryWriter):
    """Writes event files for TensorBoard into `log_dir`; unless given, a new one in `runs`, named by the time and this machine.

    The methods are PyTorch's. `add_graph` draws the ops that one call of the model runs.
    """

    @entry
    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            log_dir = os.path.join("runs", f"{datetime.now():%b%d_%H-%M-%S}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        super().__init__(self.log_dir, comment, purge_step, max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The folder of the event files."""
        return self.log_dir

    @entry
    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A number. With `new_style` it is written as a tensor, with `double_precision` as one of 64 bits."""
        number = float(_arrays(scalar_value))
        if not (new_style or double_precision):
            super().add_scalar(tag, number, global_step, walltime)
            return
        content = (
            {"dtype": "DT_DOUBLE", "double_val": [number]}
            if double_precision
            else {"dtype": "DT_FLOAT", "float_val": [number]}
        )
        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
        self._add_value(Summary.Value(tag=tag, tensor=TensorProto(**content), metadata=metadata), global_step, walltime)

    @entry
    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers in one chart: each is a run of its own, in a folder beside the files of this one."""
        for tag, number in tag_scalar_dict.items():
            folder = f"{self.log_dir}/{main_tag.replace('/', '_')}_{tag}"
            self._writer_of(folder).add_summary(scalar(main_tag, float(_arrays(number))), global_step, walltime)

    def _writer_of(self, folder: str) -> Any:
        """What writes into a folder; `flush` and `close` reach it, too."""
        self._get_file_writer()  # after `close` it makes them anew
        writers: Any = self.all_writers
        if folder not in writers:
            options: Any = self._max_queue, self._flush_secs, self._filename_suffix
            writers[folder] = tensorboardX.FileWriter(folder, *options)
        return writers[folder]

    def _add_value(self, value: Any, global_step: int | None, walltime: float | None) -> None:
        self._get_file_writer().add_summary(Summary(value=[value]), global_step, walltime)

    @entry
    def add_tensor(
        self, tag: str, tensor: Tensor, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """A tensor's numbers, as they are."""
        array = _arrays(tensor)
        kinds = {"float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE", "bool": "DT_BOOL"}
        kind = kinds.get(array.dtype.name) or f"DT_{array.dtype.name.upper()}"
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in array.shape])
        content = TensorProto(dtype=kind, tensor_shape=shape, tensor_content=array.tobytes())
        self._add_value(Summary.Value(tag=tag, tensor=content), global_step, walltime)

    @entry
    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """A sound of one channel, of numbers from -1 to 1, as a WAV file: tensorboardX asks another library for it."""
        sound = np.squeeze(_arrays(snd_tensor))
        if abs(sound).max() > 1:
            print("warning: audio amplitude out of range, auto clipped.")
            sound = sound.clip(-1, 1)
        if sound.ndim != 1:
            raise AssertionError("input tensor should be 1 dimensional.")
        file = io.BytesIO()
        with wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(sample_rate)
            wav.writeframes((sound * np.iinfo(np.int16).max).astype("<i2").tobytes())
        content = Summary.Audio(
            sample_rate=sample_rate,
            num_channels=1,
            length_frames=len(sound),
            encoded_audio_string=file.getvalue(),
            content_type="audio/wav",
        )
        self._add_value(Summary.Value(tag=tag, audio=content), global_step, walltime)

    add_histogram = _of_arrays(tensorboardX.SummaryWriter.add_histogram)
    add_histogram_raw = _of_arrays(tensorboardX.SummaryWriter.add_histogram_raw)
    add_image = _of_arrays(tensorboardX.SummaryWriter.add_image)
    add_images = _of_arrays(tensorboardX.SummaryWriter.add_images)
    add_image_with_boxes = _of_arrays(tensorboardX.SummaryWriter.add_image_with_boxes)
    add_video = _of_arrays(tensorboardX.SummaryWriter.add_video)
    add_embedding = _of_arrays(tensorboardX.SummaryWriter.add_embedding)
    add_pr_curve = _of_arrays(tensorboardX.SummaryWriter.add_pr_curve)
    add_pr_curve_raw = _of_arrays(tensorboardX.SummaryWriter.add_pr_curve_raw)
    add_mesh = _of_arrays(tensorboardX.SummaryWriter.add_mesh)

    @entry
    def add_hparams(
        self,
        hparam_dict: dict[str, bool | str | float | int],
        metric_dict: dict[str, float],
        hparam_domain_discrete: dict[str, list[Any]] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """What a run was made with and what came of it, in a folder `run_name` (the time, unless given) of its own.

        Raises NotImplementedError for `hparam_domain_discrete`, which tensorboardX does not write.
        """
        if hparam_domain_discrete is not None:
            raise NotImplementedError("add_hparams() does not support hparam_domain_discrete")
        super().add_hparams(_arrays(hparam_dict), _arrays(metric_dict), run_name or str(time.time()), global_step)

    @entry
    def add_graph(
        self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True
    ) -> None:
        """The ops that `model(*input_to_model)` runs, within its modules. Raises what the model raises."""
        graph = graph_of(model, () if input_to_model is None else input_to_model)
        if verbose:
            print(graph)
        self._get_file_writer().add_event(event_pb2.Event(graph_def=graph.SerializeToString()))
