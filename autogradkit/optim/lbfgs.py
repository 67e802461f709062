"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from autogradkit._ops.declare import k
from autogradkit.core.facts import Named, OpFacts
from autogradkit.core.frames import entry
from autogradkit.core.recording import RECORDERS, listeners, marks_of, observed, rest, restore, unheard
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import enable_grad, no_grad
from autogradkit.optim.optimizer import Optimizer, require_rate, spelled, squeezed
from autogradkit.optim.wolfe import strong_wolfe

_strong_wolfe = strong_wolfe  # as PyTorch names it there

Closure = Callable[[], Any]
Heard = Callable[..., Any]


class LBFGS(Optimizer):
    """Quasi-Newton steps from the last `history_size` changes of weights and gradient (Liu and Nocedal, 1989).

    The direction d = −H·g, where H is the inverse Hessian that these changes s and y suggest (Nocedal and Wright, algorithm 7.4);
    θ ← θ + t·d with t = lr, or by a line search ("strong_wolfe"). `step` needs a closure, which it calls `max_eval` times at
    most. Raises ValueError for options out of range and for several groups.

    >>> import autogradkit as torch
    >>> torch.optim.LBFGS([torch.nn.Parameter(torch.ones(1))]).defaults["max_eval"]
    25
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        require_rate(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params: list[Tensor] = self.param_groups[0]["params"]
        self._numel_cache: int | None = None

    @no_grad()
    def step(self, closure: Closure) -> Any:
        """Take up to `max_iter` steps. `closure` clears the gradients, computes the loss and its gradients, and returns it."""
        assert len(self.param_groups) == 1, f"Expected exactly one param_group, but got {len(self.param_groups)}"
        with _unrecorded() as heard:
            return self._steps(heard, lambda: heard(enable_grad()(closure)))

    def _steps(self, heard: Heard, closure: Closure) -> Any:
        group = self.param_groups[0]
        lr, most = squeezed(group["lr"]), group["max_iter"]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss = _number(first)
        evaluated = 1
        state["func_evals"] += 1
        gradient = self._gather_flat_grad()
        flat = gradient.abs().max() <= group["tolerance_grad"]
        if flat:
            return first
        direction: Any
        before: Any
        direction, t, before = (state.get(name) for name in ("d", "t", "prev_flat_grad"))
        loss_before = state.get("prev_loss")
        past = {name: state.get(name) for name in ("old_dirs", "old_stps", "ro", "H_diag")}
        taken = 0
        while taken < most:
            taken += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                direction = gradient.neg()
                past = {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1}
            else:
                self._remember(past, gradient.sub(before), direction.mul(t))
                factors = state.setdefault("al", [None] * group["history_size"])
                direction = _direction(past, factors, gradient)
            if before is None:
                before = gradient.clone()
            else:
                before.copy_(gradient)
            loss_before = loss
            t = min(1.0, 1.0 / gradient.abs().sum()) * lr if state["n_iter"] == 1 else lr
            slope = gradient.dot(direction)
            if slope > -group["tolerance_change"]:
                break
            searched = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                begin = [each.clone() for each in self._params]
                evaluate = partial(self._evaluated, heard, closure)
                left = group["max_eval"] - evaluated
                loss, gradient, t, searched = strong_wolfe(
                    evaluate, begin, t, direction, loss, gradient, slope, max_ls=left
                )
                self._move(heard, t, direction)
                flat = gradient.abs().max() <= group["tolerance_grad"]
            else:
                self._move(heard, t, direction)
                if taken != most:
                    loss = _number(closure())
                    gradient = self._gather_flat_grad()
                    flat = gradient.abs().max() <= group["tolerance_grad"]
                    searched = 1
            evaluated += searched
            state["func_evals"] += searched
            if taken == most or evaluated >= group["max_eval"] or flat:
                break
            change = group["tolerance_change"]
            if direction.mul(t).abs().max() <= change or abs(loss - loss_before) < change:
                break
        state |= {"d": direction, "t": t, **past, "prev_flat_grad": before, "prev_loss": loss_before}
        return first

    def _evaluated(
        self, heard: Heard, closure: Closure, begin: list[Tensor], t: Any, direction: Tensor
    ) -> tuple[float, Tensor]:
        """Loss and gradient at `t` times the direction from where the parameters are, `begin`, and are again after."""
        self._move(heard, t, direction)
        loss = _number(closure())
        gradient = self._gather_flat_grad()
        for each, values in zip(self._params, begin, strict=True):
            heard(each.copy_, values)
        return loss, gradient

    def _remember(self, past: dict[str, Any], y: Tensor, s: Tensor) -> None:
        """Take up a change of the gradient and of the weights, where the slope rose along it."""
        rise = y.dot(s)
        if not rise > 1e-10:
            return
        for name, value in (("old_dirs", y), ("old_stps", s), ("ro", 1.0 / rise)):
            if len(past[name]) == self.param_groups[0]["history_size"]:
                past[name].pop(0)
            past[name].append(value)
        past["H_diag"] = rise / y.dot(y)

    def _gather_flat_grad(self) -> Tensor:
        """The gradients of all parameters in one row, complex ones as pairs; zeros where there is none."""
        rows: list[Tensor] = []
        for each in self._params:
            gradient = each.grad.to_dense() if each.grad is not None and each.grad.is_sparse else each.grad
            row = each.new_zeros(each.numel()) if gradient is None else gradient.reshape(-1)
            rows.append(k.view_as_real(row).view(-1) if row.is_complex() else row)
        return k.cat(rows, 0)

    def _move(self, heard: Heard, t: Any, direction: Tensor) -> None:
        """Add `t` times its part of the direction to each parameter."""
        begin, t = 0, float(t)
        for each in self._params:
            target = k.view_as_real(each) if each.is_complex() else each
            part = direction[begin : begin + target.numel()].view_as(target)
            begin += target.numel()

            def add(parameter: Tensor, part: Tensor, t: float, target: Tensor = target) -> Tensor:
                target.add_(part, alpha=t)
                return parameter

            heard(observed, _moved(t), "inplace", add, (each, part), {"t": t})


def _moved(t: float) -> Named:
    """What a trace says of one move; `grad`, of which pictures tell numbers, is here the direction."""
    return Named("lbfgs", OpFacts("lbfgs", False, "", ("self", "grad"), update=f"self = self + {spelled(t)} · grad"))


def _number(loss: Any) -> float:
    return float(loss.detach() if isinstance(loss, Tensor) else loss)


def _direction(past: dict[str, Any], factors: list[Any], gradient: Tensor) -> Tensor:
    """−H·g by the two loops over what is remembered."""
    changes = list(zip(past["old_dirs"], past["old_stps"], past["ro"], strict=True))
    found = gradient.neg()
    for place in reversed(range(len(changes))):
        y, s, rho = changes[place]
        factors[place] = s.dot(found) * rho
        found.add_(y, alpha=-factors[place])
    found = found.mul(past["H_diag"])
    for (y, s, rho), factor in zip(changes, factors, strict=False):
        found.add_(s, alpha=factor - y.dot(found) * rho)
    return found


@contextmanager
def _unrecorded() -> Iterator[Heard]:
    """What is computed in this block is no part of a trace, but for what is called by the function that it gives."""
    active = listeners() if RECORDERS else []
    marks = marks_of(active)

    def heard(function: Callable[..., Any], *args: Any) -> Any:
        restore(marks)
        try:
            return function(*args)
        finally:
            rest(active)

    with unheard():
        yield heard
