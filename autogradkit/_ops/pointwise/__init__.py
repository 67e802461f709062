"""Ops on corresponding elements of their operands, with promotion and broadcasting."""
