"""PyTorch's `torch.utils.benchmark`: how long statements take, measured until the clock does not count; tables of it."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.utils.benchmark.common import Language as Language
from autogradkit.utils.benchmark.common import ordered_unique as ordered_unique
from autogradkit.utils.benchmark.common import set_torch_threads as set_torch_threads
from autogradkit.utils.benchmark.common import trim_sigfig as trim_sigfig
from autogradkit.utils.benchmark.common import unit_to_english as unit_to_english
from autogradkit.utils.benchmark.compare import Colorize as Colorize
from autogradkit.utils.benchmark.compare import Compare as Compare
from autogradkit.utils.benchmark.fuzzer import FuzzedParameter as FuzzedParameter
from autogradkit.utils.benchmark.fuzzer import FuzzedTensor as FuzzedTensor
from autogradkit.utils.benchmark.fuzzer import Fuzzer as Fuzzer
from autogradkit.utils.benchmark.fuzzer import ParameterAlias as ParameterAlias
from autogradkit.utils.benchmark.measurement import Measurement as Measurement
from autogradkit.utils.benchmark.measurement import TaskSpec as TaskSpec
from autogradkit.utils.benchmark.measurement import select_unit as select_unit
from autogradkit.utils.benchmark.timer import Timer as Timer

__getattr__ = _absent_from("utils.benchmark")
