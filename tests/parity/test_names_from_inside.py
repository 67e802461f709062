"""Names that code takes from PyTorch's inner modules: beside PyTorch's, what they give and refuse."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit


def outcome(call: Callable[[], Any]) -> str:
    """What a call gives, or how it is refused."""
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


BOTH = (autogradkit, torch)


def test_the_options_of_a_constructor_that_make_parameters() -> None:
    def answers(m: Any) -> list[str]:
        given: list[Any] = [
            None,
            {"device": "cpu", "dtype": 3},
            {"factory_kwargs": {"dtype": 1}, "device": "cpu"},
            {"factory_kwargs": {"dtype": 1}, "dtype": 2},
            {"bias": True},
        ]
        return [outcome(lambda kwargs=kwargs: sorted(m.nn.factory_kwargs(kwargs).items())) for kwargs in given]

    assert answers(autogradkit) == answers(torch)


def test_what_benchmarks_share() -> None:
    def answers(m: Any) -> list[str]:
        b = importlib.import_module(f"{m.__name__}.utils.benchmark")
        found = [
            outcome(lambda x=x, n=n: b.trim_sigfig(x, n))
            for x, n in ((12345, 2), (0.0123456, 3), (-1.5, 1), (999.9, 1), (0, 2), (3, 2.5))
        ]
        found += [outcome(lambda unit=unit: b.unit_to_english(unit)) for unit in ("ns", "us", "ms", "s", "h")]
        found += [outcome(lambda: b.ordered_unique([3, 1, 3, "a", 1])), str(list(b.Language))]
        found += [outcome(lambda: b.Timer("1", language=b.Language.PYTHON).timeit(2).number_per_run)]
        before = m.get_num_threads()
        with b.set_torch_threads(1):
            found.append(str(m.get_num_threads()))
        return [*found, str(m.get_num_threads() == before)]

    assert answers(autogradkit) == answers(torch)


def test_dicts_whose_keys_are_tensors() -> None:
    def answers(m: Any) -> list[Any]:
        weak = importlib.import_module(f"{m.__name__}.utils.weak")
        x, y = m.ones(2), m.ones(2)
        given = weak.WeakTensorKeyDictionary({x: 1})
        given[y] = 2
        found = [
            len(given),
            given[x],
            given.get(m.ones(2)),
            m.ones(2) in given,
            3 in given,
            [key is y for key in given],
        ]
        found += [
            given.pop(y),
            given.setdefault(x, 5),
            given == given.copy(),
            given == {},
            (given | {y: 7})[y],
            len(given.keyrefs()),
        ]
        found += [outcome(lambda: given[3]), outcome(lambda: given.__setitem__(3, 4)), outcome(lambda: given[y])[:8]]
        found += [
            weak.WeakIdRef(x) == weak.WeakIdRef(x),
            weak.WeakIdRef(x) == weak.WeakIdRef(y),
            weak.TensorWeakRef(x)() is x,
        ]
        del x
        return [*found, len(given), list(given.items())]

    ours = answers(autogradkit)
    assert ours == answers(torch)
    assert ours[-2:] == [0, []]


def test_functions_of_c_plus_plus_and_the_module_of_tensors() -> None:
    for m in BOTH:
        functions = importlib.import_module(f"{m.__name__}._VF")
        assert functions.norm(m.ones(4), 2).item() == 2
        with pytest.raises(
            AttributeError, match=r"'torch\._C\._VariableFunctionsClass' object has no attribute 'no_such'"
        ):
            _ = functions.no_such
        assert importlib.import_module(f"{m.__name__}._tensor").Tensor is m.Tensor
        assert issubclass(m.jit.ScriptWarning, Warning)
        assert issubclass(m.jit.TracingCheckError, Exception)
        assert m.from_dlpack(m.to_dlpack(m.ones(2))).tolist() == [1, 1]


def test_the_module_of_a_device() -> None:
    def answers(m: Any) -> list[str]:
        given: list[Any] = [None, "cpu", m.device("cpu"), "cuda:0", "meta", "nonsense", 3]
        return [
            outcome(lambda each=each: m.get_device_module(each).__name__).replace(m.__name__, "m") for each in given
        ]

    ours, theirs = answers(autogradkit), [each.replace("torch", "m") for each in answers(torch)]
    assert [each.replace("torch", "m") for each in ours] == theirs


def test_what_editors_complete_and_programs_import() -> None:
    def answers(m: Any) -> list[str]:
        def of(module: str) -> Any:
            return importlib.import_module(f"{m.__name__}.{module}")

        stubs = of("ao.quantization")
        wrapped = stubs.QuantWrapper(m.nn.Linear(2, 1).eval())
        return [
            outcome(lambda: of("cuda.random").manual_seed_all(3)),
            outcome(lambda: of("cuda.random").initial_seed()),
            outcome(lambda: (of("cuda.memory").memory_allocated(), of("cuda.memory").empty_cache())),
            str([each.name for each in of("cuda.amp.grad_scaler").OptState]),
            str(of("cuda.amp.autocast_mode").autocast is m.cuda.amp.autocast),
            str(of("cuda.amp.grad_scaler").GradScaler is m.cuda.amp.GradScaler),
            str(of("cuda.amp.common").amp_definitely_not_available()),
            str([each.__name__ for each in of("serialization").SourceChangeWarning.__mro__]),
            of("utils.data._utils.collate").default_collate_err_msg_format,
            str(of("nn.modules.module").T) + str(of("nn.modules.module").T.__bound__),
            str(m.Tensor in of("types")._TensorOrTensors.__args__),
            f"{wrapped} {wrapped.training} {wrapped(m.ones(1, 2)).shape} {vars(stubs.QuantStub(3))['qconfig']}",
            f"{stubs.DeQuantStub()(m.ones(1))} {hasattr(stubs.QuantStub(), 'qconfig')}",
        ]

    assert answers(autogradkit) == answers(torch)
