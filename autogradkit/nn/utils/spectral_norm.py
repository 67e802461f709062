"""A weight divided by its largest singular value, by a hook before `forward` (Miyato et al., 2018).

`parametrizations.spectral_norm` is the newer one.
"""

from __future__ import annotations

from typing import Any, TypeVar

from autogradkit._ops.linalg.contractions import multi_dot
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn import functional
from autogradkit.nn.modules.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from autogradkit.nn.modules.module import Module
from autogradkit.nn.uninitialized import UninitializedParameter
from autogradkit.nn.utils.changes import as_a_whole

TRANSPOSED = ConvTranspose1d, ConvTranspose2d, ConvTranspose3d  # whose outputs are their weight's dimension 1
M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook: a power iteration before each call in training, then the weight divided by what it estimates."""

    _version = 1

    @entry
    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        self.name = name
        self.dim = dim
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Any) -> Any:
        """The weight with `dim` as rows and all else as columns."""
        if self.dim != 0:
            weight = weight.permute(self.dim, *[at for at in range(weight.dim()) if at != self.dim])
        return weight.reshape(weight.size(0), -1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Any:
        """The weight; the estimate of its singular vectors is made better first, or not."""
        weight = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v = functional.normalize(matrix.t().mv(u), dim=0, eps=self.eps, out=v)
                    u = functional.normalize(matrix.mv(v), dim=0, eps=self.eps, out=u)
                u, v = u.clone(), v.clone()  # the next iteration writes into the buffers
        return weight / u.dot(matrix.mv(v))

    def remove(self, module: Module) -> None:
        """Make the weight, as it is now, a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for ending in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + ending)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    def _solve_v_and_rescale(self, matrix: Any, u: Any, sigma: Any) -> Any:
        """The right singular vector that goes with u, for a state dict from before it was kept."""
        v: Any = multi_dot([(matrix.t() @ matrix).pinverse(), matrix.t(), u.unsqueeze(1)]).squeeze(1)
        return v.mul_(sigma / u.dot(matrix.mv(v)))

    @staticmethod
    @entry
    @as_a_whole
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Put the hook on a module. Raises RuntimeError where there is one for this weight already."""
        for _, hook in module._before_forward():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        this = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy forward "
                "before applying spectral normalization"
            )
        with no_grad():
            sizes = this.reshape_weight_to_matrix(weight).size()
            u, v = (functional.normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps) for size in sizes)
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        setattr(module, name, weight.data)
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(this)
        module._register_state_dict_hook(SpectralNormStateDictHook(this))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(this))
        return this


class SpectralNormStateDictHook:
    """Notes in a state dict's metadata which version of the hook it comes from."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = f"{self.fn.name}.version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


class SpectralNormLoadStateDictPreHook:
    """Turns a state dict from before the right singular vector was kept into one that has it."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self,
        state_dict: dict[str, Tensor],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        *rest: Any,
    ) -> None:
        name = prefix + self.fn.name
        version = local_metadata.get("spectral_norm", {}).get(f"{self.fn.name}.version")
        if version is not None and version >= 1:
            return
        if (
            version is None
            and name not in state_dict
            and all(f"{name}{end}" in state_dict for end in ("_orig", "_u", "_v"))
        ):
            return
        missing = [name + end for end in ("_orig", "", "_u") if name + end not in state_dict]
        if missing:
            missing_keys += missing if strict else []
            return
        with no_grad():
            original = state_dict[f"{name}_orig"]
            sigma: Any = (original / state_dict.pop(name)).mean()
            matrix = self.fn.reshape_weight_to_matrix(original)
            state_dict[f"{name}_v"] = self.fn._solve_v_and_rescale(matrix, state_dict[f"{name}_u"], sigma)


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value, which a power iteration estimates, before each call.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


@entry
@as_a_whole
def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again. Raises ValueError where it was not normed."""
    for number, hook in module._before_forward():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            module._remove_before_forward(number)
            module._remove_state_hooks_of(hook)
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
