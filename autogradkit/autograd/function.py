"""Custom functions: a forward and a backward of the user's own, as one node of the graph.

Rests on `function_node.py`, which has that node. New style: static `forward(ctx, ...)` (or `forward(...)` and
`setup_context`) and `backward(ctx, ...)`, called through `apply`. Also the style of before PyTorch 1.5, instance methods called
as `MyFunction()(x)`, which PyTorch refuses and many pages still teach.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from autogradkit.autograd.function_batched import MORE, apply_batched
from autogradkit.autograd.function_ctx import FunctionCtx as FunctionCtx
from autogradkit.autograd.function_forward import run_forward
from autogradkit.autograd.function_node import BackwardCFunction
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.batched import BATCHES, has_batched
from autogradkit.core.facts import named
from autogradkit.core.frames import entry, shorten
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn
from autogradkit.engine.history import edge_of, requires_grad
from autogradkit.engine.modes import MODE, no_grad


class Function(FunctionCtx):
    """Base of custom functions.

    >>> import autogradkit as torch
    >>> class Cube(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x**2
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        home = getattr(cls, "__module__", "builtins")  # a class that was made where no `__name__` is has none
        cls._node_class = type(f"{cls.__name__}Backward", (BackwardCFunction,), {"__module__": home})

    _node_class: type[BackwardCFunction] = BackwardCFunction

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        if self._is_static():
            warn(
                f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke "
                "them on the class itself. Instantiating an autograd function will raise an error in a future version of "
                "PyTorch.",
                DeprecationWarning,
            )

    @classmethod
    def _is_static(cls) -> bool:
        """Whether it is no function in the style of before PyTorch 1.5."""
        return isinstance(inspect.getattr_static(cls, "forward"), staticmethod)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result; to be overridden."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what backward needs, where `forward` takes no `ctx`; to be overridden."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the inputs from those of the outputs; to be overridden."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs from those of the inputs; to be overridden."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    generate_vmap_rule = False  # whether `vmap` may call it for each sample

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> Any:
        """(the outputs for a batch, the batch's dimension in each); to be overridden.

        `info` has `batch_size` and `randomness`; `in_dims` says for each of `args` where the batch is, None: nowhere.
        """
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` on the arguments and record the call as one node."""
        try:
            if RECORDERS:
                return observed(named(cls.__name__), "op", cls._apply, args, kwargs)
            return cls._apply(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    @classmethod
    def _apply(cls, *args: Any, **kwargs: Any) -> Any:
        if BATCHES and has_batched(args):
            return apply_batched(cls, Function, args)
        context = cls._node_class()
        context._function = cls
        if cls.setup_context is Function.setup_context:
            if MODE.transforms:
                raise RuntimeError(
                    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must "
                    f"override the setup_context staticmethod. {MORE}"
                )
            every = (*args, *kwargs.values())
            return run_forward(context, context, every, lambda: cls.forward(context, *args, **kwargs))
        bound = inspect.signature(cls.forward).bind(*args, **kwargs)
        bound.apply_defaults()

        def forward() -> Any:
            output = cls.forward(*bound.args, **bound.kwargs)
            cls.setup_context(context, bound.args, output)
            return output

        return run_forward(context, context, (*bound.args, *bound.kwargs.values()), forward)

    @classmethod
    def _has_jvp(cls) -> bool:
        return cls.jvp is not Function.jvp

    @classmethod
    def _derivative(cls) -> Callable[..., Any]:
        """The user's `backward`, which may be called `vjp` too."""
        own = cls.backward is not Function.backward
        if own and cls.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement "
                "one of them."
            )
        return cls.backward if own else cls.vjp

    @entry
    def __call__(self, *args: Any) -> Any:
        """The style of before PyTorch 1.5: instance methods, the instance itself keeping what is saved."""
        if self._is_static():
            raise RuntimeError(
                "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
                "function with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch."
                "autograd.Function)"
            )
        node = self._node_class()
        node._function = self
        self._node = weakref.ref(node)
        return run_forward(node, self, args, lambda: self.forward(*args))

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """In the old style: what `save_for_backward` kept."""
        node = None if self._node is None else self._node()
        return () if node is None else node.saved_tensors or self.to_save or ()

    _node: weakref.ref[BackwardCFunction] | None = None  # weak: the node keeps this instance


class InplaceFunction(Function):
    """The base of functions that may edit their input, before PyTorch 0.4; kept for scripts that still derive from it."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class _Twice(BackwardCFunction):
    """Stands where a function that may be differentiated only once was differentiated."""

    def apply(self, gradients: Sequence[Any], create_graph: bool) -> Sequence[Any]:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `backward` whose own computation must not be differentiated: it runs without recording."""

    @functools.wraps(function)
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        with no_grad():
            found = function(ctx, *grad_outputs)
        if not MODE.grad or not any(isinstance(each, Tensor) and requires_grad(each) for each in grad_outputs):
            return found
        answers = found if isinstance(found, tuple) else (found,)
        node = _Twice()
        edges: list[Any] = []
        for each in grad_outputs:
            edges += edge_of(each) if isinstance(each, Tensor) else (None, 0)
        node.edges = tuple(edges)
        marked: list[Any] = []
        for each in answers:
            if isinstance(each, Tensor):
                node.outputs = (*node.outputs, each._array.shape, each._array.dtype)
                each = wrap(each._array)
                each._node, each._output_nr, each._requires_grad = node, len(node.outputs) // 2 - 1, True
            marked.append(each)
        return tuple(marked) if isinstance(found, tuple) else marked[0]

    return backward


__getattr__ = _absent_from("autograd.function")
