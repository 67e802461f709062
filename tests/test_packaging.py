"""What the wheel carries: everything a learner needs, nothing of the workshop."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import autogradkit
from scripts.write_stubs import STUBS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def test_it_holds_code_types_data_lessons_and_front_end(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    lessons = {path.name for path in (ROOT / "tutorials").glob("*.ipynb")}
    assert {f"autogradkit/_lessons/{name}" for name in lessons} <= names
    static = {path.relative_to(ROOT).as_posix() for path in (ROOT / "autogradkit").glob("*/_static/*")}
    assert {"autogradkit/widgets/_static/graph.js", "autogradkit/tracing/_static/page.js"} <= static <= names
    assert {
        "autogradkit/_jupyter/labconfig/default_setting_overrides.json",
        "autogradkit/_ops/_published.pyi",
        "autogradkit/core/_attached.pyi",
        "autogradkit/core/pytorch_names.txt",
        "autogradkit/py.typed",
        "autogradkit/text/_data/LICENSE-SONNETS.txt",
        "autogradkit/text/_data/sonnets.txt",
        "autogradkit/vision/_data/LICENSE-MNIST.txt",
        "autogradkit/vision/_data/mnist_sample.npz",
        f"autogradkit-{autogradkit.__version__}.dist-info/licenses/LICENSE",
    } <= names
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "autogradkit").rglob("*.py")}
    assert sources <= names
    folders = {name.split("/")[0] for name in names}
    assert folders == {"autogradkit", f"autogradkit-{autogradkit.__version__}.dist-info"}


def test_its_types_are_those_of_its_declarations(wheel: zipfile.ZipFile) -> None:
    for file, make in STUBS.items():
        assert wheel.read(file).decode() == make()


def test_it_stays_small(wheel: zipfile.ZipFile) -> None:
    assert sum(entry.compress_size for entry in wheel.infolist()) < 4_000_000


def test_it_never_asks_for_pytorch_at_run_time(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read(f"autogradkit-{autogradkit.__version__}.dist-info/METADATA").decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert any(line.startswith("Requires-Dist: numpy") for line in required)
    assert not any("torch" in line for line in required)


def test_importing_loads_numpy_only() -> None:
    # What a package's .pth file has loaded before is not ours.
    code = "import sys; before = {*sys.modules}; import autogradkit; print(*{n.split('.')[0] for n in {*sys.modules} - before})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    loaded_packages = set(loaded.split()) - set(sys.stdlib_module_names)
    foreign = {name for name in loaded_packages if not name.startswith(("_", "sitecustomize", "usercustomize"))}
    assert foreign <= {"autogradkit", "numpy"}
