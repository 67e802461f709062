"""PyTorch's `torch.fx.passes`, of which there is `shape_prop`: sizes and dtypes written onto a graph's nodes."""
