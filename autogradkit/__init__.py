"""PyTorch you can see through: tensors, autograd, nn, optim and data on NumPy, with pictures of what is hidden.

`import autogradkit as torch` carries over what is known of PyTorch, in both directions. Importing this package loads NumPy
only; what is not needed by tensors and autograd (`nn`, `optim`, `record`, the magics, the widgets) is loaded when it is
first used. Type checkers see what the declared ops publish in a stub that `scripts/write_stubs.py` writes.
"""

import importlib as _importlib
import math as _math
import sys as _sys
import types as _types
import typing as _typing

from autogradkit import _ops as _ops
from autogradkit._ops.declare import PUBLISHED as _PUBLISHED
from autogradkit._ops.declare import PYTHON_FUNCTIONS as _PYTHON_FUNCTIONS
from autogradkit._ops.declare.names import published as _published
from autogradkit._ops.declare.unloaded import load_all as _load_all
from autogradkit._ops.making.constructors import BFloat16Tensor as BFloat16Tensor
from autogradkit._ops.making.constructors import BoolTensor as BoolTensor
from autogradkit._ops.making.constructors import ByteTensor as ByteTensor
from autogradkit._ops.making.constructors import CharTensor as CharTensor
from autogradkit._ops.making.constructors import DoubleTensor as DoubleTensor
from autogradkit._ops.making.constructors import FloatTensor as FloatTensor
from autogradkit._ops.making.constructors import HalfTensor as HalfTensor
from autogradkit._ops.making.constructors import IntTensor as IntTensor
from autogradkit._ops.making.constructors import LongTensor as LongTensor
from autogradkit._ops.making.constructors import ShortTensor as ShortTensor
from autogradkit._ops.making.options import channels_last as channels_last
from autogradkit._ops.making.options import channels_last_3d as channels_last_3d
from autogradkit._ops.making.options import contiguous_format as contiguous_format
from autogradkit._ops.making.options import memory_format as memory_format
from autogradkit._ops.making.options import preserve_format as preserve_format
from autogradkit.core import absent as _absent
from autogradkit.core import dtype as _dtypes
from autogradkit.core.device import AcceleratorError as AcceleratorError
from autogradkit.core.device import DeviceObjType as DeviceObjType
from autogradkit.core.device import OutOfMemoryError as OutOfMemoryError
from autogradkit.core.device import device as device
from autogradkit.core.device import get_default_device as get_default_device
from autogradkit.core.device import set_default_device as set_default_device
from autogradkit.core.dtype import bfloat16 as bfloat16
from autogradkit.core.dtype import complex32 as complex32
from autogradkit.core.dtype import complex64 as complex64
from autogradkit.core.dtype import complex128 as complex128
from autogradkit.core.dtype import dtype as dtype
from autogradkit.core.dtype import float4_e2m1fn_x2 as float4_e2m1fn_x2
from autogradkit.core.dtype import float8_e4m3fn as float8_e4m3fn
from autogradkit.core.dtype import float8_e4m3fnuz as float8_e4m3fnuz
from autogradkit.core.dtype import float8_e5m2 as float8_e5m2
from autogradkit.core.dtype import float8_e5m2fnuz as float8_e5m2fnuz
from autogradkit.core.dtype import float8_e8m0fnu as float8_e8m0fnu
from autogradkit.core.dtype import float16 as float16
from autogradkit.core.dtype import float32 as float32
from autogradkit.core.dtype import float64 as float64
from autogradkit.core.dtype import get_default_dtype as get_default_dtype
from autogradkit.core.dtype import int8 as int8
from autogradkit.core.dtype import int16 as int16
from autogradkit.core.dtype import int32 as int32
from autogradkit.core.dtype import int64 as int64
from autogradkit.core.dtype import qint8 as qint8
from autogradkit.core.dtype import qint32 as qint32
from autogradkit.core.dtype import quint2x4 as quint2x4
from autogradkit.core.dtype import quint4x2 as quint4x2
from autogradkit.core.dtype import quint8 as quint8
from autogradkit.core.dtype import set_default_dtype as set_default_dtype
from autogradkit.core.dtype import uint8 as uint8
from autogradkit.core.dtype import uint16 as uint16
from autogradkit.core.dtype import uint32 as uint32
from autogradkit.core.dtype import uint64 as uint64
from autogradkit.core.layout import jagged as jagged
from autogradkit.core.layout import layout as layout
from autogradkit.core.layout import sparse_bsc as sparse_bsc
from autogradkit.core.layout import sparse_bsr as sparse_bsr
from autogradkit.core.layout import sparse_coo as sparse_coo
from autogradkit.core.layout import sparse_csc as sparse_csc
from autogradkit.core.layout import sparse_csr as sparse_csr
from autogradkit.core.layout import strided as strided
from autogradkit.core.random import Generator as Generator
from autogradkit.core.random import default_generator as default_generator
from autogradkit.core.size import Size as Size
from autogradkit.core.storages import UntypedStorage as UntypedStorage
from autogradkit.core.tensor import Tensor as Tensor
from autogradkit.core.typed_storages import BFloat16Storage as BFloat16Storage
from autogradkit.core.typed_storages import BoolStorage as BoolStorage
from autogradkit.core.typed_storages import ByteStorage as ByteStorage
from autogradkit.core.typed_storages import CharStorage as CharStorage
from autogradkit.core.typed_storages import ComplexDoubleStorage as ComplexDoubleStorage
from autogradkit.core.typed_storages import ComplexFloatStorage as ComplexFloatStorage
from autogradkit.core.typed_storages import DoubleStorage as DoubleStorage
from autogradkit.core.typed_storages import FloatStorage as FloatStorage
from autogradkit.core.typed_storages import HalfStorage as HalfStorage
from autogradkit.core.typed_storages import IntStorage as IntStorage
from autogradkit.core.typed_storages import LongStorage as LongStorage
from autogradkit.core.typed_storages import ShortStorage as ShortStorage
from autogradkit.core.typed_storages import TypedStorage as TypedStorage
from autogradkit.core.typed_storages import is_storage as is_storage
from autogradkit.engine import attributes as _attributes  # noqa: F401 - attaches them
from autogradkit.engine import calling as _calling  # noqa: F401 - likewise
from autogradkit.engine import copies as _copies  # noqa: F401 - likewise
from autogradkit.engine.inference import inference_mode as inference_mode
from autogradkit.engine.inference import is_inference_mode_enabled as is_inference_mode_enabled
from autogradkit.engine.modes import enable_grad as enable_grad
from autogradkit.engine.modes import is_grad_enabled as is_grad_enabled
from autogradkit.engine.modes import no_grad as no_grad
from autogradkit.engine.modes import set_grad_enabled as set_grad_enabled
from autogradkit.torch_version import TorchVersion as _TorchVersion

