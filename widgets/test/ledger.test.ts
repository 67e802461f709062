import { afterEach, describe, expect, it } from "vitest";
import widget from "../src/ledger";
import type { LedgerTraits } from "../src/shared/traits";
import { FakeModel, shown } from "./model";

const svg = (count: number) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 300">${[...Array(count).keys()]
    .map((i) => `<g class="ak-entry" data-key="entry-${i}" tabindex="0"><rect/></g>`)
    .join("")}</svg>`;

async function show(elements = 4) {
  const model = new FakeModel<LedgerTraits>({
    svg: svg(3),
    description: "w.grad",
    table: [["event"], ["backward"]],
    elements,
    element: 0,
    sentences: ["first <b>", "second", "third"],
  });
  const view = await shown(widget, model);
  const entries = () => [...view.root.querySelectorAll(".ak-entry")];
  const later = () => entries().map((entry) => entry.classList.contains("ak-later"));
  return { ...view, model, later, press: (title: string) => view.button(title).click() };
}
afterEach(() => document.body.replaceChildren());

describe("events", () => {
  it("are stepped through, the later ones faded, and said as text", async () => {
    const { said, press, later, root } = await show();
    expect(said()).toBe("third");
    press("First step");
    expect(said()).toBe("first <b>");
    expect(root.querySelector(".ak-sentence b")).toBeNull();
    expect(later()).toEqual([false, true, true]);
    press("Step forward");
    expect(said()).toBe("second");
  });
  it("are chosen by focus and walked with the arrow keys", async () => {
    const { said, root } = await show();
    const [first, second] = root.querySelectorAll<SVGGElement>(".ak-entry");
    first!.focus();
    first!.dispatchEvent(new FocusEvent("focus"));
    expect(said()).toBe("first <b>");
    first!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    second!.dispatchEvent(new FocusEvent("focus"));
    expect(said()).toBe("second");
  });
  it("that come later are shown at once while the latest is looked at", async () => {
    const { model, said } = await show();
    model.set("sentences", ["first <b>", "second", "third", "fourth"]);
    model.set("svg", svg(4));
    expect(said()).toBe("fourth");
  });
});

describe("elements", () => {
  it("are chosen one after the other, the mean among them", async () => {
    const { model, press, root } = await show();
    press("Next element");
    expect([model.get("element"), model.saved]).toEqual([1, 1]);
    expect(root.querySelector(".ak-which")!.textContent).toBe("element 2 of 4");
    press("Previous element");
    press("Previous element");
    expect(root.querySelector(".ak-which")!.textContent).toBe("mean");
    press("Previous element");
    expect(model.get("element")).toBe(3);
  });
  it("are not offered where there is one", async () => {
    const { root } = await show(1);
    expect(root.querySelector<HTMLElement>('[aria-label="Element"]')!.hidden).toBe(true);
  });
});
