"""Real JupyterLab in headless Chromium, driven from tests.

`tests/browser/conftest.py` makes of it the fixtures that a test uses:

    def test_something(lab: Lab, notebook: Callable[..., Path]) -> None:
        path = notebook("import autogradkit as torch", "%load_ext autogradkit", "%%trace\\n...")   # one source per cell
        lab.open(path)                     # lab.open(path, trusted=False): stored outputs as an untrusted notebook
        lab.save(); lab.close(); lab.open(path)  # close(keep_kernel=True), open(path, kernel=False)
        lab.run_all()                      # or lab.run_cell(2); lab.start_cell(2) ... lab.wait_cell(2)
        cell = lab.drawn(2)                # a playwright locator: cell.get_by_role("button", name="Step").click();
                                           # lab.cell(2) for a cell without a picture, or one that is still being drawn
        lab.ask("view.step")               # what the kernel's Python says (repr), without adding a cell
        lab.wait_for("view.step", "3")     # until it says so: what the page sends arrives a moment later
        assert lab.outputs(2)[0]["data"]["text/plain"] == ...
        assert lab.errors == []            # what the page reported on its console
        assert lab.axe(cell) == []         # accessibility violations
        lab.theme("dark"); lab.resize(800, 600); lab.side_bar(shown=False)
        lab.screenshot("graph-dark", cell) # with --screenshots, tests/browser/screenshots/graph-dark.png: look at it

Server, browser and page are shared by the run (by each worker, where there are several): loading JupyterLab takes longer
than most tests. Each test begins with nothing open, no kernel, the light theme and the usual size.

What a click or a key brings comes later: from Python, from a redraw, in the page's next frame. So a test waits for what it
wants to see (`expect(...)`, `lab.wait_for`, `page.wait_for_function`) and reads a value at once only of what cannot change.

Rests on `processes.py` (server and browser), `notebook_files.py` (what is opened) and `accessibility.py` (axe); `notebook7.py` is
the same page on Jupyter Notebook.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import axe
from tests.browser.notebook_files import sign
from tests.browser.processes import SCREENSHOTS, Server

PANEL = "window.jupyterapp?.shell.currentWidget"
PATIENCE = 120_000  # ms that a cell may run
MOMENT = 30_000  # ms that an answer of the page or of the kernel may take on a busy machine
POLL = 50  # ms between two looks at the page: at every frame, as is usual, one would keep a processor busy
SIZE = {"width": 1280, "height": 900}
TRUST = [pytest.param(True, id="trusted"), pytest.param(False, id="untrusted", marks=pytest.mark.wide)]  # of a notebook
# A resource that is not there (a favicon, a source map) is the server's matter, not the page's. Of a slow page anywidget says
# that it gives a model up; that the model hears all the same (widgets/src/shared/hearing.ts) has a test in test_survival.py.
OTHERS_ERRORS = ("Failed to load resource", "[anywidget] Failed to initialize model")
LOADED = f"""() => Boolean({PANEL}?.content?.widgets?.length && {PANEL}.context.isReady)"""
KERNEL = f"{PANEL}?.sessionContext?.session?.kernel"
CONNECTED = f"""() => ({LOADED})() && {KERNEL}?.connectionStatus === 'connected'"""
READY = f"""() => ({CONNECTED})() && {KERNEL}.status === 'idle'"""
START_CELL = f"""index => {{
    const panel = {PANEL};
    panel.content.deselectAll();
    panel.content.activeCellIndex = index;
    window.running ??= {{}};
    window.running[index] = window.jupyterapp.commands.execute('notebook:run-cell');
}}"""
WAIT_CELL = f"""async index => {{
    const late = new Promise((_, fail) => setTimeout(
        () => fail(new Error(`cell ${{index}} still runs after {PATIENCE // 1000} s`)), {PATIENCE}));
    await Promise.race([window.running[index], late]);
}}"""
# A picture tells Python its width, at once or when it has stayed so for a while (SETTLED in widgets/src/shared/width.ts), and
# Python draws it anew. Nothing is on its way when, after three looks in which that while is over, an answer of the kernel has
# brought no other picture: an answer to what is sent as the width is, for what widgets send goes to a subshell of the kernel,
# which the answer to a cell does not wait for. A kernel that runs a cell all the while is not asked: then the looks must do.
SETTLED = f"""async () => {{
    const frame = () => new Promise(requestAnimationFrame);
    const pictures = () => [...document.querySelectorAll('autogradkit-picture')]
        .map(each => each.shadowRoot?.querySelector('.ak-stage svg'));
    let [before, same, busy] = [[], 0, 0];
    const look = () => {{
        const now = pictures();
        same = now.length === before.length && now.every((svg, place) => svg === before[place]) ? same + 1 : 0;
        before = now;
    }};
    while (same < 3 || (busy > 0 && busy < 3)) {{
        await frame();
        await frame();
        await new Promise(done => setTimeout(done, 100));
        look();
        const kernel = {KERNEL};
        busy = kernel?.status === 'idle' ? 0 : busy + 1;
        if (same < 3 || busy) continue;
        const comm = [...(kernel?._comms.values() ?? [])].find(each => each.targetName === 'jupyter.widget' && !each.isDisposed);
        await comm?.send({{ method: 'update', state: {{}}, buffer_paths: [] }}).done;
        await frame();
        look();
    }}
}}"""


class Lab:
    """One page on JupyterLab."""

    def __init__(self, page: Page, server: Server, keeps_screenshots: bool = True) -> None:
        self.page = page
        self.server = server
        self.keeps_screenshots = keeps_screenshots  # half of a run's time goes into them
        self.errors: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        self.reload()

    def reload(self) -> None:
        """Load the page anew, with nothing open; kernels go on."""
        self.page.goto(f"{self.server.url}/lab?reset")
        self.page.wait_for_function("() => window.jupyterapp", polling=POLL)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(OTHERS_ERRORS):
            self.errors.append(text)

    def open(self, path: Path, trusted: bool = True, kernel: bool = True) -> Lab:
        """Open a notebook of the server's folder, stored outputs and all, and wait for its kernel, if it is to have one."""
        sign(path, self.server.data, trusted)
        options: dict[str, Any] = {"path": path.relative_to(self.server.root).as_posix()}
        if not kernel:
            options["kernelPreference"] = {"shouldStart": False, "canStart": False}
        open_it = "async options => { await window.jupyterapp.commands.execute('docmanager:open', options); }"
        self.page.evaluate(open_it, options)
        self.page.wait_for_function(READY if kernel else LOADED, polling=POLL)
        return self

    def save(self) -> None:
        """Save the notebook, as Ctrl+S does."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")

    def close(self, keep_kernel: bool = False) -> None:
        """Close what is open, and end the kernels unless they are to stay."""
        self.page.evaluate(
            """async keep => {
                const { shell, serviceManager } = window.jupyterapp;
                for (const widget of [...shell.widgets('main')]) widget.dispose();
                if (!keep) await serviceManager.sessions.shutdownAll();
            }""",
            keep_kernel,
        )

    def trusted(self) -> bool:
        """Whether JupyterLab trusts every output of the notebook."""
        return self.page.evaluate(
            f"() => {PANEL}.content.widgets.every(w => w.model.type !== 'code' || w.model.trusted)"
        )

    def clear(self) -> None:
        """Close what is open, unsaved, and end the kernels; the page is as a test finds it."""
        self.close()
        self.page.mouse.move(0, 0)
        self.page.set_viewport_size(SIZE)
        self.side_bar(shown=True)
        self.settled(
            self.page.locator("#jp-main-dock-panel"), "width"
        )  # laid out late, it would have pictures drawn anew
        self.theme("light")
        self.errors.clear()

    def theme(self, name: str) -> None:
        """Switch to the "light" or the "dark" theme."""
        if self.page.evaluate("() => document.body.dataset.jpThemeLight") == str(name == "light").lower():
            return
        command = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        self.page.evaluate(command, f"JupyterLab {name.title()}")
        body = f'body[data-jp-theme-light="{str(name == "light").lower()}"]'
        self.page.wait_for_selector(body, state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")  # shown while the theme's style sheet loads
        expect(self.page.locator(f'.ak-widget:not([data-ak-theme="{name}"])')).to_have_count(0)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, and wait until all is laid out and drawn for it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()

    def side_bar(self, shown: bool) -> None:
        """Show or hide JupyterLab's list of files."""
        self.page.evaluate(f"() => window.jupyterapp.shell.{'expand' if shown else 'collapse'}Left()")

    def settle(self) -> None:
        """Wait until no picture is about to be drawn anew for the width of its column."""
        self.page.evaluate(SETTLED)

    def drawn(self, index: int) -> Locator:
        """The cell, once its living picture is there and is drawn for the page as it is."""
        cell = self.cell(index)
        picture = cell.locator(".ak-stage svg").first
        picture.wait_for()
        self.settle()
        picture.wait_for()  # the one that was drawn last
        return cell

    def cell(self, index: int) -> Locator:
        """The cell, counted from 0, Markdown cells too; scrolled into view."""
        cell = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)
        cell.scroll_into_view_if_needed()
        return cell

    def start_cell(self, index: int) -> None:
        """Run a cell without waiting for it."""
        self.page.evaluate(START_CELL, index)

    def wait_cell(self, index: int) -> list[dict[str, Any]]:
        """Wait until a started cell has finished; its outputs."""
        self.page.evaluate(WAIT_CELL, index)
        self.page.wait_for_function(READY, polling=POLL)
        return self.outputs(index)

    def run_cell(self, index: int) -> list[dict[str, Any]]:
        """Run a cell to its end; its outputs, as they would be stored."""
        self.start_cell(index)
        return self.wait_cell(index)

    def run_all(self) -> None:
        """Run every cell, one after the other; a cell that raises does not stop the ones after it."""
        self.page.evaluate(
            f"""async () => {{
                for (const [index, cell] of {PANEL}.content.widgets.entries()) {{
                    if (cell.model.type !== 'code') continue;
                    ({START_CELL})(index);
                    await ({WAIT_CELL})(index);
                }}
            }}"""
        )
        self.page.wait_for_function(READY, polling=POLL)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """A cell's outputs in nbformat's JSON."""
        return self.page.evaluate(f"index => {PANEL}.content.widgets[index].model.outputs.toJSON()", index)

    def failures(self) -> list[str]:
        """Every error that a cell ended in, "TypeError: ..."."""
        cells = self.page.evaluate(
            f"() => {PANEL}.content.widgets.map(w => w.model.type === 'code' ? w.model.outputs.toJSON() : [])"
        )
        return [f"{o['ename']}: {o['evalue']}" for cell in cells for o in cell if o["output_type"] == "error"]

    def ask(self, expression: str) -> str:
        """The repr of an expression, evaluated in the kernel without a trace of it in the notebook."""
        answer = self.page.evaluate(
            f"""async expression => {{
                const reply = await {KERNEL}.requestExecute({{
                    code: '', silent: true, store_history: false, user_expressions: {{ answer: expression }},
                }}).done;
                return reply.content.user_expressions.answer;
            }}""",
            expression,
        )
        if answer["status"] != "ok":
            raise AssertionError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        return answer["data"]["text/plain"]

    def wait_for(self, expression: str, answer: str) -> None:
        """Until `ask(expression)` is the answer: what the page sends reaches Python a moment later."""
        ended = time.monotonic() + MOMENT / 1000
        while (found := self.ask(expression)) != answer:
            if time.monotonic() > ended:
                raise AssertionError(f"{expression} is {found}, not {answer}")
            self.page.wait_for_timeout(50)

    def screenshot(self, name: str, what: Locator | None = None) -> Path:
        """A picture of the page, or of one part that must be there, as tests/browser/screenshots/NAME.png if they are kept."""
        assert what is None or what.bounding_box() is not None, f"nothing to see for {name}"
        file = SCREENSHOTS / f"{name}.png"
        if not self.keeps_screenshots:
            return file
        SCREENSHOTS.mkdir(exist_ok=True)
        if what is None:
            self.page.screenshot(path=file)
            return file
        size = self.page.viewport_size
        assert size is not None, "the page has a size"
        # JupyterLab scrolls inside the page, so what is taller than the page has to be given room.
        # A picture may then be higher itself, for it takes a part of the window: again, until it is as high as it gets.
        height = size["height"]
        while height < (needed := self.settled(what, "height") + 200):
            height = needed
            self.page.set_viewport_size({"width": size["width"], "height": height})
        what.scroll_into_view_if_needed()
        what.screenshot(path=file)
        self.page.set_viewport_size(size)
        return file

    def settled(self, what: Locator, side: Literal["width", "height"]) -> int:
        """How wide or high a part of the page is, once it has stayed so for 20 frames: Python answers a change of width late."""
        return what.evaluate(
            """async (element, side) => {
                const frame = () => new Promise(requestAnimationFrame);
                let [size, same] = [0, 0];
                while (same < 20) {
                    await frame();
                    const found = element.getBoundingClientRect()[side];
                    same = found === size ? same + 1 : 0;
                    size = found;
                }
                return Math.ceil(size);
            }""",
            side,
        )

    def axe(self, what: Locator) -> list[str]:
        """What axe-core finds wrong for people who use a keyboard, a screen reader or need contrast."""
        return axe(what)
