/** Focus that survives redraws: elements are known by `data-key`, within whatever root the widget lives in. */

function focusedKey(root: HTMLElement): string | null {
  const active = (root.getRootNode() as Document | ShadowRoot).activeElement;
  return active && root.contains(active) ? active.getAttribute("data-key") : null;
}

export function keyOf(element: Element): string {
  return element.getAttribute("data-key") ?? "";
}

export function keyed(root: ParentNode, key: string): SVGElement | HTMLElement | null {
  return [...root.querySelectorAll<SVGElement>("[data-key]")].find((element) => keyOf(element) === key) ?? null;
}

/** Run `redraw`, then put the focus back on the element with the same key. */
export function keepFocus(root: HTMLElement, redraw: () => void): void {
  const key = focusedKey(root);
  redraw();
  if (key !== null) keyed(root, key)?.focus({ preventScroll: true });
}
