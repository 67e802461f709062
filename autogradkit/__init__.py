"""PyTorch you can see through: tensors, autograd, nn, optim and data on NumPy, with pictures of what is hidden."""
