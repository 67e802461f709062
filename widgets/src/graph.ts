/** GraphView: inlines the renderer's picture, steps through it, walks it by arrow keys, shows details, folds modules. */
import { button, h, press } from "./shared/dom";
import { keyed, keyOf } from "./shared/focus";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { onChange, put } from "./shared/model";
import { panZoom } from "./shared/panzoom";
import { stepper } from "./shared/stepper";
import type { GraphToPython, GraphTraits } from "./shared/traits";

function render({ model, el, signal }: Place<GraphTraits>): void {
  let svg: SVGSVGElement | null = null;
  let call: number | null = null;
  const steps = () => model.get("steps");
  const details = () => model.get("details");
  const folds = () => model.get("folds");
  const at = () => {
    const step = model.get("step");
    return step < 0 ? steps().length - 1 : Math.min(step, steps().length - 1);
  };

  const view = panZoom(signal);
  const page = frame(model, el, signal, drawn);
  page.root.classList.add("ak-graph-view");
  const walk = stepper({ count: () => steps().length, at, go: (step) => put(model, "step", step), signal });
  const whole = button("All", () => put(model, "step", -1), { title: "Show the whole computation", pressed: true });
  const choice = h("select", { "aria-label": "Backward call", onchange: () => choose() });
  const folding = button("Fold modules", foldAll, { pressed: false });
  page.toolbar.append(
    walk.element,
    whole,
    choice,
    folding,
    h("span", { class: "ak-group", role: "group", "aria-label": "Zoom" }, ...view.buttons),
  );

  function drawn(next: SVGSVGElement): void {
    svg = next;
    svg.setAttribute("role", "group");
    for (const [key, detail] of Object.entries(details())) {
      const element = keyed(svg, key);
      if (!element) continue;
      const hover = document.createElementNS("http://www.w3.org/2000/svg", "title");
      hover.textContent = [detail.title, ...detail.rows.slice(0, 1).map(([, text]) => text)].join("\n");
      element.prepend(hover);
    }
    items()[0]?.setAttribute("tabindex", "0");
    view.attach(svg);
    options();
    show();
  }

  const items = () => [...(svg?.querySelectorAll<SVGElement>(".ak-item") ?? [])];
  const links = () => [...(svg?.querySelectorAll<SVGElement>(".ak-link") ?? [])];

  /** What has happened up to the current step is drawn; what is to come is faint; the current step stands out. */
  function show(): void {
    const all = steps();
    const last = at();
    const step = model.get("step");
    const mentioned = new Set(all.flatMap((s) => s.keys));
    const reached = new Set(all.slice(0, last + 1).flatMap((s) => s.keys));
    const now = new Set(step < 0 ? [] : all[last]?.keys);
    for (const element of [...items(), ...links()]) {
      const k = keyOf(element);
      element.classList.toggle("ak-later", step >= 0 && mentioned.has(k) && !reached.has(k));
      element.classList.toggle("ak-now", now.has(k));
      element.setAttribute("aria-current", String(k === model.get("selected")));
    }
    const event = step < 0 ? Infinity : (all[last]?.event ?? Infinity);
    for (const element of svg?.querySelectorAll("[data-step]") ?? []) {
      element.classList.toggle("ak-unknown", Number(element.getAttribute("data-step")) > event);
      const calls = (element.getAttribute("data-calls") ?? element.getAttribute("data-call"))?.split(" ");
      element.classList.toggle("ak-other-call", call !== null && calls !== undefined && !calls.includes(String(call)));
    }
    page.say(step < 0 ? model.get("overview") : (all[last]?.sentence ?? ""));
    press(whole, step < 0);
    walk.refresh();
    detail();
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
    put(model, "folds", Object.fromEntries(paths.map((path) => [path, fold && path.split("/").length === depth])));
  }

  function select(k: string): void {
    put(model, "selected", k === model.get("selected") ? "" : k);
  }

  function detail(): void {
    const found = details()[model.get("selected")];
    page.detail.hidden = !found;
    if (!found) {
      page.detail.replaceChildren();
      return;
    }
    const measured = model.get("measured")[model.get("selected")] ?? [];
    const rows = [...found.rows, ...measured].flatMap(([what, text]) => [h("dt", {}, what), h("dd", {}, text)]);
    const measuring = button("Measure the derivative", measure, {
      title: "Measure the derivative by finite differences, from the recorded inputs",
    });
    measuring.hidden = !found.measurable || measured.length > 0;
    const fold = (path: string, label: string, closed: boolean) =>
      button(label, () => put(model, "folds", { ...folds(), [path]: closed }));
    page.detail.replaceChildren(
      h("h4", {}, found.title),
      h("dl", {}, ...rows),
      h(
        "p",
        { class: "ak-group" },
        measuring,
        ...(found.closed ? [fold(found.closed, `Unfold ${found.closed}`, false)] : []),
        ...(found.inside && model.get("foldable").includes(found.inside)
          ? [fold(found.inside, `Fold ${found.inside}`, true)]
          : []),
        button("Close", () => {
          const k = model.get("selected");
          put(model, "selected", "");
          focus(svg && keyed(svg, k));
        }),
      ),
    );
    for (const row of page.detail.querySelectorAll("dd")) {
      if (row.scrollHeight > row.clientHeight) row.tabIndex = 0; // what scrolls is scrolled by keyboard too
    }
  }

  /** Python answers with the trait `measured`. */
  function measure(): void {
    page.say("The derivative is being measured …");
    model.send({ kind: "measure" } satisfies GraphToPython);
  }

  /** The rows have come: the focus, which was on the button, stays in the panel. */
  function showMeasured(): void {
    const root = page.detail.getRootNode() as Document | ShadowRoot;
    const inside = page.detail.contains(root.activeElement);
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
        select(keyOf(element));
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
      else if (event.key === "Enter" || event.key === " ") select(keyOf(element));
      else if (event.key === "Escape") put(model, "selected", "");
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );

  onChange(model, "step", show, signal);
  onChange(model, "selected", show, signal);
  onChange(model, "measured", showMeasured, signal);
}

export default picture(render);
