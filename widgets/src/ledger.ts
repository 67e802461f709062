/** GradLedger: step through what happened to a .grad, and choose the element that is drawn. */
import { chooser } from "./shared/chooser";
import { keyOf } from "./shared/focus";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { onChange, put } from "./shared/model";
import { stepper } from "./shared/stepper";
import type { LedgerTraits } from "./shared/traits";

function render({ model, el, signal }: Place<LedgerTraits>): void {
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

  const wrap = (element: number) =>
    element < -1 ? model.get("elements") - 1 : element >= model.get("elements") ? -1 : element;
  const choice = chooser("element", (by) => put(model, "element", wrap(model.get("element") + by)));
  const name = () => {
    const element = model.get("element");
    const count = model.get("elements");
    choice.show(element < 0 ? "mean" : `element ${element + 1} of ${count}`, count);
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
  view.toolbar.append(steps.element, choice.element);
}

export default picture(render);
