/** The charts of a training run: a vertical line through both, and the values that the curves have there. */
const NS = "http://www.w3.org/2000/svg";

export class Cursor {
  #svg: SVGSVGElement | null = null;
  #epoch: number | null = null;
  constructor(readonly readout: HTMLElement) {}

  attach(svg: SVGSVGElement, signal: AbortSignal): void {
    this.#svg = svg;
    svg.addEventListener(
      "pointermove",
      (event) => {
        const box = svg.getBoundingClientRect();
        const x = (event.clientX - box.left) * (svg.viewBox.baseVal.width / box.width);
        const chart = this.#charts().find((each) => x >= edge(each, "left") - 8 && x <= edge(each, "right") + 8);
        if (chart) this.show(nearest(chart, x));
      },
      { signal },
    );
    svg.addEventListener("pointerleave", () => this.show(null), { signal });
    for (const chart of this.#charts())
      chart.addEventListener("keydown", (event) => this.#key(chart, event), { signal });
    this.show(this.#epoch);
  }

  #charts(): SVGGElement[] {
    return [...(this.#svg?.querySelectorAll<SVGGElement>(".ak-chart") ?? [])];
  }

  #key(chart: SVGGElement, event: KeyboardEvent): void {
    const epochs = [...new Set(points(chart).map((point) => point.epoch))].sort((a, b) => a - b);
    if (!epochs.length) return;
    const here = this.#epoch;
    const at = here === null ? epochs.length - 1 : epochs.findIndex((epoch) => epoch >= here);
    const moves: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: epochs.length - 1 };
    if (event.key === "Escape") this.show(null);
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(epochs[Math.max(0, Math.min(epochs.length - 1, to))] ?? null);
  }

  show(epoch: number | null): void {
    this.#epoch = epoch;
    const words: string[] = [];
    for (const chart of this.#charts()) {
      for (const old of chart.querySelectorAll(".ak-cursor")) old.remove();
      if (epoch === null) continue;
      const here = new Map<string, Point>();
      for (const point of points(chart)) {
        const known = here.get(point.name);
        if (!known || Math.abs(point.epoch - epoch) < Math.abs(known.epoch - epoch)) here.set(point.name, point);
      }
      const closest = [...here.values()].sort((a, b) => Math.abs(a.epoch - epoch) - Math.abs(b.epoch - epoch))[0];
      if (!closest) continue;
      const line = document.createElementNS(NS, "path");
      line.setAttribute("d", `M${closest.x} ${edge(chart, "top")}V${edge(chart, "bottom")}`);
      line.setAttribute("class", "ak-cursor");
      chart.append(line);
      const kind = chart.getAttribute("data-key");
      for (const point of here.values()) {
        const elsewhere = Math.abs(point.epoch - closest.epoch) > 0.02 ? ` at epoch ${point.epoch}` : "";
        words.push(`${point.name} ${kind} ${point.shown}${elsewhere}`);
      }
    }
    this.readout.textContent =
      epoch === null || !words.length ? "" : `epoch ${+epoch.toFixed(2)} · ${words.join(" · ")}`;
  }
}

interface Point {
  name: string;
  epoch: number;
  shown: string;
  x: number;
}

function points(chart: SVGGElement): Point[] {
  return [...chart.querySelectorAll("polyline")].flatMap((line) => {
    const list = (attribute: string, separator = " ") => (line.getAttribute(attribute) ?? "").split(separator);
    const name = line.getAttribute("data-name") ?? "";
    const epochs = list("data-epochs").map(Number);
    const xs = list("points").map((pair) => Number.parseFloat(pair));
    const shown = list("data-shown", "|");
    return epochs.map((epoch, i) => ({ name, epoch, shown: shown[i] ?? "", x: xs[i] ?? Number.NaN }));
  });
}

function nearest(chart: SVGGElement, x: number): number | null {
  return (
    points(chart).reduce<Point | null>(
      (best, point) => (!best || Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best),
      null,
    )?.epoch ?? null
  );
}

function edge(chart: SVGGElement, side: "left" | "right" | "top" | "bottom"): number {
  return Number(chart.getAttribute(`data-${side}`));
}
