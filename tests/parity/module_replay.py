"""PyTorch's database of layers and losses run here and there: what a user sees of each, by the inputs that it knows.

A layer is made of the same arguments after the same seed in both libraries. The kinds of checks, each for float32 and float64:

    made           printed form, names of the state, its values to the last bit, which parameters require gradients
    train, eval    what it gives: values, dtype, shape, strides; and the state that it has afterwards
    gradient       of its inputs and parameters
    noncontiguous  what it gives, and gradients, where no input is contiguous
    copies         what it gives once its state was loaded into another one, deepcopied, pickled
    errors         the database's wrong arguments and inputs: type and text

Used by ratchet.py, test_module_db.py and test_ten_steps.py.
"""

from __future__ import annotations

import copy
import dataclasses
import gc
import itertools
import pickle
import random
import warnings
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_modules import ModuleErrorEnum, ModuleInfo, ModuleInput, module_db

import autogradkit

from .oracle import assert_same, tensors_in, to_ours
from .samples import Tally

FOUND: dict[str, ModuleInfo] = {
    info.name: info for info in module_db if hasattr(autogradkit.nn, info.module_cls.__name__)
}
# Much of them is the making of copies; the layers of which they are stacks are entries themselves.
STACKS = ("nn.Transformer", "nn.TransformerEncoder")
DTYPES = (torch.float32, torch.float64)
KINDS = ("made", "train", "eval", "gradient", "noncontiguous", "copies", "errors")
MOST = 48  # samples of one layer, spread over all that the database has
SEED = 3


