/** First, back, play, forward, last, a slider and a speed: a walk through `count()` steps.
 *
 * Under reduced motion, play goes to the end at once.
 */
import { button, h, press } from "./dom";
import { reducedMotion } from "./theme";

export interface Stepper {
  readonly element: HTMLElement;
  /** Go so many steps on, or back, as far as there are any. */
  by(delta: number): void;
  refresh(): void;
}

const SPEEDS = [0.5, 1, 2, 4];

export function stepper(options: {
  count: () => number;
  at: () => number;
  go: (step: number) => void;
  signal: AbortSignal;
  delay?: number; // ms for a step at speed 1
}): Stepper {
  const { count, at, go, signal, delay = 900 } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const to = (step: number) => {
    stop();
    go(Math.max(0, Math.min(count() - 1, step)));
    refresh();
  };
  const by = (delta: number) => to(at() + delta);
  const wait = () => {
    timer = setTimeout(() => {
      go(at() + 1);
      if (at() < count() - 1) wait();
      else stop();
      refresh();
    }, delay / Number(speed.value));
  };
  const play = () => {
    if (timer !== undefined) stop();
    else if (reducedMotion()) to(count() - 1);
    else if (count() > 1) {
      if (at() >= count() - 1) go(0);
      wait();
    }
    refresh();
  };
  const first = button("|◀", () => by(-count()), { title: "First step" });
  const back = button("◀", () => by(-1), { title: "Step back" });
  const playing = button("▶ Play", play, { pressed: false });
  const forward = button("▶", () => by(1), { title: "Step forward" });
  const last = button("▶|", () => by(count()), { title: "Last step" });
  const speed = h(
    "select",
    { "aria-label": "Speed", title: "Speed" },
    ...SPEEDS.map((times) => h("option", { value: times, selected: times === 1 }, `${times}×`)),
  );
  const slider = h("input", {
    type: "range",
    class: "ak-slider",
    min: 0,
    "aria-label": "Step",
    oninput: () => to(Number(slider.value)),
  });
  const label = h("span", { class: "ak-step" });
  const element = h(
    "span",
    { class: "ak-group ak-stepper", role: "group", "aria-label": "Steps", onkeydown: (event) => key(event) },
    first,
    back,
    playing,
    forward,
    last,
    speed,
    slider,
    label,
  );

  /** On a button; the slider and the menu have these keys for themselves. */
  function key(event: Event): void {
    const { key, target } = event as KeyboardEvent;
    if (!(target instanceof HTMLButtonElement) || (key !== "Home" && key !== "End")) return;
    event.preventDefault();
    by(key === "Home" ? -count() : count());
  }

  /** A button that can do nothing stays focusable and says so, so that the focus is not lost on it. */
  const able = (element: HTMLElement, yes: boolean) => element.setAttribute("aria-disabled", String(!yes));
  function refresh(): void {
    press(playing, timer !== undefined);
    playing.textContent = timer === undefined ? "▶ Play" : "❚❚ Pause";
    able(playing, count() > 1);
    for (const element of [first, back]) able(element, at() > 0);
    for (const element of [forward, last]) able(element, at() < count() - 1);
    label.textContent = count() ? `step ${at() + 1} of ${count()}` : "no steps";
    slider.max = String(Math.max(0, count() - 1));
    slider.value = String(at());
    slider.setAttribute("aria-valuetext", label.textContent);
  }
  signal.addEventListener("abort", stop);
  refresh();
  return { element, by, refresh };
}
