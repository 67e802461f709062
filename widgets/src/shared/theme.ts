/** Light or dark, followed live: JupyterLab and Notebook, VS Code, Colab, marimo, else the system's preference. */

export function isDark(root: HTMLElement): boolean {
  const { body, documentElement: page } = document;
  const lab = body.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "false";
  const kind = body.dataset.vscodeThemeKind;
  if (kind !== undefined) return kind.includes("dark") || kind === "vscode-high-contrast";
  if (page.getAttribute("theme") === "dark" || page.classList.contains("dark") || body.classList.contains("dark"))
    return true;
  for (let at: Element | null = root; at; at = above(at)) {
    const light = lightness(getComputedStyle(at).backgroundColor);
    if (light !== undefined) return light < 0.43;
  }
  return false;
}

/** From 0 to 1, of a colour as browsers compute it, `rgb(0, 0, 0)` or `color(srgb 0 0 0)`; undefined of what shines through. */
function lightness(colour: string): number | undefined {
  const [, kind = "", numbers = ""] = colour.match(/^([a-z]+)\((?:[a-z][\w-]* )?(.*)\)$/) ?? [];
  const [first, second, third, alpha = 1] = numbers.split(/[\s,/]+/).map(Number.parseFloat);
  if (first === undefined || second === undefined || third === undefined || alpha <= 0.5) return undefined;
  if (kind.startsWith("ok")) return first; // oklab and oklch, which begin with it
  if (kind.startsWith("l")) return first / 100;
  return (0.299 * first + 0.587 * second + 0.114 * third) / (kind === "color" ? 1 : 255);
}

/** The element around this one, out of a shadow root too. */
function above(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** Keep `data-ak-theme` on `root` equal to the page's theme until `signal` ends. */
export function followTheme(root: HTMLElement, signal: AbortSignal): void {
  const apply = () => {
    root.dataset.akTheme = isDark(root) ? "dark" : "light";
  };
  const observer = new MutationObserver(apply);
  const attributeFilter = ["class", "theme", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"];
  for (const element of [document.body, document.documentElement])
    observer.observe(element, { attributes: true, attributeFilter });
  globalThis.matchMedia?.("(prefers-color-scheme: dark)").addEventListener("change", apply, { signal });
  const frame = requestAnimationFrame(apply); // once attached, the background can be read
  signal.addEventListener("abort", () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
  });
  apply();
}

export function reducedMotion(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}
