"""Random wrong calls: as many as are committed say what PyTorch says, and no more are accepted.

wrong_calls.py makes them, a few for each function and method that both libraries have.
"""

from __future__ import annotations

import random

import torch

from tests.every_case import every_case

from .committed import UPDATE, committed, fallen
from .valid_calls import TARGETS, Target, described, valid_calls
from .wrong_calls import KINDS, counted, damaged, verdicts

# Of these no call by chance is one that PyTorch takes, which could be made wrong.
NO_VALID_CALL = {
    "conv_transpose2d", "diagonal_scatter", "istft", "view_as_complex", "view_as_complex_copy", "view_as_real",
    "view_as_real_copy", "nn.functional.adaptive_max_pool3d", "nn.functional.batch_norm", "nn.functional.conv3d",
    "nn.functional.conv_transpose1d", "nn.functional.conv_transpose3d", "nn.functional.cosine_embedding_loss",
    "nn.functional.ctc_loss", "nn.functional.embedding_bag", "nn.functional.instance_norm",
    "nn.functional.max_pool1d", "nn.functional.max_pool3d", "nn.functional.max_pool3d_with_indices",
    "nn.functional.max_unpool3d", "Tensor.diagonal_scatter",
    "Tensor.float_power_", "Tensor.istft", "addmv_", "embedding_bag", "empty_permuted", "native_batch_norm",
    "native_group_norm",
    # What PyTorch refuses of every plain tensor, and sizes that would have to go up.
    *(name + each for name in ("", "Tensor.") for each in ("int_repr", "q_scale", "q_zero_point", "q_per_channel_axis")),
    *(name + each for name in ("", "Tensor.") for each in ("q_per_channel_scales", "q_per_channel_zero_points")),
    "quantize_per_tensor", "quantize_per_channel", "quantize_per_tensor_dynamic",  # whose dtypes are none of a plain tensor
    "get_autocast_dtype", "nn.functional.fractional_max_pool3d", "nn.functional.conv_tbc", "segment_reduce",
    "grid_sampler_2d", "grid_sampler_3d", "conv_tbc",
    "Tensor.qscheme", "Tensor.pin_memory", "Tensor.record_stream", "Tensor.resize",
    # these take sparse tensors only
    "Tensor.ccol_indices", "Tensor.col_indices", "Tensor.crow_indices", "Tensor.row_indices", "sparse_compressed_tensor",
    "hspmm", "smm", "sspaddmm", "Tensor.coalesce", "Tensor.indices", "Tensor.is_coalesced", "Tensor.smm",
    "Tensor.sparse_mask", "Tensor.sspaddmm", "Tensor.values",
    "gru", "gru_cell", "lstm", "lstm_cell",
    "rnn_relu", "rnn_tanh",
}  # fmt: skip


def test_of_few_names_no_valid_call_is_found() -> None:
    assert {name for name in TARGETS if not counted(name, each=1)[0]} == NO_VALID_CALL


@every_case("name", [name for name in TARGETS if name not in NO_VALID_CALL])
def test_as_many_say_what_pytorch_says_as_are_committed(name: str) -> None:
    now, found = counted(name)
    before = committed(name, KINDS)
    assert before is not None, f"{name} has no line in ratchet.json yet: {UPDATE} {name}"
    assert now, "no call that PyTorch refuses"
    differing = [f"{v.call}\n    PyTorch {v.theirs}\n    here    {v.mine or 'accepted'}" for v in found if not v.same]
    assert not fallen(name, before, now), "\n".join([*fallen(name, before, now), *differing])


def test_a_valid_call_is_damaged_in_a_copy() -> None:
    target = TARGETS["clamp"]
    rng = random.Random(0)
    for valid in valid_calls(target):
        target.ask_theirs(valid)  # does not raise
        before = described(target, valid)
        wrong = [described(target, damaged(target, valid, rng)) for _ in range(50)]
        assert described(target, valid) == before
        assert sum(each != before for each in wrong) > 40


def test_the_same_seed_gives_the_same_calls_and_another_seed_others() -> None:
    def first(seed: int) -> list[str]:
        return [verdict.call for verdict, _ in zip(verdicts(TARGETS["sum"], seed), range(20), strict=False)]

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_a_call_that_is_accepted_here_and_another_text_are_told_apart() -> None:
    def accepts(*args: object, **kwargs: object) -> None:
        return None

    def refuses(*args: object, **kwargs: object) -> None:
        raise TypeError("no")

    counts = []
    for mine in (accepts, refuses):
        target = Target("abs", "abs", torch.abs, mine, False)
        found = [verdict for verdict, _ in zip(verdicts(target, 1), range(30), strict=False)]
        counts.append((sum(v.mine is None for v in found), sum(v.mine == ("TypeError", "no") for v in found)))
    assert counts == [(30, 0), (0, 30)]
