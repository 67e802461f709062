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


def test_what_copies_of_pytorchs_own_files_call() -> None:
    """Layers, optimizers, schedules and loaders that began as copies keep the imports of the file that they are of."""

    def answers(m: Any) -> list[str]:
        def of(module: str) -> Any:
            return importlib.import_module(f"{m.__name__}.{module}")

        functional, group = m.nn.functional, m.nn.parallel
        mask = m.tensor([[True, False]])
        x, y, weight, bias = m.arange(4.0).view(1, 2, 2), m.ones(1, 2, 2), m.arange(12.0).view(6, 2), m.arange(6.0)
        optimizer = of("optim.optimizer")

        class Halving(m.optim.Optimizer):
            @optimizer._use_grad_for_differentiable
            def step(self, closure: Any = None) -> str:
                return str(m.is_grad_enabled())

        parameter = m.nn.Parameter(m.ones(1))
        schedules = of("optim.lr_scheduler")
        schedule = schedules.ConstantLR(m.optim.SGD([parameter], lr=0.5))
        with schedules._enable_get_lr_call(schedule):
            rates = str(schedule.get_lr())
        complex_, others = [m.ones(1, dtype=m.complex64)], [m.ones(1, dtype=m.complex64)]
        optimizer._view_as_real(complex_, others)
        fetch = of("utils.data._utils.fetch")
        layer, moved = m.nn.Linear(1, 1), of("nn.parallel._functions")
        m.manual_seed(0)
        calls: list[Callable[[], Any]] = [
            lambda: functional._canonical_mask(mask, "a", functional._none_or_dtype(mask), "b", m.float64),
            lambda: functional._canonical_mask(m.ones(1, dtype=m.int32), "a", None, "b", m.float32),
            lambda: functional._none_or_dtype(3),
            lambda: of("nn.modules.transformer")._get_seq_len(m.ones(2, 3, 4), True),
            lambda: of("nn.modules.transformer")._get_seq_len(m.ones(2, 4), True),
            lambda: [
                of("nn.modules.transformer")._detect_is_causal_mask(m.triu(m.full((3, 3), -m.inf), 1), *more)
                for more in ((), (None, 3), (None, 4), (False,), (True, 9))
            ],
            *[lambda k=k, v=v: functional._in_projection_packed(x, k, v, weight, bias) for k, v in ((x, x), (y, y), (x, y))],
            lambda: functional._verify_batch_size([1, 3, 1]),
            lambda: m.nn.init._no_grad_trunc_normal_(m.empty(3), 0.0, 1.0, -1.0, 1.0),
            lambda: m.nn.init._no_grad_uniform_(m.empty(2, requires_grad=True), 0.0, 1.0),
            lambda: Halving([parameter], {"differentiable": False}).step(),
            lambda: Halving([parameter], {"differentiable": True}).step(),
            lambda: optimizer._get_value(parameter) + optimizer._get_value(2.0),
            lambda: (optimizer._to_scalar(parameter).shape, optimizer._get_scalar_dtype(), complex_, others),
            lambda: optimizer._default_to_fused_or_foreach([parameter, m.ones(1)], False, True),
            lambda: optimizer._default_to_fused_or_foreach([parameter], True, True),
            lambda: rates,
            lambda: of("optim._multi_tensor").Adam([parameter]).defaults["foreach"],
            lambda: of("optim.lbfgs")._strong_wolfe(
                lambda a, t, d: (float((a + t * d) ** 2), 2 * (a + t * d)), m.tensor([3.0]), 1.0, m.tensor([-6.0]), 9.0,
                m.tensor([6.0]), m.tensor(-36.0), max_ls=5,
            ),
            lambda: fetch._MapDatasetFetcher([1, 2, 3], True, list, False).fetch([0, 2]),
            lambda: fetch._IterableDatasetFetcher(iter([1, 2, 3]), True, list, False).fetch([0, 2]),
            lambda: next(iter(of("utils.data.dataloader")._InfiniteConstantSampler())),
            lambda: of("nn.utils.convert_parameters")._check_param_device(parameter, None),
            lambda: of("nn.utils.convert_parameters")._check_param_device(parameter, 1),
            lambda: of("autograd.functional")._as_tuple(m.ones(1)),
            lambda: of("autograd.functional")._as_tuple((1,), "x", "f"),
            lambda: group.parallel_apply([layer], []),
            lambda: group.parallel_apply([layer], [x]),
            lambda: group.parallel_apply([layer], [x], devices=["cpu"]),
            lambda: group.replicate(layer, ["cpu"]),
            lambda: moved.Scatter.apply(["cpu"], None, 0, x),
            lambda: moved.Gather.apply("cpu", 0, x),
            lambda: m.distributed.P2POp(print, x, 1),
            lambda: m.distributed.P2POp(m.distributed.isend, x, 1),
            lambda: of("_lowrank").svd_lowrank.__name__,
            lambda: of("_C")._add_docstr(len, "text"),
        ]  # fmt: skip
        return [outcome(call) for call in calls]

    for ours, theirs in zip(answers(autogradkit), answers(torch), strict=True):
        assert ours.replace("autogradkit", "torch") == theirs


def test_context_managers_of_others_that_decorate() -> None:
    def answers(m: Any) -> list[Any]:
        contexts = importlib.import_module(f"{m.__name__}.utils._contextlib")
        trees = importlib.import_module(f"{m.__name__}.utils._pytree")
        entered: list[str] = []

        class Named(contexts._DecoratorContextManager):
            def __init__(self, name: str) -> None:
                self.name = name

            def __enter__(self) -> None:
                entered.append(self.name)

            def __exit__(self, *error: object) -> None:
                entered.append(f"after {self.name}")

            def clone(self) -> Any:
                return type(self)(f"again {self.name}")

        class Bare(contexts._NoParamDecoratorContextManager):
            def __enter__(self) -> None:
                entered.append("bare")

            def __exit__(self, *error: object) -> None:
                entered.append("after bare")

        @Named("a")
        def both(x: int) -> int:
            return Bare(lambda: x)()

        @Bare()
        def several() -> Any:
            yield 1
            yield 2

        results = [both(3), list(several()), isinstance(m.no_grad(), contexts._DecoratorContextManager)]
        results += [
            type(m.no_grad().clone()).__name__,
            trees._list_flatten([1, 2]),
            trees._list_unflatten([1, 2], None),
        ]
        return [*results, entered]

    assert answers(autogradkit) == answers(torch)
