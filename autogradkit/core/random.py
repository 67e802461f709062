"""The random generator: PyTorch's CPU stream of words, its seeds and its state.

A Mersenne Twister as NumPy has it, seeded PyTorch's way, and the half of a Gaussian pair that is left over. Rests on
the tensor, for its state. `core.draws` turns the words into numbers; ops, modules and data loaders take the generator as
`generator=`.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
from typing import Any

import numpy as np

from autogradkit.core.device import CPU
from autogradkit.core.device import device as Device
from autogradkit.core.dtype import uint8
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.steps import at_once
from autogradkit.core.tensor import Tensor, wrap

Array = np.ndarray[Any, Any]

DEFAULT_SEED = 67280421310721  # a new generator's, PyTorch's choice
_WORDS = 624  # of a Mersenne Twister's state
_HEAD = struct.Struct("<QiiQ")  # initial seed, words left, seeded, next word
_TAIL = struct.Struct("<dddi4xf4x")  # unused, cached normal, unused, whether there is one, unused
_TWISTER_BYTES = 4 * _WORDS + 4  # of the state in NumPy's memory: its words and the position among them
STATE_BYTES = _HEAD.size + 8 * _WORDS + _TAIL.size


class Generator:
    """A stream of random numbers, the same as PyTorch's CPU generator for the same seed.

    >>> Generator().manual_seed(0).words32(2)
    array([2357136044, 2546248239], dtype=uint64)
    """

    __slots__ = ("__weakref__", "_initial_seed", "_twister", "_untouched", "cached_normal", "foreseen")

    device = CPU
    _initial_seed: int
    _twister: Any
    _untouched: bool
    cached_normal: float | None
    foreseen: Any  # what gaussian.py computed in advance; no part of the state, as it is looked up by the words

    def __init__(self, device: Any = "cpu") -> None:
        self.foreseen = None
        if device is not None and (isinstance(device, bool) or not isinstance(device, (str, int, Device))):
            raise TypeError(
                f"Generator(): argument 'device' (position 1) must be torch.device, not {c_type_name(device)}"
            )
        if device is not None and Device(device).type != "cpu":
            raise RuntimeError(f"Generator: the only device is cpu, but got {device}")
        self.manual_seed(DEFAULT_SEED)

    # -- seeds ----------------------------------------------------------------------------------------------------

    @entry
    def manual_seed(self, seed: int) -> Generator:
        """Restart the stream at `seed`, from -2**63 to 2**64 - 1; a negative one counts down from 2**64.

        Raises RuntimeError for what is not an int and ValueError for one out of range.

        >>> Generator().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        if not isinstance(seed, int) or isinstance(seed, bool):  # pyright: ignore
            raise RuntimeError(f"manual_seed expected a long, but got {c_type_name(seed)}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._become(seed % 2**64, None, True, None)
        return self

    def _become(self, initial_seed: int, twister: Any, untouched: bool, cached_normal: float | None) -> None:
        own = {
            "_initial_seed": initial_seed,
            "_twister": twister,
            "_untouched": untouched,
            "cached_normal": cached_normal,
        }
        at_once([(setattr, self, name, value) for name, value in own.items()])

    def seed(self) -> int:
        """Restart the stream at a seed that nobody can foresee, and return it."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed at which the stream last started."""
        return self._initial_seed

    def _source(self) -> Any:
        """NumPy's twister, made when the first number is drawn: importing NumPy's random module costs 5 MB."""
        if self._twister is None:
            self._twister = np.random.RandomState(self._initial_seed & 0xFFFFFFFF)._bit_generator
        return self._twister

    # -- words ----------------------------------------------------------------------------------------------------

    def words32(self, count: int) -> Array:
        """The next `count` words of 32 bits, as uint64."""
        source = self._source()
        if not count:
            return source.random_raw(0)
        self._untouched = False; return source.random_raw(count)  # noqa: E702  # fmt: skip

    def words64(self, count: int) -> Array:
        """The next `count` words of 64 bits, as uint64: two words of 32 bits each, the upper half first."""
        words = self.words32(2 * count)
        return (words[0::2] << np.uint64(32)) | words[1::2]

    def words_ahead(self, count: int) -> Array:
        """What `words32` would give, but they stay to be drawn. Where another thread draws meanwhile they may be any."""
        spare = np.random.RandomState(0)._bit_generator
        ctypes.memmove(spare.ctypes.state_address, _address(self._source()), _TWISTER_BYTES)
        return spare.random_raw(count)

    def base_seed(self) -> int:
        """A seed drawn from the stream, from 0 to 2**63 - 1: that of a data loader's workers or sampler."""
        return int(self.words64(1)[0]) & (2**63 - 1)

    # -- state ----------------------------------------------------------------------------------------------------

    def place(self) -> tuple[bytes, bool, float | None]:
        """Where the stream is, for `back_to`: quicker to take than the state."""
        return ctypes.string_at(_address(self._source()), _TWISTER_BYTES), self._untouched, self.cached_normal

    def back_to(self, place: tuple[bytes, bool, float | None]) -> None:
        """Go back to where `place` was taken, as if nothing had been drawn since."""
        memory, untouched, cached = place
        address = _address(self._source())
        own = [(setattr, self, "_untouched", untouched), (setattr, self, "cached_normal", cached)]
        at_once([(ctypes.memmove, address, memory, _TWISTER_BYTES), *own])

    def state_bytes(self) -> Array:
        """Everything that decides the numbers to come, as uint8 in PyTorch's own layout."""
        state = self._source().state["state"]
        position: int = state["pos"]
        following = 0 if self._untouched and position == _WORDS else position
        left = 1 if position == _WORDS else _WORDS + 1 - position
        cached = self.cached_normal
        packed = (
            _HEAD.pack(self._initial_seed, left, 1, following)
            + state["key"].astype("<u8").tobytes()
            + _TAIL.pack(0.0, cached or 0.0, 0.0, cached is not None, 0.0)
        )
        return np.frombuffer(packed, np.uint8).copy()

    def restore_bytes(self, state: Array) -> None:
        """Continue where `state`, taken by `state_bytes` or by PyTorch, was. Raises RuntimeError where it is none."""
        if state.size != STATE_BYTES:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG state size to be "
                f"{state.size}"
            )
        packed = np.ascontiguousarray(state).tobytes()
        seed, left, seeded, following = _HEAD.unpack_from(packed)
        if not (seeded and 0 < left <= _WORDS and following <= _WORDS):
            raise RuntimeError("Invalid mt19937 state")
        key = np.frombuffer(packed, "<u8", _WORDS, _HEAD.size).astype(np.uint32)
        _, cached, _, is_cached, _ = _TAIL.unpack_from(packed, _HEAD.size + 8 * _WORDS)
        position = _WORDS if left == 1 else following
        twister = np.random.RandomState(0)._bit_generator
        twister.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
        self._become(seed, twister, left == 1 and following == 0, cached if is_cached else None)

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor."""
        return wrap(self.state_bytes())

    @entry
    def set_state(self, new_state: Tensor) -> Generator:
        """Continue where `new_state` was. Raises TypeError or RuntimeError where it is no state."""
        if not isinstance(new_state, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state.dtype is not uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self.restore_bytes(new_state.numpy())
        return self

    def clone_state(self) -> Generator:
        """A second generator that will draw the same numbers as this one."""
        clone = type(self)()
        clone.restore_bytes(self.state_bytes())
        return clone

    def __reduce__(self) -> Any:
        return _restored, (self.state_bytes().tobytes(),)


@functools.lru_cache(maxsize=16)
def _address(twister: Any) -> int:
    """Where NumPy keeps the state of a twister; to ask is slow."""
    return twister.ctypes.state_address


def _restored(packed: bytes) -> Generator:
    generator = Generator()
    generator.restore_bytes(np.frombuffer(packed, np.uint8))
    return generator


default_generator = Generator()