__version__ = "0.1.0"
__version__ = _TorchVersion(__version__)

chalf = complex32
half, double, cfloat, cdouble = float16, float64, complex64, complex128
short, long = int16, int64
float, int, bool = _dtypes.float_, _dtypes.int_, _dtypes.bool_
Storage = FloatStorage
inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None
legacy_contiguous_format = contiguous_format


def load_ipython_extension(shell: _typing.Any) -> None:
    """`%load_ext autogradkit`: register the magics."""
    _importlib.import_module("autogradkit.extension").load_ipython_extension(shell)


def unload_ipython_extension(shell: _typing.Any) -> None:
    """`%unload_ext autogradkit`: take the magics away again."""
    _importlib.import_module("autogradkit.extension").unload_ipython_extension(shell)


if _typing.TYPE_CHECKING:
    from autogradkit._ops._published import *  # noqa: F403  # pyright: ignore[reportMissingModuleSource]
else:
    globals().update(_PYTHON_FUNCTIONS)

    _LAZY_MODULES = frozenset(
        {
            "__config__",
            "__future__",
            "_C",
            "_VF",
            "_dynamo",
            "_higher_order_ops",
            "_inductor",
            "_subclasses",
            "_tensor",
            "_tensor_str",
            "_utils",
            "accelerator",
            "amp",
            "ao",
            "autograd",
            "backends",
            "compiler",
            "cpu",
            "cuda",
            "distributed",
            "distributions",
            "fft",
            "func",
            "functional",
            "futures",
            "fx",
            "hub",
            "jit",
            "library",
            "linalg",
            "masked",
            "mps",
            "multiprocessing",
            "nn",
            "onnx",
            "optim",
            "overrides",
            "profiler",
            "quantization",
            "nested",
            "quasirandom",
            "random",
            "return_types",
            "safetensors",
            "serialization",
            "signal",
            "sparse",
            "special",
            "storage",
            "testing",
            "torch_version",
            "types",
            "utils",
            "version",
            "vision",
            "xpu",
            "tracing",
            "widgets",
            "magics",
            "cli",
        }
    )
    _LAZY_NAMES = {
        name: home
        for home, names in {
            "autogradkit.tracing": "record Trace",
            "autogradkit._ops.operators.namespaces": "ops",
            "autogradkit.core.tag": "Tag",
            "autogradkit._C": "has_lapack has_mkl has_openmp has_spectral",
            "autogradkit._ops.declare.overriding": "DisableTorchFunction DisableTorchFunctionSubclass",
            "autogradkit.core.limits": "finfo iinfo",
            "autogradkit.core.schema": "Argument FunctionSchema ListType OptionalType TensorType TupleType",
            "autogradkit.func": "vmap",
            "autogradkit.func.control": "cond",
            "autogradkit._higher_order_ops.loops": "while_loop",
            "autogradkit.nn.summary": "summary",
            "autogradkit._ops.sparse.older_names": "spmm dsmm hsmm saddmm",
            "autogradkit.standing_in": "as_torch",
            "autogradkit.serialization": "save load",
            "autogradkit.serialization.reader": "PyTorchFileReader",
            "autogradkit.core.printing": "get_printoptions printoptions set_printoptions",
            "autogradkit.futures": "Future",
            "autogradkit.jit": "ScriptFunction ScriptModule",
            "autogradkit._ops.asserting": "_assert _assert_async",
            "autogradkit._ops.checks": (
                "_check _check_index _check_is_size _check_not_implemented _check_tensor_all _check_tensor_all_with _check_type "
                "_check_value _check_with"
            ),
            "autogradkit.core.streams": "Event Stream",
            "autogradkit.amp": "GradScaler autocast is_autocast_enabled get_autocast_dtype",
            "autogradkit.compiler": "compile",
            "autogradkit.core.threads": "get_num_threads set_num_threads get_num_interop_threads set_num_interop_threads",
            "autogradkit.core.settings": (
                "use_deterministic_algorithms are_deterministic_algorithms_enabled is_deterministic_algorithms_warn_only_enabled "
                "get_deterministic_debug_mode set_deterministic_debug_mode get_float32_matmul_precision "
                "set_float32_matmul_precision set_flush_denormal"
            ),
            "autogradkit.storage": "StorageBase",
            "autogradkit.utils.dlpack": "to_dlpack",
            "autogradkit.core.schemes": (
                "qscheme per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric "
                "per_channel_affine_float_qparams"
            ),
            "autogradkit.quantization.tensor": "quantize_per_tensor quantize_per_channel quantize_per_tensor_dynamic",
            "autogradkit._utils": "get_device_module",
            "autogradkit.core.warning": "is_warn_always_enabled set_warn_always",
            "autogradkit.engine.modes": "is_anomaly_enabled is_anomaly_check_nan_enabled set_anomaly_enabled",
            "autogradkit.amp.switches": (
                "set_autocast_enabled set_autocast_dtype is_autocast_cache_enabled set_autocast_cache_enabled "
                "clear_autocast_cache autocast_increment_nesting autocast_decrement_nesting is_autocast_cpu_enabled "
                "set_autocast_cpu_enabled "
                "get_autocast_cpu_dtype set_autocast_cpu_dtype get_autocast_gpu_dtype set_autocast_gpu_dtype "
                "is_autocast_xla_enabled set_autocast_xla_enabled get_autocast_xla_dtype set_autocast_xla_dtype "
                "is_autocast_ipu_enabled set_autocast_ipu_enabled get_autocast_ipu_dtype set_autocast_ipu_dtype"
            ),
            "autogradkit.core.symbols": (
                "SymBool SymFloat SymInt sym_float sym_int sym_ite sym_max sym_min sym_not sym_sqrt sym_sum"
            ),
        }.items()
        for name in names.split()
    }
    # Of the modules only those for users: the others are attributes once something has loaded them.
    _LISTED = {name for name, value in globals().items() if name[0] != "_" and not isinstance(value, _types.ModuleType)}

    # What old scripts ask of `torch` itself, and the room of `backends` with the function that knows it.
    _OLD_SWITCHES = {
        "has_cuda": "cuda.is_built",
        "has_cudnn": "cudnn.is_available",
        "has_mkldnn": "mkldnn.is_available",
        "has_mps": "mps.is_built",
    }

    def __getattr__(name: str) -> _typing.Any:
        if name == "__all__":  # of `from torch import *`, which asks no `__dir__`; no modules, as in PyTorch
            return [each for each in __dir__() if each not in _LAZY_MODULES]
        if name in _PUBLISHED:
            function = globals()[name] = _PUBLISHED[name].front("function", name)
            return function
        if name in _LAZY_MODULES:
            return _importlib.import_module(f"autogradkit.{name}")
        if name in _LAZY_NAMES:
            return getattr(_importlib.import_module(_LAZY_NAMES[name]), name)
        if name.startswith("_foreach_"):
            function = _importlib.import_module("autogradkit._ops.foreach").foreach(name)
            if function is not None:
                return function
        if name[:2] != "__":
            if _published(name) is not None:
                return __getattr__(name)
            if name in _PYTHON_FUNCTIONS:  # of a family that is loaded by now
                function = globals()[name] = _PYTHON_FUNCTIONS[name]
                return function
        if name in _OLD_SWITCHES:
            return _absent.older_switch(name, _OLD_SWITCHES[name])
        raise _absent.lookup_error("torch", name, _sys._getframe(1))

    def __dir__() -> list[str]:
        _load_all()
        return sorted(
            _LISTED
            | {name for name in (*_LAZY_MODULES, *_LAZY_NAMES, *_PUBLISHED, *_PYTHON_FUNCTIONS) if name[0] != "_"}
        )

    if _absent.AbsentModules not in _sys.meta_path:
        _sys.meta_path.append(_absent.AbsentModules)
