"""What autogradkit costs, beside PyTorch, MyGrad and HIPS autograd.

Each command prints the tables of one question; `results` runs them all and writes `benchmarks/RESULTS.md`.

    python -m benchmarks.peers         a full training step of three networks
    python -m benchmarks.mnist_epoch FOLDER  an epoch of PyTorch's first recipe over the full MNIST
    python -m benchmarks.overhead      one op on 8×8 elements
    python -m benchmarks.ops           ops that teaching code uses, at 1,000 and a million elements
    python -m benchmarks.chain         a graph of 10,000 nodes
    python -m benchmarks.imports       import time, and what the import loads
    python -m benchmarks.memory        the resident set over a training, and the peak of a step
    python -m benchmarks.recorder      what a recorder costs a training step
    python -m benchmarks.training_view  the live view of a training, in a kernel
    python -m benchmarks.tracing       what looking at a computation costs, at two sizes
    python -m benchmarks.pictures      large pictures in headless Chromium: opened, stepped through, dragged
    python -m benchmarks.notebook_pictures  the same in JupyterLab, from the run of the cell on
    python -m benchmarks.openings      stacks of equal turns opened one after the other: time, and bytes that are sent
    python -m benchmarks.results       everything, about ten minutes

Run them from the top of the repository, on a quiet machine with Linux, after `pip install -e ".[test,bench]"`: one
environment has them all, since MyGrad and HIPS autograd take NumPy 2 as it is.

How it is measured: every framework has a process of its own, with one thread. The processes take turns (a, b, c, d, a,
b, …), so that a busy moment of the machine meets them alike; only one works at a time. In a turn each takes the same
number of samples; a sample is one call, or as many as fill a millisecond. The first turn is not counted; of the others
the least time does. The garbage collector is on, as in ordinary use, and collects once before each turn. A ratio is the
least time over PyTorch's least time: below 1 is faster than PyTorch. Nothing is set in the C library's allocator, and
no kernels are forced on NumPy's BLAS: OPENBLAS_CORETYPE is not passed on, since it has cost a third of the speed.
"""
