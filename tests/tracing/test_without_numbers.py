"""Recording tensors that have no numbers of their own: those on the device "meta", and the samples within `vmap`."""

from __future__ import annotations

import autogradkit as torch
from autogradkit.tracing import serial


def test_tensors_without_memory_are_recorded_with_their_sizes() -> None:
    with torch.record() as trace:
        z = torch.empty(2, 3, device="meta") + 1
        v = z.t()
        v[0] = 3.0
        layer = torch.nn.Linear(3, 4, device="meta")
        y = (layer(z) * 2).sum()
    table = trace.table()
    assert "z = 2×3, not kept" in table
    assert "v = 3×2, not kept" in table
    assert "y = scalar, not kept" in table
    values = {value.name: value for value in trace.values.values()}
    assert values["v"].stride == (1, 3)
    assert values["v"].storage == values["z"].storage != values["y"].storage
    assert (z.device.type, y.requires_grad) == ("meta", True)
    assert "not kept" in trace.to_html()
    assert serial.from_json(serial.to_json(trace)).values == trace.values


def test_a_recording_within_vmap_changes_nothing() -> None:
    tables: list[str] = []

    def double(x: torch.Tensor) -> torch.Tensor:
        with torch.record() as trace:
            y = x * 2
        tables.append(trace.table())
        return y

    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert torch.func.vmap(double)(rows).tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert "y = 2, not kept" in tables[0]
