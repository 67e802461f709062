/** Cells of memory: hover, click or walk them with the arrow keys; all that lie in one place light up together. */
import { keyed, keyOf } from "./focus";

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export interface Cells {
  /** Listen to the cells of a picture just drawn, until `drawn` ends. */
  attach(svg: SVGSVGElement, drawn: AbortSignal): void;
  /** Light the place of a cell, and say what it is. */
  light(key: string): void;
  /** The elements of a tensor, by its number, in order. */
  elementsOf(tensor: number): SVGElement[];
}

/** The tensor or the storage that a key belongs to: "t0", "s0". */
export function gridOf(key: string): string {
  return key.slice(0, key.indexOf("-"));
}

export function cells(options: {
  root: HTMLElement;
  signal: AbortSignal;
  selected: () => string;
  sentence: (key: string) => string;
  choose: (key: string) => void;
  say: (sentence: string) => void;
}): Cells {
  const { root, signal, selected, sentence, choose, say } = options;
  const all = () => [...root.querySelectorAll<SVGElement>("[data-cell]")];

  function attach(svg: SVGSVGElement, drawn: AbortSignal): void {
    svg.setAttribute("role", "group"); // an image may hold nothing that can be pressed
    const seen = new Set<string>(); // one stop for the tab key in each grid; the arrow keys go on from there
    for (const cell of all()) {
      const key = keyOf(cell);
      cell.setAttribute("role", "button");
      cell.setAttribute("tabindex", seen.has(gridOf(key)) ? "-1" : "0");
      cell.setAttribute("aria-label", sentence(key));
      seen.add(gridOf(key));
      const press = () => {
        choose(key);
        cell.focus();
      };
      cell.addEventListener("pointerenter", () => light(key), { signal: drawn });
      cell.addEventListener("pointerleave", () => light(selected()), { signal: drawn });
      cell.addEventListener("click", press, { signal: drawn });
      cell.addEventListener("focus", () => choose(key), { signal: drawn });
    }
    light(selected());
  }

  function walk(event: KeyboardEvent): void {
    const [from] = event.composedPath();
    const step = ARROWS[event.key];
    if (step === undefined || !(from instanceof Element && from.hasAttribute("data-cell"))) return;
    event.preventDefault();
    const spot = (cell: Element) => [Number(cell.getAttribute("data-row")), Number(cell.getAttribute("data-column"))];
    const [row = 0, column = 0] = spot(from);
    const near = all().filter((cell) => gridOf(keyOf(cell)) === gridOf(keyOf(from)));
    const next = near.find((cell) => {
      const [r, c] = spot(cell);
      return r === row + step[0] && c === column + step[1];
    });
    next?.focus();
  }

  function light(key: string): void {
    const chosen = key ? keyed(root, key)?.getAttribute("data-cell") : null;
    for (const cell of all())
      cell.classList.toggle("ak-lit", chosen != null && cell.getAttribute("data-cell") === chosen);
    say(sentence(key));
  }

  root.addEventListener("keydown", walk, { signal });
  return {
    attach,
    light,
    elementsOf: (tensor) => all().filter((cell) => gridOf(keyOf(cell)) === `t${tensor}`),
  };
}
