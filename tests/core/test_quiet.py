"""NumPy's warnings reach no user, whatever their filters and their `np.seterr` are, and theirs stay as they were."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.core.quiet import quietly, run_in_spare

SETTINGS = ("warn", "raise", "print", "ignore")


@pytest.mark.parametrize(
    "change",
    [
        "warnings.resetwarnings(); warnings.simplefilter('error')",
        "np.seterr(all='raise')",
        "np.seterr(all='print')",
        "np.seterrcall(lambda *given: sys.exit('called')); np.seterr(all='call')",
    ],
)
def test_no_warning_of_numpys_reaches_a_user_under_any_setting(change: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.core.edge_values", change], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr + ran.stdout == ""


def test_importing_changes_nobodys_filters_and_no_error_state() -> None:
    code = (
        "import warnings, numpy as np\nbefore = list(warnings.filters), np.geterr()\nimport autogradkit\n"
        "assert (list(warnings.filters), np.geterr()) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_users_own_arithmetic_keeps_the_users_settings(setting: Any) -> None:
    """Also in what the engine calls: hooks and custom functions."""
    seen: list[str] = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            seen.append(np.geterr()["divide"])
            return x * 2

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            seen.append(np.geterr()["divide"])
            return grad_output * 2

    def hook(*_given: Any) -> None:
        seen.append(np.geterr()["divide"])

    with np.errstate(all=setting):
        x = torch.ones(3, requires_grad=True)
        x.register_hook(hook)
        x.register_post_accumulate_grad_hook(hook)
        y = x * 3
        y.register_hook(hook)
        y.grad_fn.register_hook(hook)
        y.grad_fn.register_prehook(hook)
        view = y.clone()
        view[:2] = Double.apply(view[:2])  # differentiated within an edit of a part
        z = Double.apply(view)
        z.sum().backward(retain_graph=True)
        torch.autograd.grad(z.sum(), x, create_graph=True)
        assert np.geterr()["divide"] == setting
    assert len(seen) > 10
    assert set(seen) == {setting}


def test_what_a_hook_sets_stays_set() -> None:
    with np.errstate(all="warn"):
        x = torch.ones(1, requires_grad=True)
        x.register_hook(lambda _g: np.seterr(over="raise") and None)
        (x * 2).sum().backward()
        assert np.geterr()["over"] == "raise"


def test_an_edit_is_whole_where_numpy_would_have_raised() -> None:
    b = torch.ones(3)
    with np.errstate(all="raise"):
        b.div_(torch.zeros(3))
        before = b._version
        b.div_(torch.zeros(2, 3)[0])  # by the general way
    assert b.tolist() == [float("inf")] * 3
    assert (before, b._version) == (1, 2)


def test_threads_generators_and_coroutines_keep_their_own_settings() -> None:
    failures: list[BaseException] = []
    big = torch.full((300, 300), 3e38)

    def work(setting: Any) -> None:
        try:
            with np.errstate(all=setting), warnings.catch_warnings():
                for _ in range(20):
                    (big @ big).add_(big)
                    torch.zeros(2) / 0
                    assert np.geterr()["over"] == setting
        except BaseException as error:  # told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(setting,)) for setting in ("raise", "ignore", "raise", "raise")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []

    def generate() -> Any:
        with np.errstate(all="raise"):
            while True:
                yield torch.zeros(2) / 0

    for _, values in zip(range(3), generate(), strict=False):
        assert values.isnan().all()

    async def one(setting: Any) -> None:
        np.seterr(all=setting)
        for _ in range(3):
            torch.zeros(2) / 0
            await asyncio.sleep(0)
            assert np.geterr()["divide"] == setting

    async def both() -> None:
        await asyncio.gather(one("raise"), one("ignore"))

    asyncio.run(both())


def test_a_kernel_within_a_kernel_runs_in_a_context_of_its_own() -> None:
    def inner() -> Any:
        return quietly(np.divide, np.ones(1), np.zeros(1))

    with np.errstate(all="raise"):
        assert quietly(inner) == np.inf
        assert run_in_spare(inner) == np.inf


@pytest.mark.parametrize("call", [quietly, run_in_spare])
def test_a_kernels_own_error_passes_as_it_is(call: Callable[..., Any]) -> None:
    def fails() -> None:
        raise RuntimeError("cannot enter context: says somebody else")

    with pytest.raises(RuntimeError, match="says somebody else"):
        call(fails)


def test_the_buffers_of_a_user_stay_as_they_were() -> None:
    own = np.getbufsize()
    try:
        np.setbufsize(4096)
        (torch.ones(3, 1) * torch.ones(4)).sum()
        assert np.getbufsize() == 4096
        assert quietly(np.getbufsize) < 4096  # a row is read where it lies
    finally:
        np.setbufsize(own)
