/** The frame of every picture widget: toolbar, picture, sentence, table toggle; theme followed, focus kept. */
import { button, h, press, svgElement, table } from "./dom";
import { keepFocus } from "./focus";
import { followTheme } from "./theme";

export interface PictureTraits {
  svg: string;
  description: string;
  table: string[][];
}
export interface Listens {
  get(name: string): any;
  on(name: string, callback: () => void): void;
  off(name: string, callback: () => void): void;
}

export interface Frame {
  readonly root: HTMLElement;
  readonly toolbar: HTMLElement;
  readonly stage: HTMLElement;
  readonly detail: HTMLElement;
  say(sentence: string): void;
}

/** `drawn` is called with the picture, once inlined and again after each change of the `svg` trait. */
export function frame(
  model: Listens,
  el: HTMLElement,
  signal: AbortSignal,
  drawn: (svg: SVGSVGElement) => void,
): Frame {
  const toolbar = h("div", { class: "ak-toolbar", role: "toolbar", "aria-label": "Picture" });
  const stage = h("div", { class: "ak-stage" });
  const sentence = h("p", { class: "ak-sentence", role: "status", "aria-live": "polite" });
  const detail = h("section", { class: "ak-detail", "aria-label": "Detail", hidden: true });
  const alternative = h("div", {
    class: "ak-alternative",
    hidden: true,
    tabindex: "0",
    role: "region",
    "aria-label": "Table",
  });
  const toggle = button(
    "Table",
    () => {
      alternative.hidden = !alternative.hidden;
      press(toggle, !alternative.hidden);
    },
    { pressed: false },
  );
  const root = h(
    "div",
    { class: "ak-widget" },
    toolbar,
    sentence,
    h("div", { class: "ak-columns" }, stage, detail),
    alternative,
  );

  const redraw = () =>
    keepFocus(root, () => {
      const svg = svgElement(model.get("svg"));
      stage.replaceChildren(svg);
      drawn(svg);
    });
  const retable = () => {
    const [header = [], ...rows] = model.get("table") as string[][];
    alternative.replaceChildren(table(header, rows, model.get("description")));
  };
  on(model, "change:svg", redraw, signal);
  for (const name of ["table", "description"]) on(model, `change:${name}`, retable, signal);
  followTheme(root, signal);
  el.append(root);
  retable();
  queueMicrotask(() => {
    redraw();
    toolbar.append(toggle);
  });
  return {
    root,
    toolbar,
    stage,
    detail,
    say: (text) => {
      sentence.textContent = text;
    },
  };
}

/** Listen to a trait until `signal` ends. */
export function on(model: Listens, name: string, callback: () => void, signal: AbortSignal): void {
  model.on(name, callback);
  signal.addEventListener("abort", () => model.off(name, callback));
}
