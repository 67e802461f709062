"""The short-time Fourier transform and its inverse: frames of a signal, each transformed; frames laid over one another.

Rests on transforms and on the views and padding that they are composed of, as PyTorch's are; declared when somebody asks for a
name of it (`_ops.unloaded`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import function, k, op, python_function, python_method
from autogradkit._ops.making.filled import new_ones, ones
from autogradkit._ops.making.restriding import as_strided
from autogradkit._ops.network.padding import constant_pad_nd, pad
from autogradkit._ops.spectral.transforms import BY_COUNT, BY_ROOT, UNSCALED, fft_c2c, fft_c2r, fft_r2c
from autogradkit._ops.views.complex_parts import view_as_complex, view_as_real
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once
from autogradkit.engine.naming import tensor_type


def _named(x: Tensor | None) -> str:
    return "None" if x is None else f"{tensor_type(x._array)}{{{list(x._array.shape)}}}"


def _option(value: Any) -> str:
    return "None" if value is None else str(int(value))


def _in_window(window: Tensor, n_fft: int, win_length: int) -> Tensor:
    """The window in the middle of `n_fft` places, zeros around it."""
    before = (n_fft - win_length) // 2
    return constant_pad_nd(window, (before, n_fft - win_length - before)) if win_length != n_fft else window


@python_function()
@python_method("stft")
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The transforms of frames of `n_fft` samples, `hop_length` apart, of a signal (samples,) or (signals, samples).

    Gives (signals,) frequencies × frames. Raises RuntimeError where sizes do not fit, and for a real signal without
    `return_complex`.

    >>> import autogradkit as torch
    >>> torch.stft(torch.ones(8), 4, window=torch.ones(4), return_complex=True).shape
    torch.Size([3, 9])
    """
    if center:
        if align_to_window is not None:
            raise RuntimeError("stft align_to_window should only be set when center = false")
        input = _centred(input, n_fft, pad_mode)
    options = normalized, onesided, return_complex, align_to_window
    return _stft(input, n_fft, hop_length, win_length, window, *options)


