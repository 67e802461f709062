/** Pan and zoom by the viewBox: wheel with Ctrl or ⌘ (plain scrolling stays the page's), drag, and three buttons.
 *
 * While it is dragged the picture is moved as it was painted, which keeps up with the pointer however much is on it.
 */
import { button } from "./dom";

export interface PanZoom {
  readonly buttons: HTMLElement[];
  attach(svg: SVGSVGElement): void;
}

export function panZoom(signal: AbortSignal): PanZoom {
  let svg: SVGSVGElement | null = null;
  let home = [0, 0, 1, 1] as [number, number, number, number];
  let [x, y, width, height] = home;
  const show = () => svg?.setAttribute("viewBox", [x, y, width, height].map((n) => +n.toFixed(2)).join(" "));
  const reset = () => {
    [x, y, width, height] = home;
    show();
  };

  function zoom(factor: number, px = 0.5, py = 0.5): void {
    const next = Math.min(home[2] * 2, Math.max(home[2] / 12, width * factor));
    const ratio = next / width;
    x += width * px * (1 - ratio);
    y += height * py * (1 - ratio);
    width *= ratio;
    height *= ratio;
    show();
  }

  function attach(element: SVGSVGElement): void {
    const previous = svg && [home[2], home[3]];
    svg = element;
    home = (element.getAttribute("viewBox") ?? "0 0 1 1").split(/\s+/).map(Number) as typeof home;
    if (previous?.[0] === home[2] && previous[1] === home[3]) show();
    else reset();
    element.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const frame = element.getBoundingClientRect();
        zoom(
          event.deltaY > 0 ? 1.15 : 1 / 1.15,
          (event.clientX - frame.left) / frame.width,
          (event.clientY - frame.top) / frame.height,
        );
      },
      { passive: false, signal },
    );
    element.addEventListener(
      "pointerdown",
      (down) => {
        if (down.button !== 0) return;
        const scale = width / element.getBoundingClientRect().width;
        const [startX, startY] = [x, y];
        const ended = new AbortController();
        let [dx, dy] = [0, 0];
        const end = () => {
          ended.abort();
          setTimeout(() => element.classList.remove("ak-panning")); // after the click that ends a drag, which chooses nothing
          element.style.transform = "";
          [x, y] = [startX - dx * scale, startY - dy * scale];
          show();
        };
        const both = { signal: AbortSignal.any([signal, ended.signal]) };
        globalThis.addEventListener(
          "pointermove",
          (move) => {
            const far = [move.clientX - down.clientX, move.clientY - down.clientY] as const;
            if (Math.hypot(...far) < 4 && !element.classList.contains("ak-panning")) return;
            [dx, dy] = far;
            element.classList.add("ak-panning");
            element.style.transform = `translate(${dx}px, ${dy}px)`;
          },
          both,
        );
        globalThis.addEventListener("pointerup", end, both);
        globalThis.addEventListener("pointercancel", end, both);
      },
      { signal },
    );
  }

  const buttons = [
    button("+", () => zoom(1 / 1.3), { title: "Zoom in" }),
    button("−", () => zoom(1.3), { title: "Zoom out" }),
    button("⤢", reset, { title: "Whole picture" }),
  ];
  return { buttons, attach };
}
