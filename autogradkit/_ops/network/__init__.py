"""Ops of networks: linear layers, convolution, pooling, embedding, losses."""
