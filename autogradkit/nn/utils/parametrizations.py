"""Ready-made parametrizations: orthogonal matrices, weights of given length, weights of spectral norm 1.

Rests on `parametrize.py`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module
from autogradkit.nn.utils.orthogonal import MAPS, Orthogonal
from autogradkit.nn.utils.parametrize import register_parametrization
from autogradkit.nn.utils.spectral_norm import TRANSPOSED
from autogradkit.nn.utils.weight_norms import norm_except_dim, of_length

M = TypeVar("M", bound=Module)


def _tensor_of(module: Module, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


@entry
def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep a matrix, or a batch of them, orthogonal: the "matrix_exp" or "cayley" of a skew matrix, or "householder"s.

    Raises ValueError for what is no matrix, and for another map.

    >>> import autogradkit as torch
    >>> w = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 2)).weight
    >>> torch.allclose(w @ w.T, torch.eye(2), atol=1e-5)
    True
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    way = Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, way, unsafe=True)


class WeightNorm(Module):
    """A weight of its lengths and its directions."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        """The weight."""
        return of_length(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        """(its lengths, itself)."""
        return norm_except_dim(weight, self.dim), weight


WeightNorm.__name__ = "_WeightNorm"  # as a repr shows it


@entry
def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a weight into its length along `dim` and its direction, both trained (Salimans and Kingma, 2016).

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> layer.parametrizations.weight.original0.shape
    torch.Size([2, 1])
    """
    register_parametrization(module, name, WeightNorm(dim), unsafe=True)

    def take_older_names(state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        old = f"{prefix}{name}_g", f"{prefix}{name}_v"
        if all(key in state_dict for key in old):
            for at, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{at}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(take_older_names)
    return module


class SpectralNorm(Module):
    """A weight over its largest singular value, which a power iteration estimates; a vector over its length."""

    @entry
    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        dims = weight.ndim
        if not -dims <= dim < dims:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{dims}, {dims - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim if dim >= 0 else dim + dims
        self.eps = eps
        if dims > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            u, v = (matrix.new_empty(size).normal_(0, 1) for size in matrix.size())
            self.register_buffer("_u", functional.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", functional.normalize(v, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _matrix(self, weight: Any) -> Any:
        if self.dim != 0:
            weight = weight.permute(self.dim, *(at for at in range(weight.dim()) if at != self.dim))
        return weight.flatten(1)

    def _power_method(self, matrix: Any, count: int) -> None:
        with no_grad():
            for _ in range(count):
                self._u = functional.normalize(matrix.mv(self._v), dim=0, eps=self.eps, out=self._u)
                self._v = functional.normalize(matrix.H.mv(self._u), dim=0, eps=self.eps, out=self._v)

    def forward(self, weight: Any) -> Any:
        """The weight over its norm; the estimate gets better first, in training."""
        if weight.ndim == 1:
            return functional.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the next iteration writes into the buffers
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Any) -> Any:
        """Itself: whatever its norm was, it is divided by it."""
        return value


SpectralNorm.__name__ = "_SpectralNorm"  # as a repr shows it


@entry
def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value (Miyato et al., 2018).

    Raises ValueError for a name of no tensor.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)  # how near to 1 it is depends on the weight: the singular value is approximated
    >>> layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 2))
    >>> round(torch.linalg.matrix_norm(layer.weight, 2).item(), 3)
    1.0
    """
    weight = _tensor_of(module, name)
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    return register_parametrization(module, name, SpectralNorm(weight, n_power_iterations, dim, eps))


__getattr__ = _absent_from("nn.utils.parametrizations")
