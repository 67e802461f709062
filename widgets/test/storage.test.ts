import { afterEach, describe, expect, it } from "vitest";
import { keyOf } from "../src/shared/focus";
import type { StorageTraits } from "../src/shared/traits";
import widget from "../src/storage";
import { FakeModel, shown } from "./model";

const cell = (key: string, storage: string, row: number, column: number) =>
  `<rect data-key="${key}" data-cell="${storage}" data-row="${row}" data-column="${column}"/>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">${[
  cell("t0-0", "s0-0", 0, 0),
  cell("t0-1", "s0-1", 0, 1),
  cell("t0-2", "s0-2", 1, 0),
  cell("t0-3", "s0-3", 1, 1),
  cell("t1-0", "s0-1", 0, 0),
  cell("s0-0", "s0-0", 0, 0),
  cell("s0-1", "s0-1", 0, 1),
  cell("s0-2", "s0-2", 0, 2),
].join("")}</svg>`;

async function show() {
  const model = new FakeModel<StorageTraits>({
    svg,
    description: "a and b share memory",
    table: [["tensor"], ["a"]],
    page: 0,
    names: ["a", "b"],
    selected: "",
    sentences: { "t0-1": "a[0, 1] = <b>", "t1-0": "b[0]", "t0-3": "a[1, 1]" },
  });
  const view = await shown(widget, model);
  return { ...view, model, lit: () => [...view.root.querySelectorAll(".ak-lit")].map(keyOf) };
}
afterEach(() => document.body.replaceChildren());

describe("an element", () => {
  it("lights its cell and every element that shares it, and is said as text", async () => {
    const { key, lit, said, root, model } = await show();
    key("t0-1").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(lit()).toEqual(["t0-1", "t1-0", "s0-1"]);
    expect(said()).toBe("a[0, 1] = <b>");
    expect(root.querySelector(".ak-sentence b")).toBeNull();
    expect([model.get("selected"), model.saved > 0]).toEqual(["t0-1", true]);
  });
  it("is lit while the pointer is on it, then the chosen one again", async () => {
    const { key, lit } = await show();
    key("t0-3").dispatchEvent(new Event("pointerenter"));
    expect(lit()).toEqual(["t0-3"]);
    key("t0-3").dispatchEvent(new Event("pointerleave"));
    expect(lit()).toEqual([]);
  });
  it("leads to its neighbours by the arrow keys, one tab stop a grid", async () => {
    const { key, root } = await show();
    expect([...root.querySelectorAll('[data-cell][tabindex="0"]')].map(keyOf)).toEqual(["t0-0", "t1-0", "s0-0"]);
    key("t0-1").focus();
    key("t0-1").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    expect(document.activeElement!.getAttribute("data-key")).toBe("t0-3");
  });
});

describe("the steps", () => {
  it("walk the elements of the chosen tensor in order", async () => {
    const { root, model, button } = await show();
    const press = (title: string) => button(title).click();
    press("Step forward");
    expect(model.get("selected")).toBe("t0-1");
    press("Next tensor");
    expect(model.get("selected")).toBe("t1-0");
    expect(root.querySelector(".ak-which")!.textContent).toBe("b");
  });
});
