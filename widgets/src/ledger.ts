/** GradLedger: step through what happened to a .grad, and choose the element that is drawn. */
import type { RenderProps } from "@anywidget/types";
import { button, h } from "./shared/dom";
import { keyOf } from "./shared/focus";
import { frame } from "./shared/frame";
import { onChange, put } from "./shared/model";
import { stepper } from "./shared/stepper";
import type { LedgerTraits } from "./shared/traits";

function render({ model, el, signal }: RenderProps<LedgerTraits>): void {
  let chosen: number | null = null; // null: the latest event
  const sentences = () => model.get("sentences");
  const at = () => Math.min(chosen ?? Infinity, Math.max(0, sentences().length - 1));
  const entries = () => [...view.stage.querySelectorAll<SVGGElement>(".ak-entry")];
  const numberOf = (entry: Element) => Number(keyOf(entry).replace("entry-", ""));

  const view = frame(model, el, signal, () => {
    for (const entry of entries()) {
      entry.addEventListener("click", () => choose(numberOf(entry)), { signal });
      entry.addEventListener("focus", () => choose(numberOf(entry)), { signal });
      entry.addEventListener(
        "keydown",
        (event) => {
          const step = ({ ArrowLeft: -1, ArrowRight: 1 } as Record<string, number>)[event.key];
          if (step === undefined) return;
          event.preventDefault();
          const all = entries();
          all[Math.max(0, Math.min(all.length - 1, all.indexOf(entry) + step))]?.focus();
        },
        { signal },
      );
    }
    steps.refresh();
    mark();
  });

  const steps = stepper({ count: () => sentences().length, at, go: (step) => choose(step), signal });

  function choose(step: number): void {
    chosen = step >= sentences().length - 1 ? null : step;
    steps.refresh();
    mark();
  }

  function mark(): void {
    for (const entry of entries()) entry.classList.toggle("ak-later", numberOf(entry) > at());
    for (const entry of entries()) entry.classList.toggle("ak-current", numberOf(entry) === at());
    view.say(sentences()[at()] ?? model.get("description"));
  }

  const pick = (element: number) => put(model, "element", element);
  const wrap = (element: number) =>
    element < -1 ? model.get("elements") - 1 : element >= model.get("elements") ? -1 : element;
  const which = h("span", { class: "ak-which" });
  const chooser = h(
    "span",
    { class: "ak-group", role: "group", "aria-label": "Element" },
    button("‹", () => pick(wrap(model.get("element") - 1)), { title: "Previous element" }),
    which,
    button("›", () => pick(wrap(model.get("element") + 1)), { title: "Next element" }),
  );
  const name = () => {
    which.textContent =
      model.get("element") < 0 ? "mean" : `element ${model.get("element") + 1} of ${model.get("elements")}`;
    chooser.hidden = model.get("elements") < 2;
  };
  onChange(model, "element", name, signal);
  onChange(
    model,
    "sentences",
    () => {
      steps.refresh();
      mark();
    },
    signal,
  );
  name();
  view.toolbar.append(steps.element, chooser);
}

export default { render };
