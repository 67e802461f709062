"""Seeing a computation: the event stream, the recorder, the Trace model and the renderers."""
