"""`torch.fx._symbolic_trace`, where published packages look for what `fx` has."""

from autogradkit.fx.proxy import TraceError as TraceError
from autogradkit.fx.tracer import Tracer as Tracer
from autogradkit.fx.tracer import _assert_is_none as _assert_is_none
from autogradkit.fx.tracer import symbolic_trace as symbolic_trace
from autogradkit.fx.wrapping import wrap as wrap
