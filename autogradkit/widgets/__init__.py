"""Notebook widgets. Python owns state, layout and markup; the front end (`widgets/` in the repository) steps and zooms."""
