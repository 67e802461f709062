"""How tensors are differentiated: graph nodes, backward, grad modes, hooks. Knows no op."""
