/** Whose a key is: a notebook has a shortcut on nearly every one, and takes it before what has the focus hears of it. */

const SUPPRESS = "data-lm-suppress-shortcuts"; // where JupyterLab and Notebook find it, a key is none of their shortcuts

/** Whether a key stays a notebook's in a picture too: those with Ctrl, Cmd or Alt, Escape, and what runs a cell. */
function isShortcut({ ctrlKey, metaKey, altKey, shiftKey, key }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || key === "Escape" || (shiftKey && key === "Enter");
}

/** From now on, plain keys that are pressed inside of an element of this name are that element's. */
export function ownKeys(name: string): void {
  window.addEventListener(
    "keydown",
    (event) => {
      for (const each of event.composedPath())
        if (each instanceof HTMLElement && each.localName === name) each.toggleAttribute(SUPPRESS, !isShortcut(event));
    },
    { capture: true }, // a notebook listens on the document
  );
}
