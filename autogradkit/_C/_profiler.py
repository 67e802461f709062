"""What scripts ask of `torch._C._profiler`: the switch by which profiles keep stacks."""

from autogradkit.autograd.profiler import _ExperimentalConfig as _ExperimentalConfig
