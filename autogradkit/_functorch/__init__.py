"""PyTorch's `torch._functorch`: what the package `functorch` had before `torch.func`, and scripts of its time still call."""
