/** GraphView: inlines the renderer's picture, steps through it, walks it by arrow keys, shows details, folds and opens.
 *
 * While it steps, nothing that a later event brings is told: not on the picture, not on hover, not in detail and table.
 */

import { button, h, isWide, press, unbroken } from "../shared/dom";
import { keepFocus, keyed, keyOf } from "../shared/focus";
import { frame } from "../shared/frame";
import { type Place, picture } from "../shared/live";
import { onChange, put } from "../shared/model";
import { panZoom } from "../shared/panzoom";
import { stepper } from "../shared/stepper";
import type { Detail, GraphToPython, Grid } from "../shared/traits";
import { tellPage } from "../shared/width";
import { gridOf, reasonKey } from "./elements";
import type { Shown } from "./unpacked";

const OF_TURNS = /^(\d+ of the )?(turn|repeat|block)s? /; // the path of a stack; another one is a call's
const PATIENCE = 4_000; // ms: measuring takes far less
const NO_ANSWER =
  "No kernel answers: it is busy, or there is none any more. Python works this out; " +
  "without a kernel, run the cell of this picture again.";

function render({ model, el, signal }: Place<Shown>): void {
  let svg: SVGSVGElement | null = null;
  let call: number | null = null;
  let hovers: [Element, Detail][] = [];
  let waiting: ReturnType<typeof setTimeout> | undefined; // for Python's answer
  let awaited: ((drawn: Detail) => boolean) | undefined; // what is to have the focus once it is drawn
  const steps = () => model.get("steps");
  const details = () => model.get("details");
  const folds = () => model.get("folds");
  const at = () => {
    const step = model.get("step");
    return step < 0 ? steps().length - 1 : Math.min(step, steps().length - 1);
  };

  /** The last event that has happened at the current step; with the last step everything has, such as a cleared `.grad`. */
  const now = () => {
    const over = model.get("step") < 0 || at() === steps().length - 1;
    return over ? Infinity : (steps()[at()]?.event ?? Infinity);
  };
  const told = (text: string, known = -1) => (known > now() && text ? "?" : text);
  const cells = (row: string[], n: number) =>
    row.map((text, column) => {
      const known = model.get("known")[n]?.[column] ?? [];
      const pieces = known.length > 1 ? text.split(" | ") : [text];
      return pieces.map((piece, i) => told(piece, known[i])).join(" | ");
    });

  const zoom = panZoom(signal);
  const page = frame(model, el, signal, drawn, cells);
  page.root.classList.add("ak-graph-view");
  const walk = stepper({ count: () => steps().length, at, go: (step) => put(model, "step", step), signal });
  const whole = button("All", () => put(model, "step", -1), { title: "Show the whole computation", pressed: true });
  const choice = h("select", { "aria-label": "Backward call", onchange: () => choose() });
  const folding = button("Fold modules", foldAll, { pressed: false });
  const stacking = button("Stack turns", stackTurns, { title: "Put turns and calls that are open together again" });
  const naming = button("Node names", () => put(model, "node_names", !model.get("node_names")), {
    title: "Write PyTorch's names of the graph's nodes, too",
    pressed: false,
  });
  const full = button("Full height", () => press(full, page.stage.classList.toggle("ak-full")), {
    title: "Show the picture as high as it is",
    pressed: false,
  });
  page.toolbar.append(
    walk.element,
    whole,
    choice,
    folding,
    stacking,
    naming,
    h("span", { class: "ak-group", role: "group", "aria-label": "Zoom" }, ...zoom.buttons, full),
  );

  function drawn(next: SVGSVGElement, until: AbortSignal): void {
    svg = next;
    svg.setAttribute("role", "group");
    crop(svg);
    hovers = [...items(), ...links()].flatMap((element) => {
      const detail = details()[keyOf(element)];
      if (!detail) return [];
      const hover = document.createElementNS("http://www.w3.org/2000/svg", "title");
      element.prepend(hover);
      element.setAttribute("role", "button");
      element.setAttribute("tabindex", "-1");
      const kind = element.classList.contains("ak-link") ? "edge " : "";
      element.setAttribute("aria-label", kind + detail.title);
      return [[hover, detail]];
    });
    for (const link of links()) widen(link);
    for (const value of svg.querySelectorAll<SVGElement>("[data-ask]")) ask(value);
    items()[0]?.setAttribute("tabindex", "0");
    zoom.attach(svg, until);
    const found = awaited && Object.entries(details()).find(([, detail]) => awaited?.(detail))?.[0];
    if (found) {
      focus(keyed(svg, found));
      awaited = undefined;
    }
    options();
    show();
  }

  /** The overview under the legend is hidden, for it is said above: the room for its lines goes, too. */
  function crop(whole: SVGSVGElement): void {
    const line = whole.querySelector(".ak-overview");
    if (!line) return;
    const height = Number(line.getAttribute("y")) - 6;
    whole.setAttribute("height", String(height));
    whole.setAttribute("viewBox", `0 0 ${whole.getAttribute("width")} ${height}`);
  }

  /** An edge is thin: what the pointer has to hit is a wide line under it. */
  function widen(link: SVGElement): void {
    const hit = link.querySelector(".ak-forward > path")?.cloneNode() as SVGElement | undefined;
    for (const name of ["marker-end", "stroke", "stroke-dasharray"]) hit?.removeAttribute(name);
    hit?.setAttribute("class", "ak-hit");
    if (hit) link.prepend(hit);
  }

  /** What stands in for a value that is not known yet. */
  function ask(value: SVGElement): void {
    const question = value.cloneNode() as SVGElement;
    for (const { name } of [...question.attributes]) if (name !== "x" && name !== "y") question.removeAttribute(name);
    question.setAttribute("class", "ak-ask");
    question.textContent = value.getAttribute("data-ask");
    value.after(question);
  }

  const items = () => [...(svg?.querySelectorAll<SVGElement>(".ak-item") ?? [])];
  const links = () => [...(svg?.querySelectorAll<SVGElement>(".ak-link") ?? [])];

  /** What has happened up to the current step is drawn; what is to come is faint and unknown; the step stands out. */
  function show(): void {
    const all = steps();
    const last = at();
    const step = model.get("step");
    const mentioned = new Set(all.flatMap((s) => s.keys));
    const reached = new Set(all.slice(0, last + 1).flatMap((s) => s.keys));
    const current = new Set(step < 0 ? [] : all[last]?.keys);
    for (const element of [...items(), ...links()]) {
      const k = keyOf(element);
      element.classList.toggle("ak-later", step >= 0 && mentioned.has(k) && !reached.has(k));
      element.classList.toggle("ak-now", current.has(k));
      element.setAttribute("aria-current", String(k === model.get("selected")));
    }
    const event = now();
    for (const element of svg?.querySelectorAll("[data-step], .ak-grad") ?? []) {
      element.classList.toggle("ak-unknown", Number(element.getAttribute("data-step")) > event);
      const calls = (element.getAttribute("data-calls") ?? element.getAttribute("data-call"))?.split(" ");
      element.classList.toggle("ak-other-call", call !== null && calls !== undefined && !calls.includes(String(call)));
    }
    for (const [hover, { title, rows }] of hovers)
      hover.textContent = [title, ...rows.slice(0, 1).map(([, text, known]) => told(text, known))].join("\n");
    page.say(step < 0 ? model.get("overview") : (all[last]?.sentence ?? ""));
    press(whole, step < 0);
    walk.refresh();
    page.tabulate();
    detail();
    zoom.reveal(items().find((element) => element.classList.contains("ak-now")));
  }

  function options(): void {
    const calls = model.get("calls");
    choice.hidden = calls.length < 2;
    choice.replaceChildren(
      h("option", { value: "" }, "all backward calls"),
      ...calls.map((name, n) => h("option", { value: n, selected: n === call }, name)),
    );
    const foldable = model.get("foldable");
    folding.hidden = foldable.length === 0;
    press(folding, model.get("folded").length > 0);
    const opened = model.get("opened");
    stacking.hidden = opened.length === 0;
    stacking.textContent = opened.every((path) => !OF_TURNS.test(path)) && opened.length ? "Fold calls" : "Stack turns";
    press(naming, model.get("node_names"));
  }

  function choose(): void {
    call = choice.value === "" ? null : Number(choice.value);
    const first = steps().findIndex((step) => step.call === call);
    if (call !== null && first >= 0 && model.get("step") >= 0) put(model, "step", first);
    show();
  }

  function foldAll(): void {
    const fold = model.get("folded").length === 0;
    const paths = model.get("foldable");
    const depth =
      Math.min(...paths.map((path) => path.split("/").length)) + (paths.some((path) => path.includes("/")) ? 1 : 0);
    const modules = Object.fromEntries(paths.map((path) => [path, fold && path.split("/").length === depth]));
    put(model, "folds", { ...folds(), ...modules });
  }

  function stackTurns(): void {
    const open = new Set(model.get("opened"));
    put(model, "folds", Object.fromEntries(Object.entries(folds()).filter(([path]) => !open.has(path))));
  }

  /** A stack opens; anything else shows its detail. */
  function enter(element: SVGElement): void {
    const closed = element.classList.contains("ak-stack") && details()[keyOf(element)]?.closed;
    if (closed) fold(closed, false);
    else select(keyOf(element));
  }

  /** The focus goes to the first thing in what was opened, or to what stands for all that was closed. */
  function fold(path: string, closed: boolean): void {
    awaited = (drawn) => (closed ? drawn.closed : drawn.inside) === path;
    put(model, "folds", { ...folds(), [path]: closed });
  }

  function select(k: string): void {
    if (model.get("element").length) put(model, "element", []);
    put(model, "selected", k === model.get("selected") ? "" : k);
  }

  function detail(): void {
    keepFocus(page.detail, fillDetail);
  }

  function fillDetail(): void {
    const found = details()[model.get("selected")];
    page.detail.hidden = !found;
    if (!found) {
      page.detail.replaceChildren();
      return;
    }
    const measured = model.get("measured")[model.get("selected")] ?? [];
    const rows = [...found.rows, ...measured].flatMap(([what, text, known]) => [
      h("dt", {}, what),
      h("dd", { class: isWide(told(text, known)) && "ak-printed" }, ...unbroken(told(text, known))),
    ]);
    const measuring = button("Measure the derivative", measure, {
      title: "Measure the derivative by finite differences, from the recorded inputs",
    });
    measuring.hidden = found.measurable === undefined || found.measurable > now() || measured.length > 0;
    const folder = (path: string, verb: string, closed: boolean) => button(`${verb} ${path}`, () => fold(path, closed));
    page.detail.replaceChildren(
      h("h4", {}, found.title),
      h("dl", {}, ...rows),
      ...(found.grids ?? []).flatMap((grid, number) => (grid.known > now() ? [] : [elements(grid, number)])),
      h(
        "p",
        { class: "ak-group" },
        measuring,
        ...(found.closed ? [folder(found.closed, "Unfold", false)] : []),
        ...(found.inside && [...model.get("foldable"), ...model.get("opened")].includes(found.inside)
          ? [folder(found.inside, "Fold", true)]
          : []),
        button("Close", () => {
          const k = model.get("selected");
          select(k);
          focus(svg && keyed(svg, k));
        }),
      ),
    );
    for (const each of page.detail.querySelectorAll("button")) each.dataset.key = each.textContent; // it keeps the focus
    for (const row of page.detail.querySelectorAll("dd")) {
      const scrolls = row.scrollHeight > row.clientHeight || row.scrollWidth > row.clientWidth;
      if (scrolls) row.tabIndex = 0; // by keyboard too
    }
  }

  function elements(grid: Grid, number: number): HTMLElement {
    const [at, ...place] = model.get("element");
    const chosen = at === number ? place : (grid.first ?? []);
    const found = model.get("reasons")[reasonKey(model.get("selected"), [number, ...chosen])];
    const reason = found ?? (at === number ? "…" : (grid.reason ?? ""));
    return gridOf(grid, number, chosen, reason, (to) => put(model, "element", to.length ? [number, ...to] : []));
  }

  /** Python answers with the trait `reasons`, if it has not told this reason before. */
  function chosen(): void {
    clearTimeout(waiting);
    const asked = reasonKey(model.get("selected"), model.get("element"));
    if (model.get("element").length && !(asked in model.get("reasons")))
      waiting = setTimeout(() => page.say(NO_ANSWER), PATIENCE);
    detail();
  }

  /** Python answers with the trait `measured`; a kernel that is gone does not, and a message to it may not even leave. */
  function measure(): void {
    page.say("The derivative is being measured …");
    clearTimeout(waiting);
    try {
      model.send({ kind: "measure" } satisfies GraphToPython);
    } catch {
      page.say("There is no kernel, and Python measures the derivative. Run the cell of this picture again.");
      return;
    }
    waiting = setTimeout(() => page.say(NO_ANSWER), PATIENCE);
  }
  signal.addEventListener("abort", () => clearTimeout(waiting));

  /** The rows have come: the focus, which was on the button, stays in the panel. */
  function showMeasured(): void {
    const root = page.detail.getRootNode() as Document | ShadowRoot;
    const inside = page.detail.contains(root.activeElement);
    clearTimeout(waiting);
    detail();
    page.say("The derivative was measured: the last rows of the detail.");
    if (inside) [...page.detail.querySelectorAll("button")].at(-1)?.focus();
  }

  function focus(element: SVGElement | HTMLElement | null | undefined): void {
    if (!element) return;
    for (const other of [...items(), ...links()]) other.setAttribute("tabindex", "-1");
    element.setAttribute("tabindex", "0");
    element.focus({ preventScroll: false });
  }

  /** Down and up follow the edges, left and right go to the neighbour on the same path. */
  function neighbour(here: SVGElement, arrow: string): SVGElement | undefined {
    const all = links(),
      k = keyOf(here);
    const [tail, head] = [here.getAttribute("data-tail"), here.getAttribute("data-head")];
    const item = (name: string | null) => items().find((other) => keyOf(other) === name);
    if (tail !== null && head !== null) {
      if (arrow === "ArrowDown") return item(head);
      if (arrow === "ArrowUp") return item(tail);
      const beside = all.filter(
        (link) => link.getAttribute("data-tail") === tail || link.getAttribute("data-head") === head,
      );
      return beside[beside.indexOf(here) + (arrow === "ArrowRight" ? 1 : -1)];
    }
    if (arrow === "ArrowDown") return all.find((link) => link.getAttribute("data-tail") === k);
    if (arrow === "ArrowUp") return all.find((link) => link.getAttribute("data-head") === k);
    return items()[items().indexOf(here) + (arrow === "ArrowRight" ? 1 : -1)];
  }

  const marked = (event: Event) => (event.target as Element | null)?.closest<SVGElement>(".ak-item, .ak-link");
  page.stage.addEventListener(
    "click",
    (event) => {
      const element = marked(event);
      if (element && !svg?.classList.contains("ak-panning")) {
        focus(element);
        enter(element);
      }
    },
    { signal },
  );
  page.stage.addEventListener(
    "keydown",
    (event) => {
      const element = marked(event);
      if (!element) return;
      if (event.key.startsWith("Arrow")) focus(neighbour(element, event.key));
      else if (event.key === "Enter") enter(element);
      else if (event.key === " ") select(keyOf(element));
      else if (event.key === "Escape") select(model.get("selected"));
      else if (event.key === "Home") walk.by(-steps().length);
      else if (event.key === "End") walk.by(steps().length);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );

  tellPage(model, page.columns, signal);
  onChange(model, "step", show, signal);
  onChange(model, "selected", show, signal);
  onChange(model, "measured", showMeasured, signal);
  onChange(model, "element", chosen, signal);
  onChange(model, "reasons", chosen, signal);
}

export const view = picture(render);
