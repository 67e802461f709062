"""Custom Functions that programs call, written once and made for both libraries. Used by `runs`, called by `library_lines`.

Each has one way of its own to treat what it gets: what it saves, marks, leaves out or gives back wrongly.
"""

from __future__ import annotations

from typing import Any

SOURCE = '''
class Saves(T.autograd.Function):
    """Saves both inputs."""
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return (g * b if ctx.needs_input_grad[0] else None, g * a if ctx.needs_input_grad[1] else None)

class SavesResult(T.autograd.Function):
    """Saves what it returns."""
    @staticmethod
    def forward(ctx, a):
        result = a.exp()
        ctx.save_for_backward(result)
        return result
    @staticmethod
    def backward(ctx, g):
        result, = ctx.saved_tensors
        return g * result

class SetsUp(T.autograd.Function):
    """Saves in setup_context, and has a number among its inputs."""
    @staticmethod
    def forward(a, factor):
        return a * factor, a.sum()
    @staticmethod
    def setup_context(ctx, inputs, output):
        a, ctx.factor = inputs
        ctx.save_for_backward(a, output[1])
    @staticmethod
    def backward(ctx, g, g_sum):
        a, total = ctx.saved_tensors
        return g * ctx.factor + g_sum.expand(a.shape), None

class Edits(T.autograd.Function):
    """Edits its input in place, and says so."""
    @staticmethod
    def forward(ctx, a):
        a.mul_(2)
        ctx.mark_dirty(a)
        return a
    @staticmethod
    def backward(ctx, g):
        return g * 2

class EditsSilently(T.autograd.Function):
    """Edits its input in place, and does not say so."""
    @staticmethod
    def forward(ctx, a):
        a.add_(1)
        return a
    @staticmethod
    def backward(ctx, g):
        return g

class Marks(T.autograd.Function):
    """Has an output without gradient."""
    @staticmethod
    def forward(ctx, a):
        sign = a > 0
        ctx.mark_non_differentiable(sign)
        ctx.save_for_backward(sign)
        return a * sign, sign
    @staticmethod
    def backward(ctx, g, g_sign):
        sign, = ctx.saved_tensors
        return g * sign

class GivesNone(T.autograd.Function):
    """Gives no gradient to its first input, and does not want zeros made."""
    @staticmethod
    def forward(ctx, a, b):
        ctx.set_materialize_grads(False)
        return a + b, b * 1
    @staticmethod
    def backward(ctx, g, g_b):
        return None, g_b if g is None else g if g_b is None else g + g_b

class Views(T.autograd.Function):
    """Returns a view of its input."""
    @staticmethod
    def forward(ctx, a):
        return a.view(-1)
    @staticmethod
    def backward(ctx, g):
        return g.view(-1)

class Passes(T.autograd.Function):
    """Returns its input as it is."""
    @staticmethod
    def forward(ctx, a):
        return a
    @staticmethod
    def backward(ctx, g):
        return -g

class Once(T.autograd.Function):
    """Cannot be differentiated twice."""
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * a
    @staticmethod
    @T.autograd.function.once_differentiable
    def backward(ctx, g):
        a, = ctx.saved_tensors
        return 2 * g * a

class TooMany(T.autograd.Function):
    """Gives more gradients than it has inputs."""
    @staticmethod
    def forward(ctx, a):
        return a * 3
    @staticmethod
    def backward(ctx, g):
        return g, g

class Sums(T.autograd.Function):
    """Gives a gradient of another size."""
    @staticmethod
    def forward(ctx, a):
        return a * 3
    @staticmethod
    def backward(ctx, g):
        return g.sum()
'''
ONE = ("SavesResult", "Edits", "EditsSilently", "Marks", "Views", "Passes", "Once", "TooMany", "Sums")
TWO = ("Saves", "GivesNone")


class Functions:
    """The classes of SOURCE for one library, as attributes."""

    def __init__(self, library: Any) -> None:
        space = {"T": library, "__name__": "functions"}
        exec(compile(SOURCE, "<functions>", "exec"), space)
        self.__dict__.update({name: space[name] for name in (*ONE, *TWO, "SetsUp")})
