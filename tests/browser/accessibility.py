"""What axe-core says of a page; `Lab.axe` and the tests of pages without a server ask it."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.processes import ROOT

AXE = ROOT / "widgets" / "node_modules" / "axe-core" / "axe.min.js"


def axe(what: Locator) -> list[str]:
    """What axe-core finds wrong with a part of any page, or with several: it reads the whole page each time it is asked."""
    if not what.page.evaluate("() => 'axe' in window"):
        # JupyterLab's page defines `define` (AMD), which axe would register with instead of the window.
        source = AXE.read_text(encoding="utf-8")
        what.page.evaluate(f"() => {{ const define = undefined, module = undefined; {source} }}")
    result = what.evaluate_all(
        """elements => window.axe.run(elements, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
            rules: { region: { enabled: false }, 'heading-order': { enabled: false } },
        })"""
    )
    return [
        f"{found['id']}: {found['help']} ({', '.join(str(node['target']) for node in found['nodes'][:3])})"
        for found in result["violations"]
    ]
