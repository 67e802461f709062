/** TrainingView: the live curves, with pause, step and stop, and the values under the pointer or the arrow keys. */
import type { AnyModel, RenderProps } from "@anywidget/types";
import { button, h, press } from "./shared/dom";
import { frame, on, type PictureTraits } from "./shared/frame";

interface Traits extends PictureTraits {
  state: string;
  progress: number;
}

const NS = "http://www.w3.org/2000/svg";
const WAITING: Record<string, string> = {
  pause: "Pausing after this batch …",
  resume: "Going on …",
  step: "One more batch …",
  stop: "Stopping after this batch …",
};

function render({ model, el, signal }: RenderProps<Traits> & { signal: AbortSignal }): void {
  const readout = h("p", { class: "ak-readout", "aria-live": "polite" });
  const bar = h("progress", { class: "ak-progress", max: 1, "aria-label": "Progress of the training" });
  const cursor = new Cursor(readout);
  const view = frame(model as never, el, signal, (svg) => cursor.attach(svg, signal));
  const tell = (kind: string) => {
    view.say(WAITING[kind]!);
    model.send({ kind });
  };

  const pause = button("‖ Pause", () => tell(model.get("state") === "paused" ? "resume" : "pause"), { pressed: false });
  const step = button("▸ Step", () => tell("step"), { title: "Learn one more batch, then wait" });
  const stop = button("■ Stop", () => tell("stop"), { title: "End after the batch in hand" });
  view.toolbar.append(
    h("span", { class: "ak-group", role: "group", "aria-label": "Training" }, pause, step, stop),
    bar,
  );
  view.stage.after(readout);

  const refresh = () => {
    const state = model.get("state");
    const busy = state === "running" || state === "paused";
    press(pause, state === "paused");
    pause.textContent = state === "paused" ? "▶ Resume" : "‖ Pause";
    for (const element of [pause, step, stop]) element.setAttribute("aria-disabled", String(!busy));
    view.say(said(state));
  };
  const fill = () => {
    bar.value = model.get("progress");
  };
  for (const element of [pause, step, stop]) {
    element.addEventListener(
      "click",
      (event) => {
        if (element.getAttribute("aria-disabled") === "true") event.stopImmediatePropagation();
      },
      { capture: true },
    );
  }
  on(model as never, "change:state", refresh, signal);
  on(model as never, "change:progress", fill, signal);
  on(
    model as never,
    "change:svg",
    () => {
      if (model.get("state") === "paused") view.say(said("paused"));
    },
    signal,
  );
  refresh();
  fill();
  greet(model); // a kernel that was spoken to at render hears the first click while its cell runs
}

function greet(model: AnyModel<Traits>): void {
  model.send({ kind: "hello" });
}

function said(state: string): string {
  switch (state) {
    case "ready":
      return "Not begun: run a cell that trains.";
    case "running":
      return "Training …";
    case "paused":
      return "Paused between two batches.";
    case "stopped":
      return "Stopped. resume() goes on with the next batch.";
    case "interrupted":
      return "Interrupted between two batches. resume() goes on with the next one.";
    case "failed":
      return "The cell failed; the curves show what was learnt before.";
    default:
      return "Finished.";
  }
}

/** A vertical line through both charts, and the values that the curves have there. */
class Cursor {
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
    const at = this.#epoch === null ? epochs.length - 1 : epochs.findIndex((epoch) => epoch >= this.#epoch!);
    const moves: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: epochs.length - 1 };
    if (event.key === "Escape") return this.show(null);
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(epochs[Math.max(0, Math.min(epochs.length - 1, to))]!);
  }

  show(epoch: number | null): void {
    this.#epoch = epoch;
    const words: string[] = [];
    for (const chart of this.#charts()) {
      chart.querySelectorAll(".ak-cursor").forEach((old) => old.remove());
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
    const xs = line
      .getAttribute("points")!
      .split(" ")
      .map((pair) => Number(pair.split(",")[0]));
    const shown = line.getAttribute("data-shown")!.split("|");
    const epochs = line.getAttribute("data-epochs")!.split(" ").map(Number);
    const name = line.getAttribute("data-name")!;
    return epochs.map((epoch, i) => ({ name, epoch, shown: shown[i]!, x: xs[i]! }));
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

export default { render };
