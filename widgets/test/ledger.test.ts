import { afterEach, describe, expect, it } from "vitest";
import widget from "../src/ledger";
import type { Column, LedgerTraits } from "../src/shared/traits";
import { FakeModel, settled, shown } from "./model";

const svg = (...keys: string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 300">${keys
    .map((key) =>
      key.startsWith("close-")
        ? `<g class="ak-fold" data-key="${key}" data-group="${key.slice(6)}" tabindex="0"><rect/></g>`
        : `<g class="ak-entry" data-key="${key}" tabindex="0"><rect class="ak-hit"/></g>`,
    )
    .join("")}</svg>`;
const column = (key: string, sentence: string, opens = "", closes = ""): Column => ({ key, sentence, opens, closes });
const FOUR = [column("e0", "first <b>"), column("g1", "many", "g1"), column("e9", "third"), column("e10", "fourth")];

async function show(columns = FOUR, drawn = svg("g1", "e9", "e10")) {
  const model = new FakeModel<LedgerTraits>({
    svg: drawn,
    description: "w.grad",
    table: [["event"], ["backward"]],
    columns,
    selected: "",
    opened: [],
    pages: ["1 to 6 of 8", "7 to 8 of 8"],
    page: 0,
    sheet: 0,
  });
  const view = await shown(widget, model);
  const later = () => [...view.root.querySelectorAll(".ak-later")].map((entry) => entry.getAttribute("data-key"));
  const type = (key: string, on: string) =>
    view.key(on).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return { ...view, model, later, type, press: (title: string) => view.button(title).click() };
}
afterEach(() => document.body.replaceChildren());

describe("columns", () => {
  it("are stepped through, the later ones marked, said as text, and Python knows which", async () => {
    const { said, press, later, root, model } = await show();
    expect(said()).toBe("fourth");
    press("First step");
    expect(said()).toBe("first <b>");
    expect(root.querySelector(".ak-sentence b")).toBeNull();
    expect(later()).toEqual(["g1", "e9", "e10"]);
    expect(model.get("selected")).toBe("e0");
    press("Step forward");
    expect(said()).toBe("many");
    press("Last step");
    expect(model.get("selected")).toBe("");
  });
  it("are chosen by focus and walked with the arrow keys, those that are not drawn too", async () => {
    const { said, type, key, model, root } = await show();
    key("e9").dispatchEvent(new FocusEvent("focus"));
    expect(said()).toBe("third");
    key("g1").focus();
    type("ArrowLeft", "g1");
    expect(model.get("selected")).toBe("e0");
    model.set("svg", svg("e0", "g1", "e9"));
    await settled();
    expect(model.get("selected")).toBe("e0");
    expect(root.ownerDocument.activeElement?.getAttribute("data-key")).toBe("e0");
    type("End", "e0");
    expect(model.get("selected")).toBe("");
  });
  it("that come later are shown at once while the latest is looked at", async () => {
    const { model, said } = await show();
    model.set("columns", [...FOUR, column("e11", "fifth")]);
    expect(said()).toBe("fifth");
  });
});

describe("a column of several events", () => {
  it("opens on click, on Enter and on the space bar", async () => {
    for (const act of ["click", "Enter", " "]) {
      const { model, key, type } = await show();
      expect(key("g1").getAttribute("role")).toBe("button");
      if (act === "click") key("g1").dispatchEvent(new MouseEvent("click", { bubbles: true }));
      else type(act, "g1");
      expect(model.get("opened")).toEqual(["g1"]);
    }
  });
  it("is closed by its bracket, or by Escape in it, and has the focus then", async () => {
    const open = [column("e0", "first"), column("e1", "one", "", "g1"), column("e2", "two", "", "g1")];
    for (const act of ["click", "Enter", "Escape"]) {
      const { model, key, type, root } = await show(open, svg("e0", "e1", "e2", "close-g1"));
      model.set("opened", ["t0", "g1"]);
      if (act === "click") key("close-g1").dispatchEvent(new MouseEvent("click", { bubbles: true }));
      else type(act, act === "Enter" ? "close-g1" : "e2");
      expect(model.get("opened")).toEqual(["t0"]);
      model.set("svg", svg("e0", "g1"));
      await settled();
      expect(root.ownerDocument.activeElement?.getAttribute("data-key")).toBe("g1");
      document.body.replaceChildren();
    }
  });
  it("is not what a single event is", async () => {
    const { model, key, type } = await show();
    expect(key("e9").getAttribute("role")).not.toBe("button");
    type("Enter", "e9");
    type("Escape", "e9");
    expect(model.get("opened")).toEqual([]);
  });
});

describe("elements", () => {
  it("are chosen page by page, round and round", async () => {
    const { model, press, root } = await show();
    press("Next elements");
    expect(model.get("sheet")).toBe(1);
    expect(root.querySelector(".ak-which")!.textContent).toBe("7 to 8 of 8");
    press("Next elements");
    press("Previous elements");
    expect(model.get("sheet")).toBe(1);
  });
  it("are not offered where all are shown", async () => {
    const { model, root } = await show();
    model.set("pages", ["all elements"]);
    expect(root.querySelector<HTMLElement>('[aria-label="Elements"]')!.hidden).toBe(true);
  });
});
