import { afterEach, describe, expect, it } from "vitest";
import type { TrainingToPython, TrainingTraits } from "../src/shared/traits";
import widget from "../src/training";
import { FakeModel, shown } from "./model";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 292"><g class="ak-chart" data-key="loss" tabindex="0" data-left="46" data-right="284" data-top="56" data-bottom="252">
<polyline points="50,60 100,120 150,200" data-name="train" data-epochs="0.5 1 1.5" data-shown="2.3|1.1|0.5"/><polyline points="100,110" data-name="test" data-epochs="1" data-shown="0.9"/></g></svg>`;

async function show(state: TrainingTraits["state"]) {
  const model = new FakeModel<TrainingTraits>({
    svg: SVG,
    description: "a run",
    table: [["epoch"], ["1"]],
    state,
    progress: 0.25,
  });
  const view = await shown(widget, model);
  const sent = () => (model.sent as TrainingToPython[]).map((message) => message.kind);
  return { ...view, model, sent };
}
afterEach(() => document.body.replaceChildren());

describe("buttons", () => {
  it("greet the kernel and tell it what is pressed", async () => {
    const { said, sent, button } = await show("running");
    button("Pause").click();
    button("Step").click();
    button("Stop").click();
    expect(sent()).toEqual(["hello", "pause", "step", "stop"]);
    expect(said()).toBe("Stopping after this batch …");
  });
  it("turn Pause into Resume while paused", async () => {
    const { model, said, sent, button } = await show("running");
    model.set("state", "paused");
    expect(button("Resume").getAttribute("aria-pressed")).toBe("true");
    expect(said()).toContain("Paused");
    button("Step").click();
    model.set("svg", SVG);
    expect(said()).toContain("Paused");
    button("Resume").click();
    expect(sent().at(-1)).toBe("resume");
  });
  it("do nothing, and say so, when nothing trains", async () => {
    const { sent, button } = await show("finished");
    for (const name of ["Pause", "Step", "Stop"]) {
      expect(button(name).getAttribute("aria-disabled")).toBe("true");
      button(name).click();
    }
    expect(sent()).toEqual(["hello"]);
  });
  it("show the progress", async () => {
    const { model, root } = await show("running");
    expect(root.querySelector("progress")!.value).toBe(0.25);
    model.set("progress", 0.5);
    expect(root.querySelector("progress")!.value).toBe(0.5);
  });
  it("go silent with the view", async () => {
    const { model, said, ended } = await show("running");
    ended.abort();
    model.set("state", "finished");
    expect(said()).toBe("Training …");
  });
});

describe("cursor", () => {
  it("walks the points with the arrow keys and survives a redraw", async () => {
    const { model, root } = await show("running");
    const press = (key: string) =>
      root.querySelector(".ak-chart")!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const readout = () => root.querySelector(".ak-readout")!.textContent;
    press("End");
    expect(readout()).toBe("epoch 1.5 · train loss 0.5 · test loss 0.9 at epoch 1");
    press("ArrowLeft");
    expect(readout()).toBe("epoch 1 · train loss 1.1 · test loss 0.9");
    model.set("svg", SVG.replace("2.3|1.1", "2.3|1.2"));
    expect(readout()).toBe("epoch 1 · train loss 1.2 · test loss 0.9");
    expect(root.querySelectorAll(".ak-cursor").length).toBe(1);
    press("Escape");
    expect(readout()).toBe("");
  });
});
