"""Names that PyTorch's modules have because they import them, and that public code takes from there.

Editors complete `Tensor` to `from torch.nn.functional import Tensor`, and what was written so runs with PyTorch. Here modules
import other things; these names are found when they are asked for, by `absent.py`. A test holds them to the installed PyTorch.
Rests on nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.abc import Loader
from types import ModuleType
from typing import Any

_F = "nn.functional"
_TENSOR = {"Tensor": "torch.Tensor"}
_TORCH = {"torch": "torch"}
_REDUCTION = {"_Reduction": "nn._reduction"}
_PARAMETER = {"Parameter": "nn.parameter.Parameter"}
_DISTRIBUTIONS = (
    "Bernoulli Beta Binomial Categorical Cauchy ContinuousBernoulli Dirichlet Distribution Exponential ExponentialFamily Gamma "
    "Geometric Gumbel HalfNormal Independent Laplace LowRankMultivariateNormal MultivariateNormal Normal OneHotCategorical "
    "Pareto Poisson TransformedDistribution Uniform"
)


def _own(names: str) -> dict[str, str]:
    return {name: f"={name}" for name in names.split()}


def _tuples(names: str) -> dict[str, str]:
    return {name: f"nn.modules.utils.{name}" for name in names.split()}


def _written(names: str) -> dict[str, str]:
    return {f"_{name}": f"optim.custom.{name}" for name in names.split()}


# Modules that PyTorch has for its own use, of which there is nothing here but such names.
_MASKED = (
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
)  # fmt: skip
_LOOPS = ("foreach_map", "map", "scan", "while_loop")
# Older names of namespaces that are `ao`'s.
_AO = {
    "nn.quantized": "BatchNorm2d BatchNorm3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d DeQuantize "
    "Dropout ELU FXFloatFunctional FloatFunctional Hardswish LayerNorm LeakyReLU Linear QFunctional Quantize ReLU6",
    "nn.quantized.dynamic": "GRU LSTM Linear",
    "nn.qat": "Conv1d Conv2d Conv3d Linear",
    "nn.intrinsic": "BNReLU2d BNReLU3d ConvBn1d ConvBn2d ConvBn3d ConvBnReLU1d ConvBnReLU2d ConvBnReLU3d ConvReLU1d ConvReLU2d "
    "ConvReLU3d LinearBn1d LinearReLU",
    "nn.intrinsic.qat": "ConvBn1d ConvBn2d ConvBn3d ConvBnReLU1d ConvBnReLU2d ConvBnReLU3d ConvReLU1d ConvReLU2d ConvReLU3d "
    "LinearBn1d LinearReLU",
    "nn.intrinsic.quantized": "BNReLU2d BNReLU3d ConvReLU1d ConvReLU2d ConvReLU3d LinearReLU",
}
MODULES = {
    *_AO,
    *("_jit_internal", "_lobpcg", "_lowrank", "cuda.graphs", "cuda.streams", "masked._ops", "multiprocessing.pool"),
    *("jit._script", "utils._mode_utils", "utils.module_tracker"),
    *[f"_higher_order_ops.{name}" for name in ("cond", *_LOOPS)],
}

# By PyTorch's module: the name, and the module that it is of or the place where it stands; `=` before what is Python's own.
_BORROWED: dict[str, dict[str, str]] = {
    "_C": {name: f"torch.{name}" for name in ("Size", "device", "dtype", "set_flush_denormal")},
    "_jit_internal": {
        **{name: f"=typing.{name}" for name in ("Any", "Dict", "Final", "List", "Optional", "Tuple", "TypeVar", "Union")},
        "get_args": "=typing.get_args", "get_origin": "=typing.get_origin",
        "Callable": "=collections.abc.Callable",
        **{name: f"jit.{name}" for name in ("export", "ignore", "is_scripting", "unused", "Future")},
    },
    "_higher_order_ops.cond": {"cond": "func.control.cond"},
    **{f"_higher_order_ops.{name}": {name: f"_higher_order_ops.loops.{name}"} for name in _LOOPS},
    "_lobpcg": {**_TENSOR, "lobpcg": "torch.lobpcg"},
    "_lowrank": {**_TENSOR, "svd_lowrank": "torch.svd_lowrank", "pca_lowrank": "torch.pca_lowrank"},
    "cuda.graphs": {"CUDAGraph": "cuda.CUDAGraph", "graph": "cuda.graph"},
    "cuda.streams": {"Event": "cuda.Event", "Stream": "cuda.Stream"},
    "utils._mode_utils": {"no_dispatch": "_C._DisableTorchDispatch"},
    "utils.module_tracker": {"ModuleTracker": "nn.module_tracker.ModuleTracker"},
    "masked._ops": {name: f"masked.{name}" for name in (*_MASKED, "MaskedTensor", "as_masked_tensor", "is_masked_tensor")},
    "multiprocessing.pool": {"Pool": "=multiprocessing.pool.Pool"},
    "jit._script": {name: f"jit.{name}" for name in ("script", "ScriptFunction", "ScriptModule")},
    **{module: {name: f"ao.{module}.{name}" for name in names.split()} for module, names in _AO.items()},
    "functional": {"F": _F, **_TENSOR},
    "nn.functional": {
        "math": "=math", "warnings": "=warnings", "importlib": "=importlib", **_TENSOR, "Callable": "=collections.abc.Callable",
        "Optional": "=typing.Optional", "handle_torch_function": "overrides.handle_torch_function",
        **{f"has_torch_function{what}": f"overrides.has_torch_function{what}" for what in ("", "_unary", "_variadic")},
        **_TORCH, **_REDUCTION, **_tuples("_list_with_default _pair _single _triple"), "np": "=numpy", "_VF": "_VF",
    },
    "nn.init": {"warnings": "=warnings", **_TORCH},
    "nn.parameter": {"OrderedDict": "=collections.OrderedDict", **_TORCH},
    "nn.modules.activation": {
        "F": _F, **_PARAMETER, **_TORCH, "warnings": "=warnings",
        "NonDynamicallyQuantizableLinear": "nn.modules.linear.NonDynamicallyQuantizableLinear",
        "constant_": "nn.init.constant_", "xavier_normal_": "nn.init.xavier_normal_",
        "xavier_uniform_": "nn.init.xavier_uniform_",
    },
    "nn.modules.batchnorm": {"F": _F, **_PARAMETER},
    "nn.modules.container": {"chain": "=itertools.chain", "islice": "=itertools.islice", "container_abcs": "=collections.abc",
        **_TORCH,
    },
    "nn.modules.conv": {
        "F": _F, **_PARAMETER, **_TORCH, **_tuples("_pair _reverse_repeat_tuple _single _triple"),
        **{f"_size_{n}_t": f"nn.common_types._size_{n}_t" for n in (1, 2, 3)},
    },
    "nn.modules.dropout": {"F": _F},
    "nn.modules.linear": {"F": _F, **_PARAMETER},
    "nn.modules.loss": {"F": _F, **_REDUCTION, "PairwiseDistance": "nn.modules.distance.PairwiseDistance"},
    "nn.modules.module": {
        "OrderedDict": "=collections.OrderedDict", "namedtuple": "=collections.namedtuple",
        **{
            f"_global_{what}_registration_hooks": f"nn.modules.global_hooks._global_{what}_registration_hooks"
            for what in ("buffer", "module", "parameter")
        },
    },
    "nn.modules.normalization": {"F": _F, **_PARAMETER, "Size": "torch.Size"},
    "nn.modules.padding": {"F": _F},
    "nn.modules.rnn": {"_VF": "_VF"},
    "nn.modules.pooling": {"F": _F},
    "nn.modules.sparse": {"F": _F, **_PARAMETER, **_TENSOR, "Module": "nn.modules.module.Module", "init": "nn.init"},
    "nn.modules.transformer": {
        "F": _F, **_TORCH, "Callable": "=collections.abc.Callable", "Dropout": "nn.Dropout",
        "Linear": "nn.Linear", "MultiheadAttention": "nn.MultiheadAttention",
        "xavier_uniform_": "nn.init.xavier_uniform_",
    },
    "nn.modules.upsampling": {"F": _F, **_TENSOR, "Module": "nn.modules.module.Module"},
    "nn.modules.utils": {"collections": "=collections", "repeat": "=itertools.repeat"},
    "nn.utils.parametrize": {"ModuleList": "nn.ModuleList", "deepcopy": "=copy.deepcopy"},
    "nn.utils.prune": {"ABC": "=abc.ABC", "abstractmethod": "=abc.abstractmethod", "numbers": "=numbers"},
    "optim.adam": {"Optimizer": "optim.Optimizer"},
    "optim.lr_scheduler": {
        "Optimizer": "optim.Optimizer", **_TENSOR, "Counter": "=collections.Counter", "bisect_right": "=bisect.bisect_right",
        "inf": "=math.inf", "math": "=math", "partial": "=functools.partial", "warnings": "=warnings",
        "wraps": "=functools.wraps",
    },
    "optim.optimizer": {
        "OrderedDict": "=collections.OrderedDict", "chain": "=itertools.chain", "deepcopy": "=copy.deepcopy", **_TORCH,
        **_written(
            "capturable_doc default_to_fused_or_foreach differentiable_doc disable_dynamo_if_unsupported foreach_doc fused_doc "
            "get_scalar_dtype get_value maximize_doc params_doc stack_if_compiling to_scalar use_grad_for_differentiable "
            "view_as_real"
        ),
    },
    "optim.swa_utils": {"deepcopy": "=copy.deepcopy"},
    "utils.data.dataloader": {
        "Dataset": "utils.data.Dataset", "Sampler": "utils.data.Sampler", "get_worker_info": "utils.data.get_worker_info",
    },
    "utils.data.dataset": {"randperm": "torch.randperm", "warnings": "=warnings"},
    "utils.data.distributed": {"Dataset": "utils.data.Dataset", "dist": "distributed"},
    "autograd.graph": {"Variable": "autograd.Variable", "defaultdict": "=collections.defaultdict", "deque": "=collections.deque"},
    "distributions.categorical": {
        "Distribution": "distributions.Distribution", "lazy_property": "distributions.utils.lazy_property",
        "logits_to_probs": "distributions.utils.logits_to_probs", "probs_to_logits": "distributions.utils.probs_to_logits",
    },
    "distributions.kl": {
        **_TENSOR, **{name: f"distributions.{name}" for name in _DISTRIBUTIONS.split()},
    },
    "distributions.transforms": {
        **_TENSOR, "F": _F, "Distribution": "distributions.Distribution", "broadcast_all": "distributions.utils.broadcast_all",
        "constraints": "distributions.constraints", "lazy_property": "distributions.utils.lazy_property", "math": "=math",
        "pad": "nn.functional.pad", "softplus": "nn.functional.softplus",
    },
    "distributions.utils": {"F": _F, "euler_constant": "=numpy.euler_gamma", "Number": "types.Number"},
    "fft": _TENSOR,
    "hub": {
        **_own("contextlib errno hashlib json os re shutil sys tempfile warnings zipfile"), "Path": "=pathlib.Path",
        "HTTPError": "=urllib.error.HTTPError", "tqdm": "=tqdm.tqdm", "urlopen": "=urllib.request.urlopen",
    },
    "serialization": {
        **_own("copyreg io os pickle re shutil struct sys tarfile tempfile warnings"), "closing": "=contextlib.closing",
        "contextmanager": "=contextlib.contextmanager", "mkdtemp": "=tempfile.mkdtemp",
    },
    "random": {"Generator": "torch.Generator"},
    "sparse": _TENSOR,
    "special": _TENSOR,
    "types": {**_TENSOR, "Size": "torch.Size", "SymInt": "torch.SymInt"},
}  # fmt: skip


class Borrowing(Loader):
    """Makes one of `MODULES`, whose attributes are found by `look`, as that of a module with names of its own finds these."""

    def __init__(self, look: Callable[[str], Any]) -> None:
        self._look = look

    def exec_module(self, module: ModuleType) -> None:
        """Have it find what it borrows."""
        vars(module)["__getattr__"] = self._look


def borrowed(namespace: str, name: str) -> Any:
    """What PyTorch's module for `namespace` has of another under `name`; None where it has nothing, or nobody takes it there.

    >>> import autogradkit
    >>> borrowed("optim.lr_scheduler", "Optimizer") is autogradkit.optim.Optimizer, borrowed("optim", "Optimiser")
    (True, None)
    """
    place = _BORROWED.get(namespace, {}).get(name)
    if place is None:
        return None
    if place[0] == "=":
        home, _, own = place[1:].rpartition(".")
        return getattr(importlib.import_module(home), own) if home else importlib.import_module(own)
    if place == "torch":
        return importlib.import_module("autogradkit")
    home, _, own = place.rpartition(".")
    package = importlib.import_module("autogradkit" if home in ("", "torch") else f"autogradkit.{home}")
    return getattr(package, own)
