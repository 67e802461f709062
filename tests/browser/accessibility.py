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
    # All else that it tells, of every part that passes, would be described and sent here only to be thrown away.
    violations = what.evaluate_all(
        """async elements => {
            const found = await window.axe.run(elements, {
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
                rules: { region: { enabled: false }, 'heading-order': { enabled: false } },
                resultTypes: ['violations'],
                preload: false, // sounds and films, which are in no picture
            });
            const targets = nodes => nodes.slice(0, 3).map(each => each.target);
            return found.violations.map(({ id, help, nodes }) => ({ id, help, targets: targets(nodes) }));
        }"""
    )
    return [f"{found['id']}: {found['help']} ({', '.join(map(str, found['targets']))})" for found in violations]
