/** TrainingView: the live curves with pause, step and stop, the learning rate, and looks at what was learnt. */
import { chooser } from "./shared/chooser";
import { button, h, press } from "./shared/dom";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { onChange } from "./shared/model";
import type { Tab, TrainingTraits } from "./shared/traits";
import { onWidth } from "./shared/width";
import { Cursor } from "./training/cursor";
import { line } from "./training/line";
import { picks } from "./training/picks";

type Button = "pause" | "resume" | "step" | "stop";

const WAITING: Record<Button, string> = {
  pause: "Pausing after this batch …",
  resume: "Going on …",
  step: "One more batch …",
  stop: "Stopping after this batch …",
};
const SAID: Record<TrainingTraits["state"], string> = {
  ready: "Not begun: run a cell that trains.",
  running: "Training …",
  paused: "Paused between two batches.",
  stopped: "Stopped. resume(), run in a cell, goes on there with the next batch.",
  interrupted: "Interrupted between two batches. resume(), run in a cell, goes on there with the next one.",
  failed: "The cell failed; the curves show what was learnt before.",
  finished: "Finished.",
};
const GONE = "The kernel is gone; the curves show what was learnt before.";
const TABS: Record<Tab, string> = {
  curves: "Curves",
  pictures: "Test pictures",
  filters: "Filters",
  maps: "Feature maps",
  confusion: "Confusions",
};

function render({ model, el, signal }: Place<TrainingTraits>): void {
  const readout = h("p", { class: "ak-readout", "aria-live": "polite" });
  const bar = h("progress", { class: "ak-progress", max: 1, "aria-label": "Progress of the training" });
  const cursor = new Cursor(readout);
  const send = line(model, signal, () => {
    for (const element of [pause, step, stop]) element.setAttribute("aria-disabled", "true");
    view.say(GONE);
  });
  const view = frame(model, el, signal, (svg, until) => {
    reach(view.stage);
    cursor.attach(svg, until);
    picks(svg, until, (chosen) => send({ kind: "choose", picture: chosen }));
  });
  const tell = (kind: Button) => {
    view.say(WAITING[kind]);
    send({ kind });
  };

  const pause = button("‖ Pause", () => tell(model.get("state") === "paused" ? "resume" : "pause"), { pressed: false });
  const step = button("▸ Step", () => tell("step"), { title: "Learn one more batch, then wait" });
  const stop = button("■ Stop", () => tell("stop"), { title: "End after the batch in hand" });
  const log = button("Log axis", () => send({ kind: "scale", log: !model.get("log_axis") }), {
    pressed: false,
    title: "The loss on a logarithmic axis",
  });
  const rate = rateField(model, signal, (lr) => {
    view.say(`The learning rate is ${lr} from the next batch on.`);
    send({ kind: "rate", lr });
  });
  const tabs = tabRow(model, signal, (tab) => send({ kind: "look", tab }));
  const pages = chooser("page", (by) => send({ kind: "turn", by }));
  const shown = chooser("picture", (by) => send({ kind: "turn", by }));
  view.toolbar.append(
    h("span", { class: "ak-group", role: "group", "aria-label": "Training" }, pause, step, stop),
    bar,
    rate,
    log,
    h("span", { class: "ak-break" }),
    tabs,
    pages.element,
    shown.element,
  );
  view.stage.after(readout);

  const refresh = () => {
    const state = model.get("state");
    const busy = state === "running" || state === "paused";
    press(pause, state === "paused");
    pause.textContent = state === "paused" ? "▶ Resume" : "‖ Pause";
    for (const element of [pause, step, stop]) element.setAttribute("aria-disabled", String(!busy));
    view.say(SAID[state]);
  };
  const fill = () => {
    bar.value = model.get("progress");
  };
  const choose = () => {
    const tab = model.get("tab");
    const which = model.get("which");
    pages.show(which, tab === "pictures" && which ? 2 : 0);
    shown.show(which, tab === "maps" && which ? 2 : 0);
    log.hidden = readout.hidden = tab !== "curves";
    press(log, model.get("log_axis"));
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
  onChange(model, "state", refresh, signal);
  onChange(model, "progress", fill, signal);
  for (const trait of ["tab", "which", "log_axis"] as const) onChange(model, trait, choose, signal);
  onChange(
    model,
    "svg",
    () => {
      if (model.get("state") === "paused") view.say(SAID.paused);
    },
    signal,
  );
  refresh();
  fill();
  choose();
  onWidth(view.root, (width) => send({ kind: "width", width }), signal);
}

/** A picture that scrolls is a stop of the tab key, so that arrow keys scroll it. */
function reach(stage: HTMLElement): void {
  const scrolls = stage.scrollHeight > stage.clientHeight || stage.scrollWidth > stage.clientWidth;
  for (const [name, value] of Object.entries({ tabindex: "0", role: "group", "aria-label": "Picture" }))
    if (scrolls) stage.setAttribute(name, value);
    else stage.removeAttribute(name);
}

/** The learning rate as Python has it; what is typed is sent with Enter, or when the field is left, and then read back. */
function rateField(model: Place<TrainingTraits>["model"], signal: AbortSignal, set: (lr: number) => void): HTMLElement {
  const field = h("input", { class: "ak-rate", type: "text", inputmode: "decimal", autocomplete: "off", size: 9 });
  const label = h("label", { class: "ak-group" }, "learning rate", field);
  let sent = false;
  const show = () => {
    sent = false;
    label.hidden = !model.get("rate");
    field.value = model.get("rate");
    field.removeAttribute("aria-invalid");
  };
  const commit = () => {
    const typed = field.value.trim();
    if (typed === model.get("rate")) return show();
    const lr = Number(typed);
    sent = typed !== "" && Number.isFinite(lr) && lr >= 0;
    if (sent) set(lr);
    else field.setAttribute("aria-invalid", "true");
  };
  field.addEventListener("change", commit, { signal });
  field.addEventListener(
    "keydown",
    (event) => {
      event.stopPropagation(); // the notebook has a meaning for letters and Enter
      if (event.key === "Escape") show();
    },
    { signal },
  );
  const editing = () => (field.getRootNode() as Document | ShadowRoot).activeElement === field;
  onChange(
    model,
    "rate",
    () => {
      if (sent || !editing()) show();
    },
    signal,
  );
  show();
  return label;
}

/** A button for each thing to look at. */
function tabRow(model: Place<TrainingTraits>["model"], signal: AbortSignal, look: (tab: Tab) => void): HTMLElement {
  const row = h("span", { class: "ak-group ak-tabs", role: "group", "aria-label": "What is shown" });
  const buttons = new Map<Tab, HTMLButtonElement>();
  const mark = () => {
    for (const [tab, element] of buttons) press(element, tab === model.get("tab"));
  };
  const fill = () => {
    buttons.clear();
    for (const tab of model.get("tabs"))
      buttons.set(
        tab,
        button(TABS[tab], () => look(tab), { pressed: false }),
      );
    row.replaceChildren(...buttons.values());
    row.hidden = buttons.size < 2;
    mark();
  };
  onChange(model, "tabs", fill, signal);
  onChange(model, "tab", mark, signal);
  fill();
  return row;
}

export default picture(render);
