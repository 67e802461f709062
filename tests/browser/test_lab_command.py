"""`autogradkit lab` in the browser of somebody who never had JupyterLab: nothing stands over the first lesson."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.harness import PATIENCE, POLL, SIZE
from tests.browser.processes import ROOT, SCREENSHOTS, free_port
from tests.lab_server import described

KERNEL_RUNS = """async () => (await (await fetch('/api/kernels')).json())
    .some(kernel => kernel.execution_state === 'idle' && kernel.connections > 0)"""


def test_no_question_about_news_stands_over_the_first_lesson(browser: Browser, tmp_path: Path) -> None:
    fresh = {name: str(tmp_path / name) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    environment = os.environ | fresh | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "autogradkit", "lab", "mine", "--no-browser", f"--port={free_port()}"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 90
        server = described(tmp_path / "runtime", process, tmp_path / "log", deadline)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server['url']}lab/tree/tutorials/00_start_here.ipynb?token={server['token']}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        # JupyterLab asks as soon as its page stands; the lesson's kernel is begun after that, and takes a second more. The page
        # calls it idle before it is there.
        page.wait_for_function(KERNEL_RUNS, polling=10 * POLL)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(page.locator(".Toastify__toast")).to_have_count(0)
        expect(page.locator(".jp-Dialog")).to_have_count(0)
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "lab-command.png")
        page.close()
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:  # stopped while it answers, Jupyter's server may wait for a thread for ever
            process.kill()
            process.wait()
