"""Adam; `decoupled_weight_decay`, which AdamW sets, decays the weights apart from the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import setitem
from types import MappingProxyType
from typing import Any

import numpy as np

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import is_half
from autogradkit.core.frames import entry
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor, write_at_once
from autogradkit.optim import kernels
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values, zeros
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import (
    counted,
    number,
    refuse_capturable,
    refuse_fused,
    require_betas,
    require_fusible,
    require_not_negative,
    spelled,
)
from autogradkit.optim.saving import Group, count

_OPTIONS = ("betas", "eps", "weight_decay", "decoupled_weight_decay", "maximize")
_ONE = np.asarray(1, np.float32)
# What PyTorch makes in a step; it shrinks squares, then adds
_EDITS = {
    "exp_avg": 1,
    "exp_avg_sq": 2,
    "max_exp_avg_sq": 1,
}


class Adam(FormulaOptimizer):
    """Adaptive moment estimation (Kingma and Ba, 2015).

    Averages m of the gradient and v of its square, both corrected for starting at zero; θ ← θ − lr·m / (√v + eps).
    `amsgrad` uses the largest v so far (Reddi et al., 2018). `weight_decay` adds λθ to the gradient. Raises ValueError for
    options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adam([torch.nn.Parameter(torch.ones(1))]).defaults["betas"]
    (0.9, 0.999)
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        looped = not (foreach and not capturable)  # else PyTorch takes no numbers in tensors
        if isinstance(lr, Tensor):
            if not looped:
                raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
            if lr.numel() != 1:
                raise ValueError("Tensor lr must be 1-element")
        require_not_negative("learning rate", lr)
        require_not_negative("epsilon value", eps)
        require_betas(betas)
        require_not_negative("weight_decay value", weight_decay)
        if not any(isinstance(betas[0], kind) and isinstance(betas[1], kind) for kind in (float, Tensor)):
            raise ValueError("betas must be either both floats or both Tensors")
        for index, beta in enumerate(betas):
            if isinstance(beta, Tensor):
                if not looped:
                    raise ValueError(
                        f"betas[{index}] as a Tensor is not supported for capturable=False and foreach=True"
                    )
                if beta.numel() != 1:
                    raise ValueError(f"Tensor betas[{index}] must be 1-element")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        refuse_fused(differentiable, foreach, fused)

    _later_options = MappingProxyType(
        {"amsgrad": False, **FormulaOptimizer._later_options, "decoupled_weight_decay": False, "fused": None}
    )

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        names = ["exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * bool(group["amsgrad"])]
        return {"step": count(0.0, bool(group["fused"])), **{name: zeros(parameter) for name in names}}

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, kernels.Numbers]:
        step = counts["step"] + 1
        steps: Any = count(step)._array[()]  # in the dtype that PyTorch computes with where it differentiates
        lr, (beta1, beta2) = group["lr"], group["betas"]
        # PyTorch divides both parts of the denominator by the rate; it rounds there, and at the reciprocals of its tensors.
        rate = -(lr / (1 - beta1**steps) if isinstance(lr, Tensor) else np.reciprocal(1 - beta1**steps) * lr)
        numbers = {
            "to_average": 1 - beta1,
            "keep": beta2,
            "to_square": 1 - beta2,
            "scale": rate * np.sqrt(1 - beta2**steps),
            "eps": group["eps"] / rate if isinstance(rate, Tensor) else np.reciprocal(rate) * group["eps"],
        }
        if group["decoupled_weight_decay"]:
            numbers["shrink"] = 1 - lr * group["weight_decay"]
        return {"step": step}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: kernels.Numbers) -> dict[str, Any]:
        # For a step that is to be differentiated; `kernels.adam` has the quick form.
        average = of["exp_avg"] + (of["grad"] - of["exp_avg"]) * n["to_average"]
        square = of["exp_avg_sq"] * n["keep"] + of["grad"] * of["grad"] * n["to_square"]
        found = {"exp_avg": average, "exp_avg_sq": square}
        if "max_exp_avg_sq" in of:
            square = found["max_exp_avg_sq"] = xp.maximum(of["max_exp_avg_sq"], square)
        kept = of["self"] * n["shrink"] if "shrink" in n else of["self"]
        return {**found, "self": kept + average / (xp.sqrt(square) / n["scale"] + n["eps"])}

    _sparse_refusal = "Adam does not support sparse gradients, please consider SparseAdam instead"

    _moves_parts_apart = True
    _symbols = MappingProxyType({"step": "t", "exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "v_max"})

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        lr, decay = number(group["lr"]), group["weight_decay"]
        beta1, beta2 = map(number, group["betas"])
        lines = ["t = t + 1"]
        if decay and group["decoupled_weight_decay"]:
            lines.append(f"self = self · (1 − {spelled(lr)} · {spelled(decay)})")
        direction = "grad"
        added = f" + {spelled(decay)} · self" if decay and not group["decoupled_weight_decay"] else ""
        if group["maximize"] or added:
            lines.append(f"g = {'−' * bool(group['maximize'])}grad{added}")
            direction = "g"
        lines += [
            f"m = {spelled(beta1)} · m + {spelled(1 - beta1)} · {direction}",
            f"v = {spelled(beta2)} · v + {spelled(1 - beta2)} · {direction}²",
        ]
        if group["amsgrad"]:
            lines.append("v_max = maximum(v_max, v)")
        return [
            *lines,
            f"m_hat = m / (1 − {spelled(beta1)}^t)",
            f"v_hat = {'v_max' if group['amsgrad'] else 'v'} / (1 − {spelled(beta2)}^t)",
            f"self = self − {spelled(lr)} · m_hat / (sqrt(v_hat) + {spelled(group['eps'])})",
        ]

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        options = {name: group[name] for name in _OPTIONS}
        options["lr"] = number(group["lr"])
        shrinks = options["weight_decay"] and options["decoupled_weight_decay"]
        amsgrad = group["amsgrad"]
        counts = not group["fused"]
        require_fusible(group)
        refuse_capturable(group, "params and state_steps", xla=not group["foreach"])
        dtype: np.dtype[Any] | None = None
        step = 0.0
        numbers: kernels.Numbers = {}
        moments = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if amsgrad else ("exp_avg", "exp_avg_sq")

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            nonlocal dtype, step, numbers
            values = parameter._array
            state, begins = self._state_of(parameter, group)
            count = state["step"]._array
            now = count.item() + 1
            arrays: list[Any] = [
                values,
                gradient._array,
                state["exp_avg"]._array,
                state["exp_avg_sq"]._array,
                state["max_exp_avg_sq"]._array if amsgrad else None,
            ]
            if values.dtype.kind == "c":
                arrays = [each if each is None else _pairs(each) for each in arrays]
            narrow = arrays if is_half(values.dtype) else []
            if narrow:
                arrays = [each if each is None else kernels.widened(each) for each in arrays]
            if values.dtype is not dtype or now != step:
                dtype, step = values.dtype, now
                numbers = kernels.adam_numbers(arrays[0].dtype, now, **options)
            steps = kernels.adam(*arrays, numbers)
            if narrow:
                steps += kernels.narrowing((narrow[place], arrays[place]) for place in (0, 2, 3, 4))
            steps += [(np.add, count, _ONE, count), counted(state["step"], 1)]
            if counts:
                steps += [counted(state[name], _EDITS[name]) for name in moments]
            if begins:
                steps.append((setitem, self.state, parameter, state))
            edits = 2 if shrinks else 1  # PyTorch shrinks the weights by an edit of their own
            write_at_once(parameter, steps, edits if counts else 0)
            return parameter

        return update


def _pairs(array: Array) -> Array:
    """Complex numbers as pairs of real ones, in the same memory: Adam moves each part by its own average, as in PyTorch."""
    return array[..., None].view(array.real.dtype)


@entry
def adam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    max_exp_avg_sqs: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    capturable: bool = False,
    differentiable: bool = False,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_complex: bool = False,
    decoupled_weight_decay: bool = False,
    *,
    amsgrad: bool,
    beta1: float | Tensor,
    beta2: float | Tensor,
    lr: float | Tensor,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """One step of Adam, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "amsgrad": amsgrad,
        "lr": lr,
        "betas": (beta1, beta2),
        "weight_decay": weight_decay,
        "eps": eps,
        "maximize": maximize,
        "foreach": foreach,
        "capturable": capturable,
        "differentiable": differentiable,
        "fused": fused,
        "grad_scale": grad_scale,
        "found_inf": found_inf,
        "decoupled_weight_decay": decoupled_weight_decay,
    }
    step_on_lists(
        Adam,
        params,
        grads,
        {"exp_avg": exp_avgs, "exp_avg_sq": exp_avg_sqs, "max_exp_avg_sq": max_exp_avg_sqs, "step": state_steps},
        options,
    )


__getattr__ = _absent_from("optim.adam")
