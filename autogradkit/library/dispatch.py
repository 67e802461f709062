"""How a registered operator runs: which of its kernels takes a call, in the order of PyTorch's dispatch keys.

A call goes to the rule for `vmap` where an argument is a sample of a batch, then to the kernel for autograd, then to the one for
the device, and what has none of its own to what serves all: `CompositeExplicitAutograd`, else `CompositeImplicitAutograd`. There
are two devices, the processor and meta. Rests on core and `_ops/operators`; the other files of this package register.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Never

from autogradkit._ops.operators.namespaces import REGISTERED, ops, packet_of
from autogradkit._ops.operators.overloads import OpOverload
from autogradkit.core.batched import BATCHES, has_batched
from autogradkit.core.facts import named
from autogradkit.core.meta import META, has_meta
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.schema import FunctionSchema
from autogradkit.core.schema_calls import default_of
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import MODE
from autogradkit.library.batches import one_by_one

Kernel = Callable[..., Any]
EXPLICIT, IMPLICIT = "CompositeExplicitAutograd", "CompositeImplicitAutograd"
AUTOGRAD, BATCHED, META_KEY, CPU = "Autograd", "FuncTorchBatched", "Meta", "CPU"
# PyTorch's keys that a kernel may be registered for; those of devices that are not here are kept and never asked.
KEYS = frozenset(
    {
        EXPLICIT,
        IMPLICIT,
        "CompositeExplicitAutogradNonFunctional",
        AUTOGRAD,
        "AutogradCPU",
        "AutogradCUDA",
        BATCHED,
        META_KEY,
    }
    | {
        CPU,
        "CUDA",
        "HIP",
        "XLA",
        "MPS",
        "IPU",
        "XPU",
        "HPU",
        "VE",
        "Lazy",
        "MTIA",
        "MAIA",
        "PrivateUse1",
        "QuantizedCPU",
    }
    | {
        "QuantizedCUDA",
        "SparseCPU",
        "SparseCUDA",
        "SparseCsrCPU",
        "MkldnnCPU",
        "NestedTensorCPU",
        "BackendSelect",
        "Python",
    }
    | {"Functionalize", "ADInplaceOrView", "AutogradOther", "AutogradMeta", "AutocastCPU", "AutocastCUDA", "Tracer"}
    | {"Conjugate", "Negative", "ZeroTensor", "PythonDispatcher", "PreDispatch", "AutogradNestedTensor"}
)
_DEVICES = (
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy", "vulkan",
    "mps", "meta", "hpu", "mtia", "privateuseone",
)  # fmt: skip
_CAPITALS = {"ve", "cpu", "cuda", "hip", "xla", "mps", "ipu", "xpu", "hpu", "mtia", "maia", "fpga"}


def key_of_device(device_type: str) -> str:
    """The dispatch key for a type of device. Raises RuntimeError, with PyTorch's text, for none.

    >>> key_of_device("cuda"), key_of_device("meta")
    ('CUDA', 'Meta')
    """
    if device_type not in _DEVICES:
        raise RuntimeError(
            f"Expected one of {', '.join(_DEVICES)} device type at start of device string: {device_type}"
        )
    if device_type == "privateuseone":
        return "PrivateUse1"
    return device_type.upper() if device_type in _CAPITALS else device_type.capitalize()


class Kernels:
    """The kernels of one operator by dispatch key; there may be some before it is defined."""

    def __init__(self) -> None:
        self.by_key: dict[str, Kernel] = {}
        self.fake: Kernel | None = None

    def first(self, *keys: str) -> Kernel | None:
        """The kernel for the first of these keys that has one."""
        return next((self.by_key[key] for key in keys if key in self.by_key), None)


KERNELS: dict[str, Kernels] = {}  # by the name of the operator, "mylib::scale"


def kernels_of(qualname: str) -> Kernels:
    """The kernels of an operator, which need not be defined yet."""
    return KERNELS.setdefault(qualname, Kernels())


def define_operator(schema: FunctionSchema, tags: Sequence[Any]) -> OpOverload:
    """The operator of a schema, in `torch.ops` from now on."""
    space, _, name = schema.name.partition("::")
    called = schema.overload_name or "default"
    registered = REGISTERED.setdefault(space, {}).setdefault(name, {})
    qualname = schema.name + (f".{schema.overload_name}" if schema.overload_name else "")
    kernels = kernels_of(qualname)
    made: OpOverload
    made = registered[called] = OpOverload(
        packet_of(space, name), schema, lambda values: run(made, kernels, values), tags
    )
    return made


def undefine_operator(schema: FunctionSchema) -> None:
    """Take an operator out of `torch.ops`."""
    space, _, name = schema.name.partition("::")
    registered = REGISTERED[space][name]
    registered.pop(schema.overload_name or "default", None)
    if not registered:
        del REGISTERED[space][name]


def lookup(qualname: str) -> OpOverload:
    """The operator of a name, `mylib::scale` or `mylib::scale.out`.

    Raises ValueError for what is no such name, AttributeError where there is no such operator.
    """
    space, name = parse_namespace(qualname)
    name, _, overload = name.partition(".")
    return getattr(getattr(getattr(ops, space), name), overload or "default")


def parse_namespace(qualname: str) -> tuple[str, str]:
    """The namespace and the name of `mylib::scale`. Raises ValueError for anything else."""
    parts = qualname.split("::")
    if len(parts) != 2:
        raise ValueError(
            f'Expected `qualname` to be of the form "namespace::name", but got {qualname}. The qualname passed to the '
            "torch.library APIs must consist of a namespace and a name, e.g. aten::sin"
        )
    return parts[0], parts[1]


# -- running -----------------------------------------------------------------------------------------------------------


def run(op: OpOverload, kernels: Kernels, values: dict[str, Any]) -> Any:
    """A call on the values of the schema's arguments."""
    args, kwargs = _as_called(op._schema, values)
    if not RECORDERS or op._schema.is_mutable or _is_composite(kernels):
        return _run(op, kernels, args, kwargs)
    return observed(named(op.name()), "op", lambda *a, **k: _run(op, kernels, a, k), tuple(args), kwargs)


