/** Pan and zoom inside the stage, which scrolls: drag, wheel with Ctrl or ⌘ (plain scrolling stays the page's), buttons.
 *
 * A picture is shown as large as it was drawn, or smaller down to what is legible; to see all of it at once has to be asked for.
 * A drag scrolls it as it was painted, which keeps up with the pointer however much is on it.
 */
import { button, press } from "./dom";

const TALLEST = 0.7; // of the window's height is a stage, as widget.css says

export interface PanZoom {
  readonly buttons: HTMLElement[];
  /** Listen to a picture just drawn, until `drawn` ends. */
  attach(svg: SVGSVGElement, drawn: AbortSignal): void;
  /** Scroll the stage, not the page, to an element of the picture that is out of sight. */
  reveal(element: Element | undefined): void;
}

export function panZoom(signal: AbortSignal): PanZoom {
  let svg: SVGSVGElement | null = null;
  let home = { width: 1, height: 1, least: "" };
  let scale: number | null = null; // of the drawn size; null: as there is room
  const stage = () => svg?.parentElement ?? null;

  function show(): void {
    if (!svg) return;
    svg.style.width = scale === null ? "" : `${(home.width * scale).toFixed(1)}px`;
    svg.style.maxWidth = scale === null ? "" : "none";
    svg.style.minWidth = scale === null ? home.least : "0";
  }

  /** Zoom by a factor around a point of the window, the middle of the stage where none is given. */
  function zoom(factor: number, x?: number, y?: number): void {
    const frame = stage();
    if (!svg || !frame) return;
    const [view, before] = [frame.getBoundingClientRect(), svg.getBoundingClientRect()];
    const [px, py] = [x ?? view.left + view.width / 2, y ?? view.top + view.height / 2];
    const now = scale ?? (before.width || home.width) / home.width;
    scale = Math.min(4, Math.max(0.1, now * factor));
    show();
    frame.scrollLeft += (px - before.left) * (scale / now - 1);
    frame.scrollTop += (py - before.top) * (scale / now - 1);
    press(whole, false);
  }

  function fit(): void {
    const frame = stage();
    const on = whole.getAttribute("aria-pressed") !== "true";
    const room = globalThis.innerHeight * TALLEST;
    scale = on && frame ? Math.min(1, (frame.clientWidth || home.width) / home.width, room / home.height) : null;
    press(whole, on);
    show();
  }

  /** A picture is no wider than makes it as high as the stage, where it is legible then; a taller one keeps its size. */
  function limit(): void {
    const ratio = (TALLEST * home.width) / home.height;
    const legible = globalThis.innerHeight * ratio >= Number.parseFloat(home.least);
    svg?.style.setProperty("--ak-fit", legible ? `${(100 * ratio).toFixed(1)}vh` : "");
  }
  globalThis.addEventListener("resize", limit, { signal });

  function attach(element: SVGSVGElement, drawn: AbortSignal): void {
    const [, , width = 1, height = 1] = (element.getAttribute("viewBox") ?? "").split(/\s+/).map(Number);
    const same = svg !== null && home.width === width && home.height === height;
    svg = element;
    home = { width, height, least: element.style.minWidth };
    limit();
    if (!same) {
      scale = null;
      press(whole, false);
    }
    show();
    element.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        zoom(event.deltaY > 0 ? 1 / 1.15 : 1.15, event.clientX, event.clientY);
      },
      { passive: false, signal: drawn },
    );
    element.addEventListener(
      "pointerdown",
      (down) => {
        const frame = stage();
        if (down.button !== 0 || !frame) return;
        const [left, top] = [frame.scrollLeft, frame.scrollTop];
        const ended = new AbortController();
        const end = () => {
          ended.abort();
          setTimeout(() => element.classList.remove("ak-panning")); // the click that ends a drag chooses nothing
        };
        const both = { signal: AbortSignal.any([signal, ended.signal]) };
        globalThis.addEventListener(
          "pointermove",
          (move) => {
            const [dx, dy] = [move.clientX - down.clientX, move.clientY - down.clientY];
            if (Math.hypot(dx, dy) < 4 && !element.classList.contains("ak-panning")) return;
            element.classList.add("ak-panning");
            frame.scrollTo({ left: left - dx, top: top - dy, behavior: "instant" });
          },
          both,
        );
        globalThis.addEventListener("pointerup", end, both);
        globalThis.addEventListener("pointercancel", end, both);
      },
      { signal: drawn },
    );
  }

  function reveal(element: Element | undefined): void {
    const frame = stage();
    if (!element || !frame) return;
    const [view, box] = [frame.getBoundingClientRect(), element.getBoundingClientRect()];
    if (box.top < view.top || box.bottom > view.bottom)
      frame.scrollTop += (box.top + box.bottom - view.top - view.bottom) / 2;
    if (box.left < view.left || box.right > view.right)
      frame.scrollLeft += (box.left + box.right - view.left - view.right) / 2;
  }

  const whole = button("⤢", fit, { title: "Whole picture", pressed: false });
  const buttons = [
    button("+", () => zoom(1.3), { title: "Zoom in" }),
    button("−", () => zoom(1 / 1.3), { title: "Zoom out" }),
    whole,
  ];
  return { buttons, attach, reveal };
}
