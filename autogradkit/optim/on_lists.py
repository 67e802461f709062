"""A step on lists of tensors that somebody else keeps: what the functional forms of the optimizers have in common.

Rests on `optimizer`; each optimizer's file ends with its form, and `_functional` has them together, as PyTorch's has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from autogradkit.core import errors
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import is_grad_enabled
from autogradkit.optim.optimizer import Optimizer


def step_on_lists(
    kind: type[Optimizer],
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    remembered: Mapping[str, list[Any]],
    options: Mapping[str, Any],
) -> None:
    """Change each of `params` by the gradient beside it, as an optimizer of that class does.

    `remembered` has the state's tensors, under its names, in lists beside the parameters; a list that is too short (of what the
    options do not ask for) counts as one of nothing, and what begins is put into a longer one. The step is recorded where
    gradients are recorded and it has to do with tensors that require one. Raises RuntimeError for a leaf then, and for steps
    that are no tensors.
    """
    options = {**options, "params": list(params)}
    if options.pop("grad_scale", None) is not None or options.pop("found_inf", None) is not None:
        raise RuntimeError(
            "a step of lists takes gradients that are scaled back: torch.amp.GradScaler does that before step()"
        )
    if not all(isinstance(each, Tensor) for each in remembered.get("step", ())):
        raise RuntimeError("API has changed, `state_steps` argument must contain a list of singleton tensors")
    optimizer = kind.__new__(kind)  # of a constructor's work nothing is wanted
    optimizer.defaults = options
    optimizer.state = defaultdict(dict)
    optimizer.state |= {
        parameter: {
            name: each[place] for name, each in remembered.items() if place < len(each) and each[place] is not None
        }
        for place, parameter in enumerate(params)
    }
    pairs = [(parameter, grads[place]) for place, parameter in enumerate(params)]
    if is_grad_enabled() and any(each.requires_grad for pair in pairs for each in pair):
        for parameter, gradient in pairs:
            if parameter.requires_grad and parameter.is_leaf:
                raise errors.leaf_in_place(errors.LEAF_IN_PLACE)
            optimizer._differentiated(options, parameter, gradient)
    else:
        optimizer._refuse_sparse(grads)
        optimizer._move(options, pairs)
    for name, given in remembered.items():
        for place, parameter in enumerate(params[: len(given)]):
            given[place] = optimizer.state[parameter].get(name)
