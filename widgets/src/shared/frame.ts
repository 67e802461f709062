/** The frame of every picture widget: toolbar, picture, sentence, table toggle; theme followed, focus kept. */
import type { AnyModel } from "@anywidget/types";
import { button, h, press, svgElement, table } from "./dom";
import { keepFocus } from "./focus";
import { onChange } from "./model";
import { onMore } from "./more";
import { followTheme } from "./theme";
import { toolbar } from "./toolbar";
import type { Picture } from "./traits";

export interface Frame {
  readonly root: HTMLElement;
  readonly toolbar: HTMLElement;
  readonly columns: HTMLElement; // of the picture, and the detail beside it
  readonly stage: HTMLElement;
  readonly detail: HTMLElement;
  say(sentence: string): void;
  /** Fill the table anew, if it is open: what `cells` tells has changed. */
  tabulate(): void;
}

/** `drawn` is called with the picture, once inlined and again after each change of the `svg` trait; its signal ends with the
 * picture, so that nothing that listens to it keeps a picture that was replaced.
 *
 * `cells` says what the n-th row of the table shows, where that is not always all of it.
 */
export function frame<T extends Picture>(
  model: AnyModel<T>,
  el: HTMLElement,
  signal: AbortSignal,
  drawn: (svg: SVGSVGElement, signal: AbortSignal) => void,
  cells: (row: string[], n: number) => string[] = (row) => row,
): Frame {
  const bar = toolbar("Picture", signal);
  const stage = h("div", { class: "ak-stage" });
  const sentence = h("p", { class: "ak-sentence", role: "status", "aria-live": "polite" });
  const detail = h("div", { class: "ak-detail", role: "group", "aria-label": "Detail", hidden: true });
  const alternative = h("div", {
    class: "ak-alternative",
    hidden: true,
    tabindex: "0",
    role: "group", // no landmark: a notebook has many pictures
    "aria-label": "Table",
  });
  const toggle = button(
    "Table",
    () => {
      alternative.hidden = !alternative.hidden;
      press(toggle, !alternative.hidden);
      tabulate();
    },
    { pressed: false },
  );
  const columns = h("div", { class: "ak-columns" }, stage, detail);
  const root = h("div", { class: "ak-widget" }, bar, sentence, columns, alternative);

  const more = onMore(stage, signal);
  let shown = new AbortController();
  signal.addEventListener("abort", () => shown.abort());
  const redraw = () =>
    keepFocus(root, () => {
      shown.abort();
      shown = new AbortController();
      const svg = svgElement(model.get("svg"));
      stage.replaceChildren(svg);
      drawn(svg, shown.signal);
      more(svg);
    });
  const tabulate = () => {
    if (alternative.hidden) return;
    const [header = [], ...rows] = model.get("table");
    alternative.replaceChildren(table(header, rows.map(cells), model.get("description")));
  };
  onChange(model, "svg", redraw, signal);
  onChange(model, "table", tabulate, signal);
  onChange(model, "description", tabulate, signal);
  followTheme(root, signal);
  el.append(root);
  queueMicrotask(() => {
    redraw();
    bar.append(toggle);
  });
  return {
    root,
    toolbar: bar,
    columns,
    stage,
    detail,
    say: (text) => {
      sentence.textContent = text;
    },
    tabulate,
  };
}
