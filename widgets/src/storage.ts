/** StorageMap: hover, click or walk the elements; the storage cell behind each lights up with every element that shares it. */
import { chooser } from "./shared/chooser";
import { keyed, keyOf } from "./shared/focus";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { put } from "./shared/model";
import { stepper } from "./shared/stepper";
import type { StorageTraits } from "./shared/traits";

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

function render({ model, el, signal }: Place<StorageTraits>): void {
  let tensor = 0; // the one that the steps walk
  const cells = () => [...view.stage.querySelectorAll<SVGGElement>("[data-cell]")];
  const elementsOf = (number: number) => cells().filter((cell) => keyOf(cell).startsWith(`t${number}-`));
  const spot = (cell: Element) =>
    [Number(cell.getAttribute("data-row")), Number(cell.getAttribute("data-column"))] as const;
  const group = (key: string) => key.slice(0, key.indexOf("-"));

  const view = frame(model, el, signal, (svg) => {
    svg.setAttribute("role", "group"); // an image may hold nothing that can be pressed
    for (const cell of cells()) {
      const key = keyOf(cell);
      cell.addEventListener("pointerenter", () => light(key), { signal });
      cell.addEventListener("pointerleave", () => light(model.get("selected")), { signal });
      cell.addEventListener(
        "click",
        () => {
          choose(key);
          cell.focus();
        },
        { signal },
      );
      cell.addEventListener("focus", () => choose(key), { signal });
      cell.addEventListener("keydown", (event) => walk(event, cell), { signal });
    }
    // One stop for the tab key in each grid; the arrow keys go on from there.
    const seen = new Set<string>();
    for (const cell of cells()) {
      const own = group(keyOf(cell));
      cell.setAttribute("tabindex", seen.has(own) ? "-1" : "0");
      cell.setAttribute("aria-label", model.get("sentences")[keyOf(cell)] ?? keyOf(cell));
      seen.add(own);
    }
    steps.refresh();
    light(model.get("selected"));
  });

  const at = () =>
    Math.max(
      0,
      elementsOf(tensor).findIndex((cell) => keyOf(cell) === model.get("selected")),
    );
  const steps = stepper({
    count: () => elementsOf(tensor).length,
    at,
    signal,
    delay: 600,
    go: (step) => {
      const cell = elementsOf(tensor)[step];
      if (cell) choose(keyOf(cell));
    },
  });

  function walk(event: KeyboardEvent, from: SVGGElement): void {
    const step = ARROWS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [row, column] = spot(from);
    const near = cells().filter((cell) => group(keyOf(cell)) === group(keyOf(from)));
    near
      .find((cell) => {
        const [r, c] = spot(cell);
        return r === row + step[0] && c === column + step[1];
      })
      ?.focus();
  }

  function choose(key: string): void {
    if (key.startsWith("t")) {
      tensor = Number(group(key).slice(1));
      named();
    }
    if (model.get("selected") !== key) put(model, "selected", key);
    steps.refresh();
    light(key);
  }

  function light(key: string): void {
    const chosen = key ? keyed(view.stage, key)?.getAttribute("data-cell") : null;
    for (const cell of cells())
      cell.classList.toggle("ak-lit", chosen != null && cell.getAttribute("data-cell") === chosen);
    view.say(model.get("sentences")[key] ?? model.get("description"));
  }

  const named = () => choice.show(model.get("names")[tensor] ?? "", model.get("names").length);
  const choice = chooser("tensor", (by) => {
    const count = model.get("names").length;
    tensor = (tensor + by + count) % count;
    named();
    const first = elementsOf(tensor)[0];
    if (first) choose(keyOf(first));
    steps.refresh();
  });
  named();
  view.toolbar.append(steps.element, choice.element);
}

export default picture(render);
