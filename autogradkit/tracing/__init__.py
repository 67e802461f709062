"""Seeing a computation: the event stream, the recorder, the Trace model and the renderers."""

from autogradkit.tracing.record import record as record
from autogradkit.tracing.trace import Trace as Trace
