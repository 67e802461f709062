"""Texts, letter by letter: sonnets that the package carries, a small GPT, and the recipe by which it is trained.

Nothing of PyTorch's is called so; `autogradkit train gpt` uses it.
"""
