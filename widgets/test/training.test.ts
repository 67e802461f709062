import { afterEach, describe, expect, it, vi } from "vitest";
import type { TrainingToPython, TrainingTraits } from "../src/shared/traits";
import widget from "../src/training";
import { FakeModel, resizable, shown } from "./model";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 292"><g class="ak-chart" data-key="loss" tabindex="0" data-left="46" data-right="284" data-top="56" data-bottom="252">
<polyline points="50,60 100,120 150,200" data-name="train" data-epochs="0.5 1 1.5" data-shown="2.3|1.1|0.5"/><polyline points="100,110" data-name="test" data-epochs="1" data-shown="0.9"/></g></svg>`;

const PICTURES = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200">${[0, 60, 0, 60]
  .map((x, i) => `<g class="ak-pick" data-key="digit-${10 + i}"><title>picture ${i}</title><image x="${x}"/></g>`)
  .join("")}</svg>`;

/** A kernel that greets back, once it listens. */
class Kernel extends FakeModel<TrainingTraits> {
  listens = true;
  ended = false;
  override send(message: TrainingToPython): void {
    if (this.ended) throw new Error("Cannot send");
    super.send(message);
    if (message.kind === "hello" && this.listens) this.tell("msg:custom", message);
  }
}

async function show(state: TrainingTraits["state"], more: Partial<TrainingTraits> = {}, listens = true) {
  const model = new Kernel({
    tabs: ["curves", "pictures", "maps"],
    tab: "curves",
    which: "",
    log_axis: false,
    rate: "0.1",
    svg: SVG,
    description: "a run",
    table: [["epoch"], ["1"]],
    state,
    progress: 0.25,
    ...more,
  });
  model.listens = listens;
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
  it("keep what is pressed until the kernel greets back", async () => {
    const { model, sent, button } = await show("running", {}, false);
    button("Log axis").click();
    button("Pause").click();
    model.tell("msg:custom", { kind: "hello", number: -1 }); // to another view
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(sent()).toEqual(["hello", "hello"]);
    model.listens = true;
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(sent()).toEqual(["hello", "hello", "hello", "scale", "pause"]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    button("Stop").click();
    expect(sent().slice(3)).toEqual(["scale", "pause", "stop"]);
  });
  it("greet no longer than the view is there", async () => {
    const { sent, ended } = await show("running", {}, false);
    ended.abort();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(sent()).toEqual(["hello"]);
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
  it("rest when the kernel is gone", async () => {
    const { model, said, sent, button } = await show("running");
    model.tell("comm_live_update");
    expect(said()).toContain("kernel is gone");
    button("Pause").click();
    expect(sent()).toEqual(["hello"]);
  });
  it("rest when a greeting cannot leave, and greet no more", async () => {
    const { model, said, sent, button } = await show("running", {}, false);
    model.ended = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(said()).toContain("kernel is gone");
    expect(button("Pause").getAttribute("aria-disabled")).toBe("true");
    button("Log axis").click();
    expect(said()).toContain("kernel is gone");
    model.ended = false;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sent()).toEqual(["hello"]);
  });
  it("go silent with the view", async () => {
    const { model, said, ended } = await show("running");
    ended.abort();
    model.set("state", "finished");
    expect(said()).toBe("Training …");
  });
});

describe("learning rate", () => {
  const field = (root: HTMLElement) => root.querySelector<HTMLInputElement>(".ak-rate")!;
  const type = (input: HTMLInputElement, text: string, key = "Enter") => {
    input.focus();
    input.value = text;
    if (key === "Enter") input.dispatchEvent(new Event("change", { bubbles: true }));
    else input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  };
  it("is what Python has, and is sent when typed", async () => {
    const { model, root, said } = await show("running");
    expect(field(root).value).toBe("0.1");
    type(field(root), "100");
    expect(model.sent.at(-1)).toEqual({ kind: "rate", lr: 100 });
    expect(said()).toContain("100");
    type(field(root), " 2.5e-4 ");
    expect(model.sent.at(-1)).toEqual({ kind: "rate", lr: 0.00025 });
    model.set("rate", "0.00025");
    expect(field(root).value).toBe("0.00025");
  });
  it("is not sent where it is none, and Escape takes it back", async () => {
    const { root, sent } = await show("running");
    for (const text of ["fast", "-1", "", "1e999"]) {
      type(field(root), text);
      expect(field(root).getAttribute("aria-invalid")).toBe("true");
    }
    expect(sent()).toEqual(["hello"]);
    type(field(root), "fast", "Escape");
    expect(field(root).value).toBe("0.1");
    expect(field(root).hasAttribute("aria-invalid")).toBe(false);
  });
  it("is not written over while somebody types", async () => {
    const { model, root } = await show("running");
    field(root).focus();
    field(root).value = "0.0";
    model.set("rate", "0.08");
    expect(field(root).value).toBe("0.0");
    field(root).blur();
    model.set("rate", "0.07");
    expect(field(root).value).toBe("0.07");
  });
  it("is hidden where there is no optimizer", async () => {
    const { root } = await show("running", { rate: "" });
    expect(field(root).closest("label")!.hidden).toBe(true);
  });
});

describe("what is shown", () => {
  it("is chosen by buttons that the arrow keys walk", async () => {
    const { model, button } = await show("running");
    expect(button("Curves").getAttribute("aria-pressed")).toBe("true");
    button("Test pictures").click();
    expect(model.sent.at(-1)).toEqual({ kind: "look", tab: "pictures" });
    model.set("tab", "pictures");
    expect(button("Test pictures").getAttribute("aria-pressed")).toBe("true");
    expect(button("Log axis").hidden).toBe(true);
    button("Curves").focus();
    button("Curves").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    expect(document.activeElement).toBe(button("Test pictures"));
  });
  it("has no buttons where there are curves only", async () => {
    const { root } = await show("running", { tabs: ["curves"] });
    expect(root.querySelector<HTMLElement>(".ak-tabs")!.hidden).toBe(true);
  });
  it("turns the loss's axis", async () => {
    const { model, button } = await show("running");
    button("Log axis").click();
    expect(model.sent.at(-1)).toEqual({ kind: "scale", log: true });
    model.set("log_axis", true);
    expect(button("Log axis").getAttribute("aria-pressed")).toBe("true");
    button("Log axis").click();
    expect(model.sent.at(-1)).toEqual({ kind: "scale", log: false });
  });
  it("turns pages of test pictures, and goes from one picture to the next", async () => {
    const { model, root, button } = await show("finished", { tab: "pictures", which: "1–40 of 1,000" });
    const group = (name: string) => root.querySelector<HTMLElement>(`[role=group][aria-label=${name}]`)!;
    expect(group("Page").textContent).toContain("1–40 of 1,000");
    expect(group("Picture").hidden).toBe(true);
    button("Next page").click();
    expect(model.sent.at(-1)).toEqual({ kind: "turn", by: 1 });
    model.set("tab", "maps");
    model.set("which", "1 of 1,000");
    expect(group("Page").hidden).toBe(true);
    button("Previous picture").click();
    expect(model.sent.at(-1)).toEqual({ kind: "turn", by: -1 });
  });
  it("lets a test picture be chosen by mouse and keyboard", async () => {
    const { model, key } = await show("finished", { tab: "pictures", svg: PICTURES });
    const press = (name: string, from: SVGElement) =>
      from.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    const all = [10, 11, 12, 13].map((index) => key(`digit-${index}`));
    expect(all.map((each) => each.getAttribute("tabindex"))).toEqual(["0", "-1", "-1", "-1"]);
    expect(all[0]!.getAttribute("aria-label")).toBe("picture 0: show its maps");
    all[2]!.dispatchEvent(new MouseEvent("click"));
    expect(model.sent.at(-1)).toEqual({ kind: "choose", picture: 12 });
    all[0]!.focus();
    press("ArrowRight", all[0]!);
    expect(document.activeElement).toBe(all[1]);
    press("ArrowDown", all[1]!);
    expect(document.activeElement).toBe(all[3]);
    expect(all[3]!.getAttribute("tabindex")).toBe("0");
    press("Home", all[3]!);
    press("Enter", all[0]!);
    expect(model.sent.at(-1)).toEqual({ kind: "choose", picture: 10 });
  });
});

describe("width", () => {
  it("of the column is told to Python, and again after a change that can be seen", async () => {
    const resize = resizable();
    const { model, root, ended } = await show("running");
    const became = async (width: number) => {
      await resize(root, width);
      return model.sent.filter((each) => (each as TrainingToPython).kind === "width");
    };
    const told = (...widths: number[]) => widths.map((width) => ({ kind: "width", width }));
    expect(await became(0)).toEqual([]); // in a tab of the page that is not shown
    expect(await became(834)).toEqual(told(834));
    expect(await became(836)).toEqual(told(834));
    expect(await became(849)).toEqual(told(834)); // a scroll bar has gone: it must not come back
    expect(await became(348)).toEqual(told(834, 348));
    ended.abort();
    expect(await became(1148)).toEqual(told(834, 348));
    vi.unstubAllGlobals();
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
