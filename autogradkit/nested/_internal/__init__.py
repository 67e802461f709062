"""Nested tensors of jagged layout, where PyTorch keeps them: the class, and what functions do with it."""
