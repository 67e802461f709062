import { afterEach, describe, expect, it } from "vitest";
import widget from "../src/prediction";
import type { PredictionTraits } from "../src/shared/traits";
import { FakeModel, shown } from "./model";

async function show(chosen = -1) {
  const model = new FakeModel<PredictionTraits>({
    question: "What is `w.grad` <b>now</b>?",
    choices: ["`5`", "`7`", "<i>it</i> fails"],
    verdicts: ["No, not `5`.", "Right: they are `added`.", "No."],
    answer: 1,
    chosen,
  });
  const view = await shown(widget, model);
  const radios = [...view.root.querySelectorAll("input")];
  const marks = () => [...view.root.querySelectorAll(".ak-mark")].map((mark) => mark.textContent);
  const press = () => view.root.querySelector<HTMLButtonElement>("button")!.click();
  return { ...view, model, radios, marks, press };
}
afterEach(() => document.body.replaceChildren());

describe("a prediction", () => {
  it("asks, with text as text and code as code, and gives nothing away", async () => {
    const { root, radios, marks, said } = await show();
    expect(root.querySelector("legend")!.textContent).toBe("Predict. What is w.grad <b>now</b>?");
    expect([...root.querySelectorAll("code")].map((code) => code.textContent)).toEqual(["w.grad", "5", "7"]);
    expect([root.querySelector("b"), root.querySelector("i")]).toEqual([null, null]);
    expect(radios.map((radio) => radio.closest("label")!.textContent)).toEqual(["5", "7", "<i>it</i> fails"]);
    expect(said()).toBe("");
    expect(marks()).toEqual(["", "", ""]);
    expect(root.textContent).not.toContain("added");
  });
  it("takes no answer that was not chosen", async () => {
    const { model, press, root } = await show();
    press();
    expect([model.get("chosen"), model.saved]).toEqual([-1, 0]);
    expect(root.querySelector("button")!.textContent).toBe("Answer");
  });
  it("tells who is wrong what is right, tells Python, and can be tried again", async () => {
    const { model, radios, marks, said, press } = await show();
    radios[0]!.click();
    expect(said()).toBe("");
    press();
    expect([model.get("chosen"), model.saved]).toEqual([0, 1]);
    expect(said()).toBe("No, not 5.");
    expect(marks()).toEqual(["✗ not this", "✓ right", ""]);
    expect(radios.every((radio) => radio.disabled)).toBe(true);
    press();
    expect(said()).toBe("");
    expect(radios.some((radio) => radio.checked || radio.disabled)).toBe(false);
    radios[1]!.click();
    press();
    expect(said()).toBe("Right: they are added.");
    expect(marks()).toEqual(["", "✓ right", ""]);
  });
  it("shows what was answered before, here or in another view", async () => {
    const { model, said } = await show(2);
    expect(said()).toBe("No.");
    model.set("chosen", 1);
    expect(said()).toBe("Right: they are added.");
  });
  it("listens no longer once it has ended", async () => {
    const { model, said, ended } = await show();
    ended.abort();
    model.set("chosen", 1);
    expect(said()).toBe("");
  });
});
