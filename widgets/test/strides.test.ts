import { afterEach, describe, expect, it } from "vitest";
import type { StridesTraits } from "../src/shared/traits";
import widget from "../src/strides";
import { FakeModel, shown } from "./model";

const rect = (key: string, cell: string, column: number) =>
  `<rect data-key="${key}" data-cell="${cell}" data-row="0" data-column="${column}"/>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">${rect("t1-0", "s0-0", 0)}${rect("t1-1", "s0-3", 1)}${rect("s0-3", "s0-3", 0)}</svg>`;

async function show(traits: Partial<StridesTraits> = {}) {
  const setting = { offset: 0, sizes: [2, 3], strides: [3, 1] };
  const model = new FakeModel<StridesTraits>({
    svg,
    description: "a shows a",
    table: [["tensor"], ["a"]],
    page: 0,
    setting,
    start: setting,
    limits: { offset: 6, size: 6, least_stride: -2, stride: 6, dims: 3 },
    call: "torch.as_strided(a, (2, 3), (3, 1), 0)",
    spelled: "a",
    printed: "tensor([[0, 1, 2],\n        [3, 4, 5]])",
    problem: "",
    refusal: "",
    sentences: { "t1-1": "a[0, 1] = <b>" },
    selected: "",
    ...traits,
  });
  const view = await shown(widget, model);
  const sliders = () => [...view.root.querySelectorAll<HTMLInputElement>("input[type=range]")];
  const slider = (name: string) => sliders().find((each) => each.closest("label")!.textContent!.startsWith(name))!;
  const slide = (name: string, value: number) => {
    slider(name).value = String(value);
    slider(name).dispatchEvent(new Event("input", { bubbles: true }));
  };
  return { ...view, model, sliders, slider, slide };
}
afterEach(() => document.body.replaceChildren());

describe("the sliders", () => {
  it("stand at the setting, with names, limits and numbers", async () => {
    const { sliders, slider } = await show();
    expect(sliders().map((each) => each.value)).toEqual(["0", "2", "3", "3", "1"]);
    expect([slider("stride of dim 1").min, slider("stride of dim 1").max]).toEqual(["-2", "6"]);
    expect(slider("stride of dim 0").closest("label")!.querySelector("output")!.textContent).toBe("3");
  });
  it("tell Python the whole setting, and change nothing that it was before", async () => {
    const { slide, model } = await show();
    const before = model.get("setting");
    slide("stride of dim 1", 0);
    slide("size of dim 0", 4);
    slide("offset", 2);
    expect(model.get("setting")).toEqual({ offset: 2, sizes: [4, 3], strides: [3, 0] });
    expect(before).toEqual({ offset: 0, sizes: [2, 3], strides: [3, 1] });
    expect(model.saved).toBe(3);
  });
  it("follow a setting that Python makes, without losing the one that is held", async () => {
    const { model, slider } = await show();
    const held = slider("offset");
    const size = slider("size of dim 1");
    model.set("setting", { offset: 1, sizes: [2, 2], strides: [3, 1] });
    expect([slider("offset"), slider("size of dim 1")]).toEqual([held, size]);
    expect([held.value, size.value]).toEqual(["1", "2"]);
  });
  it("are as many as there are dimensions, within limits", async () => {
    const { button, model, sliders } = await show();
    button("Add dimension").click();
    button("Add dimension").click();
    expect(model.get("setting")).toEqual({ offset: 0, sizes: [2, 3, 1], strides: [3, 1, 1] });
    expect(button("Add dimension").getAttribute("aria-disabled")).toBe("true");
    for (let i = 0; i < 5; i++) button("Remove dimension").click();
    expect([sliders().length, model.get("setting").sizes]).toEqual([1, []]);
    button("Start again").click();
    expect([sliders().length, model.get("setting")]).toEqual([5, model.get("start")]);
  });
});

describe("what they make", () => {
  it("is written and printed as text", async () => {
    const { root, model } = await show({ call: "torch.as_strided(<b>, …)" });
    expect(root.querySelector(".ak-outcome b")).toBeNull();
    expect(root.querySelector(".ak-call")!.textContent).toBe("torch.as_strided(<b>, …)");
    expect(root.querySelector(".ak-spelled")!.textContent).toBe("= a");
    expect(root.querySelector("pre")!.textContent).toContain("[3, 4, 5]");
    model.set("problem", "Element [2, 2] would lie in cell 8");
    model.set("refusal", "RuntimeError: out of bounds");
    model.set("spelled", "");
    expect(root.querySelector(".ak-problem")!.textContent).toBe("✗ Element [2, 2] would lie in cell 8");
    expect(root.querySelector(".ak-refusal")!.textContent).toBe("RuntimeError: out of bounds");
    expect(root.querySelectorAll("pre, .ak-spelled").length).toBe(0);
  });
  it("is said anew after each change, unless an element is chosen", async () => {
    const { said, model, key } = await show();
    expect(said()).toBe("a shows a");
    model.set("description", "a.t() shows a");
    expect(said()).toBe("a.t() shows a");
    key("t1-1").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect([said(), model.get("selected")]).toEqual(["a[0, 1] = <b>", "t1-1"]);
    expect([...document.querySelectorAll(".ak-lit")].map((each) => each.getAttribute("data-key"))).toEqual([
      "t1-1",
      "s0-3",
    ]);
  });
});
