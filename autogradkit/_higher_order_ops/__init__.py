"""PyTorch's `torch._higher_order_ops`: running results of any associative function, and loops as functions of functions."""

from autogradkit._higher_order_ops.associative_scan import associative_scan as associative_scan
from autogradkit._higher_order_ops.loops import foreach_map as foreach_map
from autogradkit._higher_order_ops.loops import map as map
from autogradkit._higher_order_ops.loops import scan as scan
from autogradkit._higher_order_ops.loops import while_loop as while_loop
