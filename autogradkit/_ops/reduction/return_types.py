"""The named tuples that ops with several results return, as PyTorch prints them.

Rests on the tensor; the ops of reduction make them.
"""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import Any, ClassVar

from autogradkit.core.c_types import CType
from autogradkit.core.tensor import Tensor


class _ResultsType(CType):
    """What such a class is: in Python's own refusals, "'torch.return_types.max' object has no attribute 'item'"."""

    def __init__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> None:  # noqa: N805 - of a metaclass
        super().__init__(f"return_types.{name}", bases, space)


class Results(tuple[Tensor, ...], metaclass=_ResultsType):
    """Several results under names."""

    __slots__ = ()
    fields: ClassVar[tuple[str, ...]] = ()
    n_fields: ClassVar[int] = 0  # what classes that C makes for Python tell of themselves
    n_sequence_fields: ClassVar[int] = 0
    n_unnamed_fields: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        """The names are those that a class annotates, in their order."""
        cls.fields = tuple(cls.__annotations__) or cls.fields  # those of values and indices are inherited
        cls.n_fields = cls.n_sequence_fields = len(cls.fields)
        for place, name in enumerate(cls.__annotations__):
            setattr(cls, name, property(itemgetter(place)))

    def __new__(
        cls, results: Any, _unnamed: Any = None
    ) -> Any:  # the second, of which none has any, is in PyTorch's files
        return tuple.__new__(cls, results)

    def __repr__(self) -> str:
        named = ",\n".join(f"{name}={value!r}" for name, value in zip(self.fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{named})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (tuple(self),)

    @classmethod
    def of_out(cls, results: Any) -> Results:
        """What a call with `out=` returns: of another class, whose name ends in `_out`."""
        return out_class(cls)(results)


@cache
def out_class(kind: type[Results]) -> type[Results]:
    """The class beside `kind` of what a call with `out=` returns."""

    def reduce(self: Results) -> tuple[Any, ...]:
        return kind.of_out, (tuple(self),)

    named = {name: property(itemgetter(place)) for place, name in enumerate(kind.fields)}
    space = {
        "__slots__": (),
        "__doc__": f"{kind.__doc__} Here with `out=`.",
        "fields": kind.fields,
        "__reduce__": reduce,
    }
    return _ResultsType(f"{kind.__name__}_out", (Results,), {**space, **named})


class _ValuesAndIndices(Results):
    """What was picked, and where it stood."""

    __slots__ = ()
    values: Tensor
    indices: Tensor


class max(_ValuesAndIndices):  # noqa: N801 - PyTorch's names, here and below
    """What `max` along a dimension returns."""

    __slots__ = ()


class min(_ValuesAndIndices):  # noqa: N801
    """What `min` along a dimension returns."""

    __slots__ = ()


class sort(_ValuesAndIndices):  # noqa: N801
    """What `sort` returns."""

    __slots__ = ()


class topk(_ValuesAndIndices):  # noqa: N801
    """What `topk` returns."""

    __slots__ = ()


class median(_ValuesAndIndices):  # noqa: N801
    """What `median` along a dimension returns."""

    __slots__ = ()


class kthvalue(_ValuesAndIndices):  # noqa: N801
    """What `kthvalue` returns."""

    __slots__ = ()


class nanmedian(_ValuesAndIndices):  # noqa: N801
    """What `nanmedian` along a dimension returns."""

    __slots__ = ()


class mode(_ValuesAndIndices):  # noqa: N801
    """What `mode` returns."""

    __slots__ = ()


class cummax(_ValuesAndIndices):  # noqa: N801
    """What `cummax` returns."""

    __slots__ = ()


class cummin(_ValuesAndIndices):  # noqa: N801
    """What `cummin` returns."""

    __slots__ = ()


class aminmax(Results):  # noqa: N801
    """What `aminmax` returns: the smallest elements and the largest."""

    __slots__ = ()
    min: Tensor
    max: Tensor


class histogram(Results):  # noqa: N801
    """What `histogram` returns: the counts, and where the bins begin and the last one ends."""

    __slots__ = ()
    hist: Tensor
    bin_edges: Tensor


class histogramdd(Results):  # noqa: N801
    """What `histogramdd` returns: the counts, and the edges of each dimension."""

    __slots__ = ()
    hist: Tensor
    bin_edges: Any


class frexp(Results):  # noqa: N801
    """What `frexp` returns: input = mantissa · 2^exponent."""

    __slots__ = ()
    mantissa: Tensor
    exponent: Tensor
