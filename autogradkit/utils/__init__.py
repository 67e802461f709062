"""Helpers around training: `utils.data` feeds a network."""
