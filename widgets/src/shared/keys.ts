/** Keys that move a native slider. JupyterLab takes them for itself while a cell is not being edited, before the slider hears. */
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** Leave those keys to the sliders in `root`: the window hears them before the page's own shortcuts do. */
export function keepSliderKeys(root: HTMLElement, signal: AbortSignal): void {
  globalThis.addEventListener(
    "keydown",
    (event) => {
      const [at] = event.composedPath();
      const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
      if (plain && MOVES.has(event.key) && at instanceof HTMLInputElement && root.contains(at)) event.stopPropagation();
    },
    { capture: true, signal },
  );
}
