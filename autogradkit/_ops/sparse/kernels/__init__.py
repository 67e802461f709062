"""What ops compute where some operand is sparse: one file a kind, each registering its kernels by the ops' names."""

from autogradkit._ops.sparse.kernels import compressed, dimensions, parts, pointwise, products, reductions

__all__ = ["compressed", "dimensions", "parts", "pointwise", "products", "reductions"]
