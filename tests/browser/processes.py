"""JupyterLab and headless Chromium, as the browser tests and the gallery start them; and the folders they know of."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
]
SETTINGS = {
    # No news, no questions: nothing that asks the network or covers the page.
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}',
    # Every cell is in the page, whether it is scrolled into view or not.
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "docmanager-extension/plugin": '{"autosave": false}',
}


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, the folder it shows, and its private Jupyter data."""

    url: str
    root: Path
    data: Path


def launch(playwright: Playwright) -> Browser:
    """Headless Chromium: the system's where there is one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)


def free_port() -> int:
    """A port of the loopback address that nothing listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """JupyterLab on the loopback address, with settings of its own, until the block ends."""
    root, private = folder / "notebooks", folder / "jupyter"
    root.mkdir(parents=True)
    (private / "data").mkdir(parents=True)  # where notebooks are signed, perhaps before the server writes there
    for name, text in SETTINGS.items():
        file = private / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = os.environ | {name: str(private / place) for name, place in places.items()}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url="]
    command += ["--JupyterNotebookApp.expose_app_in_browser=True"]
    url = f"http://127.0.0.1:{port}"
    with (private / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(url, process, private / "server.log")
        yield Server(url, root, private / "data")
    finally:
        process.terminate()
        process.wait(120)  # for its kernels, on a busy machine


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api/status", timeout=5):
            return
        time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
