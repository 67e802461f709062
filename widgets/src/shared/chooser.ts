/** ‹ which ›: the one before, the one after, and what is chosen. */
import { button, h } from "./dom";

export interface Chooser {
  readonly element: HTMLElement;
  /** Say which one is chosen, of how many; a choice of one is none and is hidden. */
  show(which: string, count: number): void;
}

/** `turn` is called with -1 or 1. */
export function chooser(what: string, turn: (by: number) => void): Chooser {
  const which = h("span", { class: "ak-which" });
  const before = button("‹", () => turn(-1), { title: `Previous ${what}` });
  const after = button("›", () => turn(1), { title: `Next ${what}` });
  const label = `${what[0]?.toUpperCase()}${what.slice(1)}`;
  const element = h("span", { class: "ak-group", role: "group", "aria-label": label }, before, which, after);
  const show = (text: string, count: number) => {
    which.textContent = text;
    element.hidden = count < 2;
  };
  return { element, show };
}
