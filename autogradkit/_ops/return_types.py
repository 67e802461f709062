"""The named tuples that ops with several results return, as PyTorch prints them.

Rests on nothing; the ops of order.py and scan.py make them.
"""

from __future__ import annotations

from typing import Any


class _Results(tuple[Any, ...]):
    """Several results under names."""

    __slots__ = ()
    fields: tuple[str, ...] = ()

    def __new__(cls, results: Any) -> _Results:
        return tuple.__new__(cls, results)

    def __repr__(self) -> str:
        named = ",\n".join(f"{name}={value!r}" for name, value in zip(self.fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{named})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (tuple(self),)


def _kind(name: str, *fields: str) -> type[_Results]:
    members: dict[str, Any] = {
        field: property(lambda self, at=at: tuple.__getitem__(self, at), doc=f"The {field}.")
        for at, field in enumerate(fields)
    }
    return type(name, (_Results,), {"__slots__": (), "fields": fields, "__module__": __name__, **members})


max = _kind("max", "values", "indices")
min = _kind("min", "values", "indices")
sort = _kind("sort", "values", "indices")
topk = _kind("topk", "values", "indices")
median = _kind("median", "values", "indices")
kthvalue = _kind("kthvalue", "values", "indices")
cummax = _kind("cummax", "values", "indices")
cummin = _kind("cummin", "values", "indices")
