"""Many cases in one test: a test of its own costs more than most of them take.

    @pytest.mark.parametrize("call", CALLS)
    @every_case("kind", ["uint8", "float32"])
    def test_a_picture(call: str, kind: str) -> None: ...

is one test for each call. All kinds are tried, and those that fail are raised together, each with what it was.
Used by the tests of tables: so many calls by so many inputs.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest


def every_case(names: str, cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a test once for each case; several names, "format dtype", take each case apart."""
    cases, parts = list(cases), names.split()

    def all_cases(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def tried(**others: Any) -> None:
            failed: list[BaseException] = []
            for case in cases:
                try:
                    test(**others, **dict(zip(parts, case if len(parts) > 1 else [case], strict=True)))
                except (Exception, pytest.fail.Exception) as error:  # the second: of `pytest.raises`
                    error.add_note(f"{names} = {case!r}")
                    failed.append(error)
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(cases)} cases", failed)

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in parts]
        tried.__signature__ = signature.replace(parameters=left)  # pyright: ignore[reportAttributeAccessIssue]
        return tried

    return all_cases
