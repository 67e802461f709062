/** Keys that a widget hears before the page. JupyterLab takes arrow keys for itself while no cell is being edited. */

const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** Offer each plain key pressed on an element in `root` to `take`; where it says yes, nobody else hears of it. */
export function hearFirst(
  root: HTMLElement,
  signal: AbortSignal,
  take: (event: KeyboardEvent, at: Element) => boolean,
): void {
  globalThis.addEventListener(
    "keydown",
    (event) => {
      const [at] = event.composedPath();
      const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
      if (plain && at instanceof Element && root.contains(at) && take(event, at)) event.stopPropagation();
    },
    { capture: true, signal },
  );
}

/** Leave the keys that move a native slider to the sliders in `root`. */
export function keepSliderKeys(root: HTMLElement, signal: AbortSignal): void {
  hearFirst(root, signal, (event, at) => MOVES.has(event.key) && at instanceof HTMLInputElement);
}
