"""PyTorch's `torch.autograd`: running backward, custom functions, checking gradients, grad modes.

Thin over the engine; `function.py` (with its `function_*.py`) and `gradcheck.py` are what this room adds.
"""

from __future__ import annotations

from autogradkit.autograd import anomaly_mode as anomaly_mode
from autogradkit.autograd import forward_ad as forward_ad
from autogradkit.autograd import function as function
from autogradkit.autograd import functional as functional
from autogradkit.autograd import grad_mode as grad_mode
from autogradkit.autograd import graph as graph
from autogradkit.autograd import profiler as profiler
from autogradkit.autograd.function import Function as Function
from autogradkit.autograd.grad_mode import is_multithreading_enabled as is_multithreading_enabled
from autogradkit.autograd.grad_mode import set_multithreading_enabled as set_multithreading_enabled
from autogradkit.autograd.gradcheck import GradcheckError as GradcheckError
from autogradkit.autograd.gradcheck import gradcheck as gradcheck
from autogradkit.autograd.gradcheck import gradgradcheck as gradgradcheck
from autogradkit.autograd.variable import Variable as Variable
from autogradkit.autograd.variable import _is_checkpoint_valid as _is_checkpoint_valid
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.engine.backward import backward as backward
from autogradkit.engine.backward import grad as grad
from autogradkit.engine.inference import inference_mode as inference_mode
from autogradkit.engine.modes import detect_anomaly as detect_anomaly
from autogradkit.engine.modes import enable_grad as enable_grad
from autogradkit.engine.modes import is_anomaly_enabled as is_anomaly_enabled
from autogradkit.engine.modes import no_grad as no_grad
from autogradkit.engine.modes import set_detect_anomaly as set_detect_anomaly
from autogradkit.engine.modes import set_grad_enabled as set_grad_enabled
from autogradkit.engine.saved_tensor import SavedTensor as SavedTensor

__getattr__ = _absent_from("autograd")
