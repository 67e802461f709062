"""Fixtures of the browser tests; tests/browser/harness.py shows how they are used."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.harness import MOMENT, SIZE, Lab
from tests.browser.notebook7 import Notebook7
from tests.browser.notebook_files import write_notebook
from tests.browser.processes import ROOT, SCREENSHOTS, Server, launch, serve


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab, for the whole run."""
    with serve(tmp_path_factory.mktemp("browser")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, for the whole run."""
    expect.set_options(timeout=MOMENT)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Lab:
    """JupyterLab's page, for the whole run."""
    wanted = request.config.getoption("--screenshots")
    return Lab(browser.new_page(viewport=SIZE, device_scale_factor=1), server, wanted)


@pytest.fixture
def lab(page: Lab) -> Iterator[Lab]:
    """JupyterLab with nothing open."""
    yield page
    page.clear()


@pytest.fixture
def notebook7(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Notebook7]:
    """Jupyter Notebook with nothing open, on a page of its own."""
    page = browser.new_page(viewport=SIZE, device_scale_factor=1)
    page.on("dialog", lambda dialog: dialog.accept())  # that changes may not have been saved
    opened = Notebook7(page, server, request.config.getoption("--screenshots"))
    yield opened
    opened.clear()
    page.close()


@pytest.fixture
def photograph(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Take a picture of a whole page without a server, as tests/browser/screenshots/NAME.png, if they are kept."""

    def take(page: Page, name: str) -> None:
        if request.config.getoption("--screenshots"):
            page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


@pytest.fixture
def notebook(server: Server, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Write a notebook of the given code cells into the server's folder."""
    numbers = count()

    def write(*sources: str) -> Path:
        return write_notebook(server.root / f"{request.node.originalname}-{next(numbers)}.ipynb", sources)

    return write


@pytest.fixture
def lesson(server: Server) -> Callable[[str], Path]:
    """Copy a stored lesson, by its name without ".ipynb", into the server's folder."""

    def copy(name: str) -> Path:
        path = server.root / f"{name}.ipynb"
        shutil.copyfile(ROOT / "tutorials" / path.name, path)
        return path

    return copy
