"""Sparse tensors: how they are made and taken apart (`layouts.py`), and what ops compute of them (`kernels/`).

The names are declared with all others; the kernels are loaded by the first call with a sparse tensor.
"""
