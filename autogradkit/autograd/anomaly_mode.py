"""PyTorch's `torch.autograd.anomaly_mode`: the engine's anomaly detection under the name of its module there."""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.engine.modes import detect_anomaly as detect_anomaly
from autogradkit.engine.modes import set_detect_anomaly as set_detect_anomaly

__getattr__ = _absent_from("autograd.anomaly_mode")
