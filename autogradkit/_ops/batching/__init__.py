"""What ops compute where `vmap` gives them a batch: one file a kind, each registering its rules by the ops' names."""

from autogradkit._ops.batching import dimensions, elements, networks, products

__all__ = ["dimensions", "elements", "networks", "products"]
