"""The harness's page on Jupyter Notebook 7, for the tests of what differs there."""

from __future__ import annotations

from pathlib import Path

from tests.browser.harness import POLL, READY, Lab
from tests.browser.notebook_files import sign


class Notebook7(Lab):
    """The same page on Jupyter Notebook, which shows one notebook at a time; the server is JupyterLab's."""

    def reload(self) -> None:
        """Leave the page; kernels go on. What Notebook has without a notebook is its list of files, which takes as long."""
        self.page.goto("about:blank")

    def open(self, path: Path, trusted: bool = True, kernel: bool = True) -> Notebook7:
        """Open a notebook of the server's folder and wait for its kernel; it always starts one."""
        assert kernel, "Jupyter Notebook has no page without a kernel"
        sign(path, self.server.data, trusted)
        self.page.goto(f"{self.server.url}/notebooks/{path.relative_to(self.server.root).as_posix()}")
        self.page.wait_for_function(READY, polling=POLL)
        return self

    def close(self, keep_kernel: bool = False) -> None:
        """End the kernels, unless they are to stay, and leave the page."""
        if not keep_kernel:
            self.page.evaluate("async () => { await window.jupyterapp?.serviceManager.sessions.shutdownAll(); }")
        self.page.evaluate("() => { window.onbeforeunload = null; }")
        self.reload()

    def clear(self) -> None:
        """End the kernels."""
        self.close()
        self.errors.clear()
