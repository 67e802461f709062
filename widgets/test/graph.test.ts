import { afterEach, describe, expect, it, vi } from "vitest";
import type { Shown } from "../src/graph/unpacked";
import { view as widget } from "../src/graph/view";
import type { Detail } from "../src/shared/traits";
import { FakeModel, resizable, shown } from "./model";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 90">
<g class="ak-link" data-key="e0" data-tail="v0" data-head="o0" tabindex="-1"><g class="ak-forward"/><g class="ak-back" data-key="b0" data-calls="0" data-step="1"/></g>
<g class="ak-link" data-key="e1" data-tail="o0" data-head="v1" tabindex="-1"><g class="ak-forward"/><g class="ak-back" data-key="b1" data-calls="0 1" data-step="1"/></g>
<g class="ak-item" data-key="v0" tabindex="-1"><g class="ak-grad" data-key="g0" data-step="2" data-call="0"/></g>
<g class="ak-item" data-key="o0"/><g class="ak-item ak-stack" data-key="s3"/><g class="ak-item" data-key="v1"/>
<g class="ak-item" data-key="v2"><text data-key="t2" x="4" y="6" class="ak-mono" data-step="1" data-ask="= ?">[3.]</text></g></svg>`;
const row = (title: string): Detail => ({
  title,
  rows:
    title === "w"
      ? [
          ["value", "<b>2.</b>"],
          [".grad", "1.", 2],
        ]
      : [["value", "<b>2.</b>", title === "y" ? 0 : -1]],
  closed: title === "mul" ? "Net/fc" : "",
  inside: "",
});

const show = () => {
  const model = new FakeModel<Shown>({
    svg: SVG,
    description: "y = w * x",
    overview: "1 operation ran forward.",
    table: [
      ["operation", "result", "∂"],
      ["mul(w, x)", "y = 2.", "1. | 3."],
    ],
    known: [[[-1], [0], [1, 7]]],
    steps: [
      {
        event: 0,
        kind: "forward",
        call: null,
        keys: ["v0", "o0", "e0", "v1", "e1"],
        sentence: "mul(w, x) gives y = 2.",
      },
      {
        event: 1,
        kind: "backward",
        call: 0,
        keys: ["o0", "e0", "e1"],
        sentence: "backward 1: MulBackward0 receives ∂ 1.",
      },
      { event: 2, kind: "accumulate", call: 0, keys: ["v0"], sentence: "backward 1: w.grad = 1." },
    ],
    details: {
      s3: { title: "turns 2–29", rows: [], closed: "turns 2–29 (operations 3–58)", inside: "" },
      v0: row("w"),
      o0: { ...row("mul"), measurable: 1 },
      v1: row("y"),
      v2: row("later"),
      e0: row("edge"),
    },
    calls: ["backward 1", "backward 2"],
    foldable: ["Net", "Net/fc"],
    folded: ["Net/fc"],
    opened: [],
    node_names: false,
    folds: {},
    element: [],
    page: 0,
    reasons: {},
    measured: {},
    step: -1,
    selected: "",
  });
  return shown(widget, model).then((view) => ({ ...view, model }));
};
afterEach(() => document.body.replaceChildren());

describe("GraphView", () => {
  it("shows everything at first and says what it is", async () => {
    const { key, said } = await show();
    expect(said()).toBe("1 operation ran forward.");
    expect(key("b0").classList.contains("ak-unknown")).toBe(false);
  });

  it("leaves no room under the legend for the overview, which is said above", async () => {
    const { root, model } = await show();
    model.set(
      "svg",
      SVG.replace("<svg ", '<svg width="100" height="90" ').replace(
        "</svg>",
        '<text class="ak-overview" y="76">1 operation</text></svg>',
      ),
    );
    const svg = root.querySelector(".ak-stage svg")!;
    expect([svg.getAttribute("height"), svg.getAttribute("viewBox")]).toEqual(["70", "0 0 100 70"]);
  });

  it("keeps gradients back until their step", async () => {
    const { model, key, button, said } = await show();
    button("First step").click();
    expect(model.get("step")).toBe(0);
    expect(key("b0").classList.contains("ak-unknown")).toBe(true);
    expect(key("o0").classList.contains("ak-now")).toBe(true);
    button("Step forward").click();
    expect(key("b0").classList.contains("ak-unknown")).toBe(false);
    expect(said()).toContain("MulBackward0");
    expect(key("g0").classList.contains("ak-unknown")).toBe(true);
    button("Show the whole computation").click();
    expect(model.get("step")).toBe(-1);
  });

  it("gives nothing away while it steps: not on the picture, on hover, in the detail, in the table", async () => {
    const { model, key, button, root } = await show();
    const table = () => [...root.querySelectorAll("td")].map((cell) => cell.textContent);
    const hover = (name: string) => key(name).querySelector("title")!.textContent;
    const detail = () => root.querySelector(".ak-detail")!.textContent;
    button("Table").click();
    expect(table()).toEqual(["mul(w, x)", "y = 2.", "1. | 3."]);
    model.set("selected", "v0");
    model.set("steps", [
      { event: -1, kind: "forward", call: null, keys: ["v0"], sentence: "w" },
      ...model.get("steps"),
    ]);
    button("First step").click();
    expect(key("t2").classList.contains("ak-unknown")).toBe(true);
    const ask = key("t2").nextElementSibling!;
    expect([ask.textContent, ask.outerHTML.match(/ \w+="[^"]*"/g)!.sort()]).toEqual([
      "= ?",
      [' class="ak-ask"', ' x="4"', ' y="6"'],
    ]);
    expect(table()).toEqual(["mul(w, x)", "?", "? | ?"]);
    expect(hover("v1")).toBe("y\n?");
    expect(detail()).toContain("<b>2.</b>.grad?");
    button("Step forward").click();
    expect(hover("v1")).toBe("y\n<b>2.</b>");
    expect(table()).toEqual(["mul(w, x)", "y = 2.", "? | ?"]);
    button("Step forward").click();
    expect(key("t2").classList.contains("ak-unknown")).toBe(false);
    expect(table()[2]).toBe("1. | ?");
    button("Last step").click();
    expect(detail()).toContain(".grad1.");
    button("All").click();
    expect(table()).toEqual(["mul(w, x)", "y = 2.", "1. | 3."]);
  });

  it("goes to the first and the last step by Home and End, and leaves arrows to the picture", async () => {
    const { model, key } = await show();
    const press = (name: string) => key("v0").dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    press("Home");
    expect(model.get("step")).toBe(0);
    press("End");
    expect(model.get("step")).toBe(2);
    press("ArrowDown");
    expect(model.get("step")).toBe(2);
  });

  it("keeps a short row of the detail in one line", async () => {
    const { model } = await show();
    const value: Detail = { ...row("x"), rows: [["value", "[1.2e-05, −3e+10, 0.5]"]] };
    model.set("details", { ...model.get("details"), v0: value });
    model.set("selected", "v0");
    const kept = [...document.querySelectorAll(".ak-detail .ak-number")].map((span) => span.textContent);
    expect(kept).toEqual(["[1.2e-05, −3e+10, 0.5]"]);
    expect(document.querySelector(".ak-detail dd")!.textContent).toBe("[1.2e-05, −3e+10, 0.5]");
  });

  it("gives a printed tensor with long rows the width of the panel, and leaves a sentence beside its heading", async () => {
    const { model } = await show();
    const long = `[[${"-1.9621e-02, ".repeat(5)}1.],\n [2.]]`;
    const rows: Detail["rows"] = [
      ["value", long],
      ["shape", "[2.]"],
      ["backward 1", `∂ = ${long}`],
    ];
    model.set("details", { ...model.get("details"), v0: { ...row("x"), rows } });
    model.set("selected", "v0");
    const wide = [...document.querySelectorAll(".ak-detail dd")].map((each) => each.className);
    expect(wide).toEqual(["ak-printed", "", ""]);
  });

  it("tells Python what was clicked and shows its detail as text", async () => {
    const { model, key } = await show();
    key("v0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(model.get("selected")).toBe("v0");
    expect(model.saved).toBeGreaterThan(0);
    const detail = document.querySelector<HTMLElement>(".ak-detail")!;
    expect(detail.hidden).toBe(false);
    expect(detail.textContent).toContain("<b>2.</b>");
    expect(detail.querySelector("b")).toBeNull();
  });

  it("is walked by arrow keys, edges included", async () => {
    const { model, key } = await show();
    const pressKey = (name: string) =>
      document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    expect(key("v0").getAttribute("tabindex")).toBe("0");
    key("v0").focus();
    const path: (string | null)[] = [];
    for (const arrow of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft"]) {
      pressKey(arrow);
      path.push(document.activeElement!.getAttribute("data-key"));
    }
    expect(path).toEqual(["e0", "o0", "e1", "v1", "e1", "o0", "v0"]);
    pressKey("Enter");
    expect(model.get("selected")).toBe("v0");
    pressKey("Escape");
    expect(model.get("selected")).toBe("");
  });

  it("folds and unfolds through Python, and keeps the focus over the redraw", async () => {
    const { model, key, button } = await show();
    key("o0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    button("Unfold Net/fc").click();
    expect(model.get("folds")).toEqual({ "Net/fc": false });
    key("v0").focus();
    model.set("svg", SVG.replace("90", "91"));
    expect(document.activeElement!.getAttribute("data-key")).toBe("v0");
  });

  it("keeps the focus on a button of the detail over a redraw, and moves it into what is unfolded and onto what is folded", async () => {
    const { model, key, button } = await show();
    const focused = () => document.activeElement!.getAttribute("data-key");
    key("o0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    for (const name of ["Measure the derivative", "Close", "Unfold Net/fc"]) {
      button(name).focus();
      model.set("svg", SVG.replace("90", `9${name.length}`));
      expect(document.activeElement).toBe(button(name));
    }
    button("Unfold Net/fc").click();
    const folded = model.get("details");
    model.set("details", { ...folded, o0: row("edge"), v1: { ...row("y"), inside: "Net/fc" } });
    model.set("svg", SVG);
    expect(focused()).toBe("v1");
    key("v1").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    button("Fold Net/fc").focus();
    button("Fold Net/fc").click();
    model.set("details", folded);
    model.set("svg", SVG.replace("90", "91"));
    expect(focused()).toBe("o0");
  });

  it("asks Python to measure a derivative and shows what came, with the focus kept in the panel", async () => {
    const { model, key, button, root } = await show();
    key("v0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(button("Measure the derivative").hidden).toBe(true);
    key("o0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const ask = button("Measure the derivative");
    expect(ask.hidden).toBe(false);
    ask.focus();
    ask.click();
    expect(model.sent).toEqual([{ kind: "measure" }]);
    model.set("measured", { o0: [["measured", "∂w = <i>2</i>"]] });
    expect(root.querySelector(".ak-detail")!.textContent).toContain("measured∂w = <i>2</i>");
    expect(button("Measure the derivative").hidden).toBe(true);
    expect(document.activeElement).toBe(button("Close"));
  });

  it("says that there is no kernel where none answers, or nothing can be sent", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const shownSoon = show();
      await vi.runAllTimersAsync();
      const { model, key, button, said } = await shownSoon;
      key("o0").dispatchEvent(new MouseEvent("click", { bubbles: true }));
      button("Measure the derivative").click();
      expect(said()).toBe("The derivative is being measured …");
      vi.advanceTimersByTime(4_000);
      expect(said()).toMatch(/^No kernel answers: .* run the cell of this picture again\.$/);
      button("Measure the derivative").click();
      model.set("measured", { o0: [["measured", "∂w = 2"]] });
      vi.advanceTimersByTime(60_000);
      expect(said()).toMatch(/^The derivative was measured/);
      model.set("measured", {});
      model.send = () => {
        throw new Error("Kernel is dead");
      };
      button("Measure the derivative").click();
      expect(said()).toMatch(/^There is no kernel/);
    } finally {
      vi.useRealTimers();
    }
  });

  it("dims other backward calls", async () => {
    const { key } = await show();
    const choice = document.querySelector<HTMLSelectElement>('select[aria-label="Backward call"]')!;
    choice.value = "1";
    choice.dispatchEvent(new Event("change"));
    expect([key("b0"), key("b1")].map((e) => e.classList.contains("ak-other-call"))).toEqual([true, false]);
  });

  it("opens a stack of equal turns by click and by Enter, shows its detail by space, and stacks the turns again", async () => {
    const { model, key, button } = await show();
    const path = "turns 2–29 (operations 3–58)";
    key("s3").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(model.get("folds")).toEqual({ [path]: false });
    model.set("folds", {});
    key("s3").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(model.get("folds")).toEqual({ [path]: false });
    expect(model.get("selected")).toBe("");
    key("s3").dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    expect(model.get("selected")).toBe("s3");
    expect(button("Stack turns").hidden).toBe(true);
    model.set("opened", [path]);
    model.set("svg", `${SVG} `);
    expect(button("Stack turns").hidden).toBe(false);
    button("Stack turns").click();
    expect(model.get("folds")).toEqual({});
    const call = "einsum (operations 1–12)";
    model.set("folds", { [call]: false });
    model.set("opened", [call]);
    model.set("svg", `${SVG}  `);
    button("Fold calls").click();
    expect(model.get("folds")).toEqual({});
  });

  it("tells Python how wide its column is", async () => {
    const resize = resizable();
    const { model, root } = await show();
    await resize(root, 614);
    expect(model.get("page")).toBe(614);
    await resize(root, 1414);
    expect(model.get("page")).toBe(1414);
    vi.unstubAllGlobals();
  });

  it("asks Python for PyTorch's names of the nodes", async () => {
    const { model, button } = await show();
    button("Node names").click();
    expect(model.get("node_names")).toBe(true);
  });
});
