"""`torch._inductor.config`: how kernels would be made. What is set is kept, and changes nothing: there is no compiler.

Here are the switches that training scripts set or ask for, with PyTorch's defaults.
"""

from types import SimpleNamespace

autotune_in_subproc = False
benchmark_kernel = False
conv_1x1_as_mm = False
coordinate_descent_check_all_directions = False
coordinate_descent_tuning = False
cpp_wrapper = False
debug = False
epilogue_fusion = True
force_fuse_int_mm_with_mul = False
freezing = False
fx_graph_cache = True
max_autotune = False
max_autotune_gemm = False
max_autotune_gemm_backends = "ATEN,TRITON,CPP"
permute_fusion = False
reorder_for_compute_comm_overlap = False
shape_padding = True
split_reductions = True
use_mixed_mm = True

cpp = SimpleNamespace(threads=-1)
triton = SimpleNamespace(cudagraph_trees=True, cudagraphs=False, store_cubin=False, unique_kernel_names=True)