def _centred(input: Tensor, n_fft: int, pad_mode: str) -> Tensor:
    """The signal with half a frame before its first sample and behind its last, so that frames have them in their middle."""
    ndim, shape = input.dim(), tuple(input.shape)
    wide = input.view((*(1,) * (3 - ndim), *shape))
    padded = _pad(wide, [int(n_fft // 2)] * 2, pad_mode)
    return padded.view(padded._array.shape[-ndim:])


_pad = pad.owner.front("function")
_stft = function("stft", variants="")


@_stft.overload(composition=True)
def _(
    self: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Any:
    return stft(
        self,
        n_fft,
        hop_length,
        win_length,
        window,
        center,
        pad_mode,
        normalized,
        onesided,
        return_complex,
        align_to_window,
    )


@_stft.overload(composition=True)
def _(
    self: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Any:
    """The transforms of the frames that lie within the signal."""
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if window is None:
        warn_once(
            "A window was not provided. A rectangular window will be applied,which is known to cause spectral leakage. Other "
            "windows such as torch.hann_window or torch.hamming_window are recommended to reduce spectral leakage.To suppress "
            "this warning and use a rectangular window, explicitly set `window=torch.ones(n_fft, device=<device>)`."
        )
    is_complex = self.is_complex() or (window is not None and window.is_complex())
    if return_complex is None and not is_complex:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )
    if return_complex is False:
        warn_once(
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors for "
            "all inputs, and return_complex=False will raise an error.\nNote: you can still call torch.view_as_real on the "
            "complex output to recover the old return format."
        )
    shape = tuple(self._array.shape)
    call = (
        f"stft({tensor_type(self._array)}{list(shape)}, n_fft={n_fft}, hop_length={hop}, win_length={width}, "
        f"window={_named(window)}, normalized={int(normalized)}, onesided={_option(onesided)}, "
        f"return_complex={_option(return_complex)}, align_to_window={_option(align_to_window)}) "
    )
    _require_frames(call, self, n_fft, hop, width, window)
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    signal = self.unsqueeze(0) if len(shape) == 1 else self
    count, length = signal._array.shape
    if width < n_fft:
        window = _in_window(new_ones(signal, (width,)) if window is None else window, n_fft, width)
    ahead, along = signal.stride()
    frames = as_strided(signal, (count, 1 + (length - n_fft) // hop, n_fft), (ahead, hop * along, along))
    if window is not None:
        frames = frames.mul(window)
    scaled = BY_ROOT if normalized else UNSCALED
    if is_complex:
        found = fft_c2c(frames, (2,), scaled, True)
    else:
        found = fft_r2c(frames, (2,), scaled, onesided is not False)
    found.transpose_(1, 2)
    if len(shape) == 1:
        found.squeeze_(0)
    return view_as_real(found) if return_complex is False else found


def _require_frames(call: str, x: Tensor, n_fft: int, hop: int, width: int, window: Tensor | None) -> None:
    """Raise RuntimeError where a signal cannot be cut into such frames."""
    shape = x._array.shape
    if not (x.is_floating_point() or x.is_complex()):
        raise RuntimeError(call + ": expected a tensor of floating point or complex values")
    if len(shape) not in (1, 2):
        raise RuntimeError(call + ": expected a 1D or 2D tensor")
    if not 0 < n_fft <= shape[-1]:
        raise RuntimeError(call + f": expected 0 < n_fft < {shape[-1]}, but got n_fft={width}")
    if hop <= 0:
        raise RuntimeError(call + f": expected hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise RuntimeError(call + f": expected 0 < win_length <= n_fft, but got win_length={width}")
    if window is not None and tuple(window._array.shape) != (width,):
        raise RuntimeError(
            f"{call}: expected a 1D window tensor of size equal to win_length={width}, but got window with size "
            f"{list(window._array.shape)}"
        )


@op(variants="function", composition=True)
def istft(
    self: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Any:
    """The signal whose `stft` is `input`, (signals,) frequencies × frames: the frames transformed back and added up.

    Raises RuntimeError where sizes do not fit, or where the windows leave a sample out.

    >>> import autogradkit as torch
    >>> frames = torch.stft(torch.arange(8.0), 4, window=torch.ones(4), return_complex=True)
    >>> torch.istft(frames, 4, window=torch.ones(4)).shape
    torch.Size([8])
    """
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if window is None:
        warn_once(
            "A window was not provided. A rectangular window will be applied.Please provide the same window used by stft to "
            "make the inversion lossless.To suppress this warning and use a rectangular window, explicitly set "
            "`window=torch.ones(n_fft, device=<device>)`."
        )
    if not self.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    call = (
        f"istft({tensor_type(self._array)}{list(self._array.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={width}, "
        f"window={_named(window)}, center={int(center)}, normalized={int(normalized)}, onesided={_option(onesided)}, "
        f"length={_option(length)}, return_complex={int(return_complex)}) "
    )
    pairs = view_as_real(self)
    single = pairs._array.ndim == 3
    onesided = _require_overlaps(call, pairs, n_fft, hop, width, window, onesided)
    if return_complex and onesided:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    weight = ones((width,), dtype=self.dtype.to_real()) if window is None else window
    placed = _in_window(weight, n_fft, width)
    if single:
        pairs = pairs.unsqueeze(0)
    frames = view_as_complex(pairs.transpose(1, 2))
    count = frames._array.shape[1]
    scaled = BY_ROOT if normalized else BY_COUNT
    if return_complex:
        parts = fft_c2c(frames, (2,), scaled, False)
    else:
        frames = frames if onesided else frames[..., : n_fft // 2 + 1]
        parts = fft_c2r(frames, (2,), scaled, n_fft)
    reach = n_fft + hop * (count - 1)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else reach - n_fft // 2 if center else reach
    signal = _laid_over(parts * placed.view((1, 1, n_fft)), reach, n_fft, hop)[:, start:end]
    weights = _laid_over(placed.pow(2).expand((1, count, n_fft)), reach, n_fft, hop)[:, start:end]
    if weights.abs().min().lt(1e-11):
        raise RuntimeError(f"{call}window overlap add min: 1\n[ CPUBoolType{{}} ]")
    signal = signal / weights
    if single:
        signal = signal.squeeze(0)
    if end > reach:
        warn_once(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. Please "
            "check your center and hop_length settings."
        )
        signal = constant_pad_nd(signal, (0, end - reach))
    return signal


@python_method("istft")
def _(
    self: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """See `istft`."""
    return istft.owner(
        self, n_fft, hop_length, win_length, window, center, normalized, onesided, length, return_complex=return_complex
    )


def _laid_over(frames: Tensor, reach: int, n_fft: int, hop: int) -> Tensor:
    """Frames (signals, count, samples), `hop` apart, added up where they overlap."""
    return k.unfold_backward(frames, (frames._array.shape[0], reach), 1, n_fft, hop)


def _require_overlaps(
    call: str, pairs: Tensor, n_fft: int, hop: int, width: int, window: Tensor | None, onesided: bool | None
) -> bool:
    """Whether one half of the frequencies is there. Raises RuntimeError where the sizes are not those of an `stft`."""
    shape: Sequence[int] = pairs._array.shape
    if not pairs._array.size:
        raise RuntimeError(call + ": input tensor cannot be empty.")
    if len(shape) == 2:
        raise IndexError("Dimension out of range (expected to be in range of [-2, 1], but got -3)")
    if len(shape) not in (3, 4):
        raise RuntimeError(f"{call}: expected a tensor with 3 or 4 dimensions, but got {len(shape)}")
    found = shape[-3]
    onesided = found != n_fft if onesided is None else onesided
    expected = n_fft // 2 + 1 if onesided else n_fft
    if found != expected:
        required = "n_fft / 2 + 1 when onesided=True" if onesided else "n_fft when onesided=False"
        raise RuntimeError(
            f"{call}: expected the frequency dimension (3rd to the last) of the input tensor to match {required}, but got {found}"
        )
    if not 0 < hop <= width:
        raise RuntimeError(call + ": expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise RuntimeError(call + ": expected 0 < win_length <= n_fft")
    if window is not None and tuple(window._array.shape) != (width,):
        raise RuntimeError(call + ": Invalid window shape. window has to be 1D and length of `win_length`")
    return onesided
