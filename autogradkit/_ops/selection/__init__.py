"""Ops that pick, write, join and rearrange elements."""
