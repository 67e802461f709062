"""PyTorch's `torch.utils._contextlib`: context managers that also decorate, from which packages derive their own."""

from autogradkit.engine.modes import BareContextDecorator, ContextDecorator

_DecoratorContextManager = ContextDecorator
_NoParamDecoratorContextManager = BareContextDecorator
