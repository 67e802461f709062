/** StorageMap: walk the elements of a tensor; the storage cell behind each lights up with every element that shares it. */
import { cells, gridOf } from "./shared/cells";
import { chooser } from "./shared/chooser";
import { keyOf } from "./shared/focus";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { put } from "./shared/model";
import { stepper } from "./shared/stepper";
import type { StorageTraits } from "./shared/traits";
import { tellPage } from "./shared/width";

function render({ model, el, signal }: Place<StorageTraits>): void {
  let tensor = 0; // the one that the steps walk
  const view = frame(model, el, signal, (svg, until) => {
    grid.attach(svg, until);
    steps.refresh();
  });
  view.root.classList.add("ak-steady");
  const grid = cells({
    root: view.stage,
    signal,
    selected: () => model.get("selected"),
    sentence: (key) => model.get("sentences")[key] ?? model.get("description"),
    choose,
    say: view.say,
  });
  const elements = () => grid.elementsOf(tensor);
  const at = () =>
    Math.max(
      0,
      elements().findIndex((cell) => keyOf(cell) === model.get("selected")),
    );
  const steps = stepper({
    count: () => elements().length,
    at,
    signal,
    delay: 600,
    go: (step) => {
      const cell = elements()[step];
      if (cell) choose(keyOf(cell));
    },
  });

  function choose(key: string): void {
    if (key.startsWith("t")) {
      tensor = Number(gridOf(key).slice(1));
      named();
    }
    if (model.get("selected") !== key) put(model, "selected", key);
    steps.refresh();
    grid.light(key);
  }

  const named = () => choice.show(model.get("names")[tensor] ?? "", model.get("names").length);
  const choice = chooser("tensor", (by) => {
    const count = model.get("names").length;
    tensor = (tensor + by + count) % count;
    named();
    const first = elements()[0];
    if (first) choose(keyOf(first));
    steps.refresh();
  });
  named();
  tellPage(model, view.columns, signal);
  view.toolbar.append(steps.element, choice.element);
}

export default picture(render);
