import { afterEach, describe, expect, it, vi } from "vitest";
import type { Shown } from "../src/graph/unpacked";
import { view as widget } from "../src/graph/view";
import { StoredModel } from "../src/page/stored";
import type { Grid } from "../src/shared/traits";
import { FakeModel, shown } from "./model";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g class="ak-item" data-key="o1"/><g class="ak-item" data-key="v0"/></svg>`;
const step = (event: number) => ({ event, kind: "forward" as const, call: null, keys: ["o1"], sentence: "…" });
const TALL: Grid = { what: "∂k", shape: [2, 3, 40], known: -1, cells: Array.from({ length: 5 }, () => ["1", "2"]) };
const GRIDS: Grid[] = [
  {
    what: "∂w",
    shape: [2, 2],
    known: 3,
    cells: [
      ["1", "<i>"],
      ["−3", "4"],
    ],
  },
  TALL,
];

const show = async (first: Partial<Grid> = {}) => {
  const model = new FakeModel<Shown>({
    svg: SVG,
    description: "",
    overview: "",
    table: [["operation"]],
    known: [],
    steps: [step(1), step(3)],
    details: {
      o1: { title: "mul", rows: [], grids: [{ ...GRIDS[0], ...first } as Grid, TALL] },
      v0: { title: "w", rows: [] },
    },
    calls: [],
    foldable: [],
    folded: [],
    opened: [],
    node_names: false,
    folds: {},
    element: [],
    page: 0,
    reasons: {},
    measured: {},
    step: -1,
    selected: "o1",
  });
  const view = await shown(widget, model);
  const cell = (at: string) => view.root.querySelector<HTMLElement>(`[data-key="element ${at}"]`)!;
  const reasons = () =>
    [...view.root.querySelectorAll<HTMLElement>(".ak-reason")].map((each) => !each.hidden && each.textContent);
  const press = (key: string) =>
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return { ...view, model, cell, reasons, press };
};
afterEach(() => document.body.replaceChildren());

describe("the elements in a detail", () => {
  it("are cells of text that say where they are", async () => {
    const { root, cell, reasons } = await show();
    expect(cell("0,0,1").textContent).toBe("<i>");
    expect(cell("0,1,0").getAttribute("aria-label")).toBe("−3, at [1, 0]");
    expect([...root.querySelectorAll("figcaption")].map((each) => each.textContent)).toEqual([
      "∂w: choose an element",
      "∂k, the first 5 of 6 rows and 2 of 40 columns: choose an element",
    ]);
    expect([...root.querySelectorAll("tbody th")].slice(2).map((each) => each.textContent)).toEqual([
      "[0, 0]",
      "[0, 1]",
      "[0, 2]",
      "[1, 0]",
      "[1, 1]",
    ]);
    expect(reasons()).toEqual([false, false]);
  });

  it("are chosen by click, told by Python, and left by another click", async () => {
    const { model, cell, reasons } = await show();
    cell("0,1,0").click();
    expect(model.get("element")).toEqual([0, 1, 0]);
    expect(reasons()).toEqual(["…", false]);
    model.set("reasons", { "o1 0,1,0": "∂w[1, 0] = 1 · <b>−3</b>" });
    expect(reasons()).toEqual(["∂w[1, 0] = 1 · <b>−3</b>", false]);
    expect(cell("0,1,0").getAttribute("aria-selected")).toBe("true");
    cell("0,1,0").click();
    expect(model.get("element")).toEqual([]);
    expect(reasons()).toEqual([false, false]);
  });

  it("are walked by arrow keys and chosen by Enter, which keeps the focus", async () => {
    const { model, cell, press, root } = await show();
    cell("0,0,0").focus();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "Home", "End"]) press(key);
    expect(document.activeElement).toBe(cell("0,1,1"));
    press("Enter");
    expect(model.get("element")).toEqual([0, 1, 1]);
    expect(document.activeElement).toBe(cell("0,1,1"));
    expect(root.querySelector(`#${cell("0,1,1").getAttribute("aria-describedby")}`)!.textContent).toBe("…");
    model.set("reasons", { "o1 0,1,1": "why" });
    expect(document.activeElement).toBe(cell("0,1,1"));
    expect([...root.querySelectorAll('table[aria-label="∂w"] [tabindex="0"]')]).toEqual([cell("0,1,1")]);
  });

  it("begin with the one that is told of where none is chosen", async () => {
    const { model, cell, reasons } = await show({ first: [1, 0], reason: "told" });
    expect(reasons()).toEqual(["told", false]);
    expect(cell("0,1,0").getAttribute("aria-selected")).toBe("true");
    cell("0,0,0").click();
    expect(reasons()).toEqual(["…", false]);
    cell("0,0,0").click();
    expect([model.get("element"), reasons()]).toEqual([[], ["told", false]]);
  });

  it("are not there before they are known, and are left with the node", async () => {
    const { model, root, cell, key } = await show();
    model.set("step", 0);
    expect([...root.querySelectorAll("table[role=grid]")].map((each) => each.getAttribute("aria-label"))).toEqual([
      "∂k",
    ]);
    model.set("step", -1);
    cell("0,0,0").click();
    key("v0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect([model.get("element"), model.get("selected")]).toEqual([[], "v0"]);
  });

  it("say that there is no kernel where none answers", async () => {
    const { model, cell, said } = await show();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      cell("0,0,0").click();
      vi.advanceTimersByTime(3_999);
      expect(said()).not.toMatch(/No kernel/);
      vi.advanceTimersByTime(1);
      expect(said()).toMatch(/^No kernel answers: .* run the cell of this picture again\.$/);
      model.set("reasons", { "o1 0,0,0": "a", "o1 0,0,1": "b" });
      cell("0,0,1").click();
      vi.advanceTimersByTime(60_000);
      expect(model.get("element")).toEqual([0, 0, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are told by what a page has stored, or the page says that it has not", () => {
    const detail = { title: "mul", rows: [], grids: GRIDS };
    const layout = { folds: {}, node_names: false, details: { o1: detail, "o1.2": detail } };
    const model = new StoredModel([layout], "", { "o1 0,0,1": "∂w[0, 1] = 2" });
    model.set("selected", "o1");
    model.set("element", [0, 0, 1]);
    expect(model.get("reasons")).toEqual({ "o1 0,0,1": "∂w[0, 1] = 2" });
    model.set("selected", "o1.2"); // the same, drawn again
    expect(model.get("reasons")).toEqual({ "o1 0,0,1": "∂w[0, 1] = 2" });
    model.set("element", [0, 1, 1]);
    expect(model.get("reasons")["o1 0,1,1"]).toMatch(/^This page has no numbers of this element/);
  });
});
