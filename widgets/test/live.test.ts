import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Place, picture } from "../src/shared/live";
import type { Picture } from "../src/shared/traits";
import { FakeModel } from "./model";

const A = "a".repeat(32);
const B = "b".repeat(32);
const shown = { svg: "", description: "", table: [] };

/** A widget whose view is one paragraph that says how often it was drawn. */
function counted() {
  const signals: AbortSignal[] = [];
  const widget = picture(({ el, signal }: Place<Picture>) => {
    signals.push(signal);
    el.textContent = `drawn ${signals.length}`;
  });
  return { widget, signals };
}

function still(model: string): HTMLElement {
  document.body.insertAdjacentHTML(
    "beforeend",
    `<autogradkit-picture model="${model}"><img alt="x"></autogradkit-picture>`,
  );
  return document.body.lastElementChild as HTMLElement;
}

const inside = (element: HTMLElement) => element.shadowRoot?.querySelector("div")?.textContent ?? null;
const isStill = (element: HTMLElement) => !element.shadowRoot || element.shadowRoot.querySelector("slot") !== null;

describe("a stored picture", () => {
  let away: (() => void)[] = [];
  const enter = (widget: ReturnType<typeof counted>["widget"], id: string) => {
    const leave = widget.initialize({ model: new FakeModel<Picture>(shown, id) });
    away.push(leave);
    return leave;
  };
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    for (const leave of away) leave();
    away = [];
    document.body.replaceChildren();
    vi.runAllTimers();
    vi.useRealTimers();
  });

  it("comes alive with its own model, whichever is there first", () => {
    const { widget } = counted();
    const early = still(A);
    const other = still(B);
    enter(widget, A);
    const late = still(A);
    expect(inside(early)).toBe("drawn 1");
    expect(inside(late)).toBe("drawn 2");
    expect(isStill(other)).toBe(true);
  });

  it("is still again when the model goes, and its view has ended", () => {
    const { widget, signals } = counted();
    const element = still(A);
    const leave = enter(widget, A);
    leave();
    expect(isStill(element)).toBe(true);
    expect(element.querySelector("img")).not.toBeNull();
    expect(signals[0]!.aborted).toBe(true);
  });

  it("keeps its view while its cell is moved", () => {
    const { widget, signals } = counted();
    const element = still(A);
    enter(widget, A);
    element.remove();
    vi.advanceTimersByTime(9_000);
    document.body.append(element);
    vi.advanceTimersByTime(9_000);
    expect(inside(element)).toBe("drawn 1");
    expect(signals[0]!.aborted).toBe(false);
  });

  it("ends its view some time after it left the page", () => {
    const { widget, signals } = counted();
    const element = still(A);
    enter(widget, A);
    element.remove();
    vi.advanceTimersByTime(11_000);
    expect(signals[0]!.aborted).toBe(true);
  });

  it("stays with the second model of its ID when the first is let go", () => {
    const { widget } = counted();
    const element = still(A);
    const first = enter(widget, A);
    enter(widget, A);
    first();
    expect(isStill(element)).toBe(false);
  });

  it("keeps the plain keys that are pressed in it from the notebook, and leaves it the others", () => {
    const heard: string[] = [];
    const notebook = (event: KeyboardEvent) => {
      const free = !(event.target as HTMLElement).hasAttribute("data-lm-suppress-shortcuts");
      if (free) heard.push(event.key);
    };
    document.addEventListener("keydown", notebook, true);
    const { widget } = counted();
    const element = still(A);
    enter(widget, A);
    const press = (key: string, held: KeyboardEventInit = {}) =>
      element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...held }));
    press("ArrowDown");
    press("s", { ctrlKey: true });
    press("b");
    press("Enter", { shiftKey: true });
    press("Enter");
    press("Escape");
    document.removeEventListener("keydown", notebook, true);
    expect(heard).toEqual(["s", "Enter", "Escape"]);
  });
});