def _as_called(schema: FunctionSchema, values: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments as a kernel gets them: those at the end that have their defaults are left out, as PyTorch leaves them out."""
    placed = [each for each in schema.arguments if not each.kwarg_only]
    while placed and _is_default(placed[-1], values):
        placed.pop()
    kwargs = {
        each.name: values[each.name] for each in schema.arguments if each.kwarg_only and not _is_default(each, values)
    }
    return [values[each.name] for each in placed], kwargs


def _is_default(argument: Any, values: dict[str, Any]) -> bool:
    value, default = values[argument.name], default_of(argument)
    if not argument.has_default_value() or isinstance(value, Tensor):
        return False
    return value is default or (type(value) is type(default) and bool(value == default))


def _is_composite(kernels: Kernels) -> bool:
    """Whether a call is that of the ops which it is made of."""
    return kernels.first(AUTOGRAD, "AutogradCPU", CPU, EXPLICIT) is None and IMPLICIT in kernels.by_key


class _Below(threading.local):
    """Whether this thread runs below autograd: then a call goes to the kernel of the device."""

    on = False


BELOW = _Below()


def _run(op: OpOverload, kernels: Kernels, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    every = (*args, *kwargs.values())
    if BATCHES and has_batched(every):
        batched = kernels.first(BATCHED)
        if batched is not None:
            return batched(*args, **kwargs)
        return one_by_one(op, args, kwargs)
    autograd = None if BELOW.on else kernels.first("AutogradCPU", AUTOGRAD)
    if autograd is not None:
        return autograd(*args, **kwargs)
    result = run_below(op, kernels, args, kwargs)
    if not BELOW.on and IMPLICIT not in kernels.by_key and MODE.grad:
        _warn_in_backward(op, result)
    return result


def run_below(op: OpOverload, kernels: Kernels, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The kernel for the device of the arguments. Raises NotImplementedError, with PyTorch's text, where there is none."""
    if META and has_meta((*args, *kwargs.values())):
        kernel = kernels.fake or kernels.first(META_KEY, EXPLICIT, IMPLICIT)
        if kernel is None:
            raise NotImplementedError(
                f"{op.name()}: attempted to run this operator with Meta tensors, but there was no fake impl or Meta kernel "
                "registered. You may have run into this message while using an operator with PT2 compilation APIs "
                "(torch.compile/torch.export); in order to use this operator with those APIs you'll need to add a fake impl. "
                "Please see the following for next steps:  "
                "https://pytorch.org/tutorials/advanced/custom_ops_landing_page.html"
            )
    else:
        kernel = kernels.first(CPU, EXPLICIT, IMPLICIT)
        if kernel is None:
            _refuse(op, kernels)
    return kernel(*args, **kwargs)


def _refuse(op: OpOverload, kernels: Kernels) -> Never:
    available = ", ".join(kernels.by_key) or "none"
    raise NotImplementedError(
        f"Could not run '{op.name()}' with arguments from the 'CPU' backend. This could be because the operator doesn't exist "
        "for this backend, or was omitted during the selective/custom build process (if using custom build). If you are a "
        "Facebook employee using PyTorch on mobile, please visit https://fburl.com/ptmfixes for possible resolutions. "
        f"'{op.name()}' is only available for these backends: [{available}]."
    )


def _warn_in_backward(op: OpOverload, result: Any) -> None:
    """Have backward say that the op has no gradient of its own, where it goes through what the kernel recorded."""

    def say(_gradient: Any) -> None:
        warn(
            f"{op.name()}: an autograd kernel was not registered to the Autograd key(s) but we are trying to backprop through "
            "it. This may lead to silently incorrect behavior. This behavior is deprecated and will be removed in a future "
            "version of PyTorch. If your operator is differentiable, please ensure you have registered an autograd kernel to "
            "the correct Autograd key (e.g. DispatchKey::Autograd, DispatchKey::CompositeImplicitAutograd). If your operator "
            "is not differentiable, or to squash this warning and use the previous behavior, please register "
            "torch::CppFunction::makeFallthrough() to DispatchKey::Autograd."
        )

    for each in result if isinstance(result, (list, tuple)) else (result,):
        if isinstance(each, Tensor) and each.requires_grad and not each.is_leaf:
            each.register_hook(say)