def samples(info: ModuleInfo, dtype: torch.dtype, training: bool = True, most: int = MOST) -> list[ModuleInput]:
    """Some of the samples of a layer, with the same numbers each time."""
    _seed()
    found = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
    return found[:: -(-len(found) // most)]


def _seed() -> None:
    torch.default_generator.manual_seed(0)
    random.seed(0)
    np.random.seed(0)


def carried(value: Any) -> Any:
    """An argument of a layer as autogradkit's."""
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        return _encoder_layer(value)
    if isinstance(value, torch.nn.LinearCrossEntropyOptions):
        return autogradkit.nn.LinearCrossEntropyOptions(**carried(dataclasses.asdict(value)))
    if isinstance(value, list | tuple):
        return type(value)(carried(each) for each in value)
    if isinstance(value, dict):
        return {key: carried(each) for key, each in value.items()}
    return getattr(autogradkit.nn.functional, value.__name__) if callable(value) else to_ours(value)


def _leaves(value: Any) -> Any:
    """A sample's arguments, each tensor a leaf, as it is here."""
    if isinstance(value, torch.Tensor):
        return value.detach().requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {key: _leaves(each) for key, each in value.items()}
    return type(value)(_leaves(each) for each in value) if isinstance(value, list | tuple) else value


def _encoder_layer(layer: torch.nn.TransformerEncoderLayer) -> Any:
    attention = layer.self_attn
    made = autogradkit.nn.TransformerEncoderLayer(
        attention.embed_dim,
        attention.num_heads,
        layer.linear1.out_features,
        layer.dropout.p,
        carried(layer.activation),
        layer.norm1.eps,
        attention.batch_first,
        layer.norm_first,
        layer.linear1.bias is not None,
        dtype=to_ours(layer.linear1.weight.dtype),
    )
    made.load_state_dict({key: to_ours(each.detach()) for key, each in layer.state_dict().items()})
    return made


class Side:
    """One library with a sample as its arguments."""

    def __init__(self, m: Any, info: ModuleInfo, sample: ModuleInput, dtype: torch.dtype) -> None:
        carry = carried if m is autogradkit else _leaves
        self.m = m
        self.kind = getattr(m.nn, info.module_cls.__name__)
        self.dtype = getattr(m, str(dtype).removeprefix("torch."))
        self.made_of = carry(tuple(sample.constructor_input.args)), carry(dict(sample.constructor_input.kwargs))
        given = sample.forward_input
        self.args, self.kwargs = carry((tuple(given.args), dict(given.kwargs))) if given else ((), {})

    def made(self, seed: int = SEED) -> Any:
        """The layer, after a seed."""
        self.m.default_generator.manual_seed(seed)
        args, kwargs = self.made_of
        return self.kind(*args, **kwargs).to(self.dtype)

    def output(self, layer: Any) -> Any:
        """What a layer gives for the inputs."""
        self.m.default_generator.manual_seed(SEED + 1)
        return layer(*self.args, **self.kwargs)

    def backward(self, layer: Any) -> None:
        """Differentiate a weighted sum of what the layer gives."""
        results = [each for each in tensors_in(self.output(layer)) if each.requires_grad]
        if results:
            self.m.autograd.backward(results, [_weights(self.m, each) for each in results])

    def gradients(self, layer: Any) -> list[Any]:
        """Of all inputs and parameters that have some."""
        self.backward(layer)
        leaves = [*tensors_in([self.args, self.kwargs]), *layer.parameters()]
        return [each.grad for each in leaves if each.is_leaf]

    def strided(self) -> None:
        """Exchange the inputs for others with the same numbers, none of them contiguous."""
        self.args, self.kwargs = _strided(self.m, (self.args, self.kwargs))


def _weights(m: Any, result: Any) -> Any:
    count = result.numel()
    return (m.arange(1, count + 1, dtype=m.float64) / (count + 1)).to(result.dtype).reshape(tuple(result.shape))


def _strided(m: Any, value: Any) -> Any:
    if isinstance(value, m.Tensor):
        if not value.dim():
            return value
        wide = m.repeat_interleave(value.detach(), 2, dim=-1)
        return wide[..., ::2].requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {key: _strided(m, each) for key, each in value.items()}
    return type(value)(_strided(m, each) for each in value) if isinstance(value, list | tuple) else value


def _same(mine: Any, theirs: Any, dtype: torch.dtype, **options: Any) -> None:
    tolerance = 1e-9 if dtype == torch.float64 else 2e-5
    assert_same(mine, theirs, rtol=tolerance, atol=tolerance, **options)


def _state(layer: Any) -> list[Any]:
    return list(layer.state_dict().values())


def _made(mine: Side, theirs: Side, dtype: torch.dtype) -> None:
    one, other = mine.made(), theirs.made()
    assert repr(one) == repr(other)
    lazy = hasattr(other, "has_uninitialized_params")
    if lazy:  # whose parameters come with the first call
        mine.output(one)
        theirs.output(other)
        assert repr(one) == repr(other)
    assert list(one.state_dict()) == list(other.state_dict())
    assert_same(_state(one), _state(other), rtol=0, atol=0)
    wanted = ([(name, each.requires_grad) for name, each in layer.named_parameters()] for layer in (one, other))
    assert next(wanted) == next(wanted)


def _runs(mine: Side, theirs: Side, dtype: torch.dtype, training: bool = True) -> None:
    one, other = mine.made().train(training), theirs.made().train(training)
    _same(mine.output(one), theirs.output(other), dtype)
    _same(_state(one), _state(other), dtype)


def _evaluates(mine: Side, theirs: Side, dtype: torch.dtype) -> None:
    _runs(mine, theirs, dtype, training=False)


def _gradients(mine: Side, theirs: Side, dtype: torch.dtype) -> None:
    one, other = mine.gradients(mine.made()), theirs.gradients(theirs.made())
    assert [each is None for each in one] == [each is None for each in other], "which have a gradient"
    found = [pair for pair in zip(one, other, strict=True) if pair[1] is not None]
    for mine_, theirs_ in found:
        scale = max(1.0, theirs_.abs().max().item()) if theirs_.numel() else 1.0
        _same(mine_ / scale, theirs_ / scale, dtype, strides=False)


def _noncontiguous(mine: Side, theirs: Side, dtype: torch.dtype) -> None:
    mine.strided()
    theirs.strided()
    _same(mine.output(mine.made()), theirs.output(theirs.made()), dtype)
    _gradients(mine, theirs, dtype)


def _copies(mine: Side, theirs: Side, dtype: torch.dtype) -> None:
    one, other = mine.made(), theirs.made()  # which is only copied: what runs is a copy
    for copied in (_loaded, _deepcopied, _unpickled):
        (said, output), (expected, its_output) = copied(mine, one), copied(theirs, other)
        assert said == expected
        _same(output, its_output, dtype)


def _loaded(side: Side, layer: Any) -> tuple[str, Any]:
    other = side.made(seed=9)
    return str(other.load_state_dict(layer.state_dict())), _called(side, other)


def _deepcopied(side: Side, layer: Any) -> tuple[str, Any]:
    made = copy.deepcopy(layer)
    return repr(made), _called(side, made)


def _unpickled(side: Side, layer: Any) -> tuple[str, Any]:
    made = pickle.loads(pickle.dumps(layer))
    return repr(made), _called(side, made)


def _called(side: Side, layer: Any) -> Any:
    """What a copy gives; a lazy one that was pickled has lost its dtype, and refuses."""
    try:
        return side.output(layer)
    except RuntimeError as error:
        return str(error)


def _refusal(side: Side, dtype: torch.dtype, forward: bool) -> str:
    try:
        layer = side.made()
        if forward:
            side.output(layer)
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("autogradkit.", "torch.")
    return "nothing"


CHECKS = {
    "made": _made,
    "train": _runs,
    "eval": _evaluates,
    "gradient": _gradients,
    "noncontiguous": _noncontiguous,
    "copies": _copies,
}


def _errors(info: ModuleInfo, dtype: torch.dtype, tally: Tally) -> None:
    if info.module_error_inputs_func is None:
        return
    _seed()
    for wrong in info.module_error_inputs_func(info, device="cpu", dtype=dtype, requires_grad=False, training=False):
        sample = wrong.module_error_input
        forward = wrong.error_on == ModuleErrorEnum.FORWARD_ERROR

        def compare(sample: ModuleInput = sample, forward: bool = forward) -> None:
            mine, theirs = (_refusal(Side(m, info, sample, dtype), dtype, forward) for m in (autogradkit, torch))
            assert mine == theirs, f"ours {mine}\n    theirs {theirs}"

        tally.check(f"{dtype} {sample.constructor_input.args} {sample.constructor_input.kwargs}", compare)


def replay(name: str, most: int = MOST) -> dict[str, Tally]:
    """Every check of one layer, by kind, with so many samples; a kind that the layer has no check of is left out."""
    info = FOUND[name]
    tallies = {kind: Tally() for kind in KINDS}
    gc.freeze()  # a leaf that gets another dtype is looked for in all that is not frozen; PyTorch's objects are many
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype, (kind, check) in itertools.product(DTYPES, CHECKS.items()):
            for place, sample in enumerate(samples(info, dtype, kind != "eval", most)):

                def compare(sample: ModuleInput = sample, check: Any = check, dtype: torch.dtype = dtype) -> None:
                    mine, theirs = (Side(m, info, sample, dtype) for m in (autogradkit, torch))
                    check(mine, theirs, dtype)

                tallies[kind].check(f"{dtype} {place} {sample.desc}", compare)
        for dtype in DTYPES:
            _errors(info, dtype, tallies["errors"])
    gc.unfreeze()
    return {kind: tally for kind, tally in tallies.items() if tally.compared}
