/** First, back, play, forward: a walk through `count()` steps. Under reduced motion, play goes to the end at once. */
import { button, h, press } from "./dom";
import { reducedMotion } from "./theme";

export interface Stepper {
  readonly element: HTMLElement;
  refresh(): void;
}

export function stepper(options: {
  count: () => number;
  at: () => number;
  go: (step: number) => void;
  signal: AbortSignal;
  delay?: number;
}): Stepper {
  const { count, at, go, signal, delay = 700 } = options;
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    refresh();
  };
  const by = (delta: number) => {
    stop();
    go(Math.max(0, Math.min(count() - 1, at() + delta)));
    refresh();
  };
  const play = () => {
    if (timer !== undefined) return stop();
    if (at() >= count() - 1) go(0);
    if (reducedMotion()) {
      go(count() - 1);
      return refresh();
    }
    timer = setInterval(() => {
      go(at() + 1);
      if (at() >= count() - 1) stop();
      else refresh();
    }, delay);
    refresh();
  };
  const first = button("|◀", () => by(-count()), { title: "First step" });
  const back = button("◀", () => by(-1), { title: "Step back" });
  const playing = button("▶ Play", play, { pressed: false });
  const forward = button("▶", () => by(1), { title: "Step forward" });
  const last = button("▶|", () => by(count()), { title: "Last step" });
  const label = h("span", { class: "ak-step" });
  const element = h(
    "span",
    { class: "ak-group", role: "group", "aria-label": "Steps" },
    first,
    back,
    playing,
    forward,
    last,
    label,
  );

  /** A button that can do nothing stays focusable and says so, so that the focus is not lost on it. */
  const able = (element: HTMLElement, yes: boolean) => element.setAttribute("aria-disabled", String(!yes));
  function refresh(): void {
    press(playing, timer !== undefined);
    playing.textContent = timer === undefined ? "▶ Play" : "❚❚ Pause";
    for (const element of [first, back]) able(element, at() > 0);
    for (const element of [forward, last]) able(element, at() < count() - 1);
    label.textContent = count() ? `step ${at() + 1} of ${count()}` : "no steps";
  }
  signal.addEventListener("abort", () => clearInterval(timer));
  refresh();
  return { element, refresh };
}
