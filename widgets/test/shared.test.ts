import { afterEach, describe, expect, it, vi } from "vitest";
import { button, h, svgElement, table, unbroken } from "../src/shared/dom";
import { keepFocus, keyOf } from "../src/shared/focus";
import { frame } from "../src/shared/frame";
import { onMore } from "../src/shared/more";
import { panZoom } from "../src/shared/panzoom";
import { stepper } from "../src/shared/stepper";
import { isDark } from "../src/shared/theme";
import { toolbar } from "../src/shared/toolbar";
import type { Picture } from "../src/shared/traits";
import { FakeModel, settled } from "./model";

const SVG = (key = "n1") =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"><g tabindex="0" data-key="${key}"><text>W</text></g></svg>`;
afterEach(() => {
  document.body.replaceChildren();
  document.body.removeAttribute("data-jp-theme-light");
});

describe("text", () => {
  it("shows markup in names as text", () => {
    const element = table(["name"], [["<script>alert(1)</script>"]], "<b>");
    expect(element.querySelector("script, b")).toBeNull();
    expect(element.textContent).toContain("<script>alert(1)</script>");
  });
  it("drops what a picture must not hold", () => {
    const svg = svgElement(
      '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script><text onclick="x()">a &lt;b></text></svg>',
    );
    expect(svg.querySelector("script")).toBeNull();
    expect(svg.outerHTML).not.toContain("onclick");
    expect(svg.hasAttribute("onload")).toBe(false);
  });
  it("makes real buttons", () => {
    const element = button("Table", () => {}, { pressed: false });
    expect([element.type, element.getAttribute("aria-pressed")]).toEqual(["button", "false"]);
  });
});

describe("theme", () => {
  it("follows JupyterLab", () => {
    document.body.dataset.jpThemeLight = "false";
    expect(isDark(document.body)).toBe(true);
    document.body.dataset.jpThemeLight = "true";
    expect(isDark(document.body)).toBe(false);
  });
  it.each([
    ["rgb(255, 255, 255)", false],
    ["rgb(24, 26, 27)", true],
    ["rgba(0, 0, 0, 0)", false], // what is behind it counts, which is white here
    ["color(srgb 1 1 1)", false], // as marimo's light ground is computed
    ["color(srgb 0.09 0.1 0.11)", true],
    ["color(display-p3 0.9 0.9 0.9 / 0.9)", false],
    ["oklch(0.97 0.01 250)", false],
    ["oklab(0.2 -0.01 0.01)", true],
    ["lab(96 0 0)", false],
    ["lch(12 3 250)", true],
  ])("sees whether a ground of %s is dark", (colour, dark) => {
    const computed = vi.spyOn(globalThis, "getComputedStyle");
    computed.mockReturnValue({ backgroundColor: colour } as CSSStyleDeclaration);
    expect(isDark(document.body)).toBe(dark);
    computed.mockRestore();
  });
});

describe("focus", () => {
  it("survives a redraw", () => {
    const root = h("div");
    document.body.append(root);
    const draw = () => root.replaceChildren(h("button", { "data-key": "a" }), h("button", { "data-key": "b" }));
    draw();
    (root.lastChild as HTMLElement).focus();
    keepFocus(root, draw);
    expect(document.activeElement).toBe(root.lastChild);
  });
});

describe("frame", () => {
  it("inlines the picture, toggles the table and redraws", async () => {
    const model = new FakeModel<Picture>({ svg: SVG(), description: "W", table: [["name"], ["W"]] });
    const seen: string[] = [];
    const until: AbortSignal[] = [];
    const ended = new AbortController();
    const { root } = frame(model, document.body, ended.signal, (svg, signal) => {
      seen.push(keyOf(svg.querySelector("g")!));
      until.push(signal);
    });
    await settled();
    const toggle = [...root.querySelectorAll("button")].find((b) => b.textContent === "Table")!;
    expect(root.querySelector<HTMLElement>(".ak-alternative")!.hidden).toBe(true);
    toggle.click();
    expect(root.querySelector<HTMLElement>(".ak-alternative")!.hidden).toBe(false);
    expect(toggle.getAttribute("aria-pressed")).toBe("true");
    model.set("svg", SVG("n2"));
    expect(seen).toEqual(["n1", "n2"]);
    expect(until.map((signal) => signal.aborted)).toEqual([true, false]); // what was replaced is let go
    ended.abort();
    expect(until[1]!.aborted).toBe(true);
  });
});

describe("toolbar", () => {
  const ended = new AbortController();
  const made = (...children: HTMLElement[]) => {
    const bar = toolbar("Picture", ended.signal);
    bar.append(...children);
    document.body.append(bar);
    return bar;
  };
  const named = (...names: string[]) => names.map((name) => button(name, () => {}));
  const stops = (bar: HTMLElement) =>
    [...bar.querySelectorAll<HTMLElement>("button, select")].filter((e) => e.tabIndex === 0).map((e) => e.textContent);
  const press = (key: string, more = {}) =>
    document.activeElement!.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
    );
  const focused = () => document.activeElement!.textContent;

  it("is one stop of the tab key, and one for each control that needs arrow keys", async () => {
    const bar = made(...named("a", "b"), h("select", {}, h("option", {}, "1×")), ...named("c"));
    await settled();
    expect([bar.getAttribute("role"), stops(bar)]).toEqual(["toolbar", ["a", "1×"]]);
    bar.querySelectorAll("button")[2]!.focus();
    expect(stops(bar)).toEqual(["1×", "c"]);
    bar.querySelector("select")!.focus();
    expect(stops(bar)).toEqual(["1×", "c"]);
  });
  it("is walked by Left and Right, around its ends, by Home and End, past what is hidden", async () => {
    const all = named("a", "b", "c", "d");
    all[1]!.hidden = true;
    const bar = made(...all);
    await settled();
    all[0]!.focus();
    const walked = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"].map((key) => {
      press(key);
      return focused();
    });
    expect(walked).toEqual(["c", "d", "a", "d", "a", "d"]);
    expect(stops(bar)).toEqual(["d"]);
    press("ArrowLeft", { altKey: true }); // the browser's way back
    press("ArrowUp");
    expect(focused()).toBe("d");
  });
  it("leaves arrows to a menu, and Home and End to the steps", async () => {
    let at = 1;
    const go = (step: number) => {
      at = step;
    };
    const steps = stepper({ count: () => 5, at: () => at, go, signal: ended.signal });
    const bar = made(steps.element, ...named("All"));
    await settled();
    bar.querySelector<HTMLElement>('[title="Step forward"]')!.focus();
    press("End");
    expect([at, focused()]).toEqual([4, "▶"]);
    press("ArrowRight");
    expect([at, focused()]).toEqual([4, "▶|"]);
    bar.querySelector("select")!.focus();
    press("ArrowRight");
    expect(document.activeElement).toBe(bar.querySelector("select"));
  });
  it("keeps a stop, and the focus, when buttons come, go and hide", async () => {
    const [a, b] = named("a", "b");
    const bar = made(a!, b!);
    await settled();
    b!.focus();
    b!.hidden = true;
    await settled();
    expect([stops(bar), focused()]).toEqual([["a"], "a"]);
    bar.replaceChildren(...named("c", "d"));
    await settled();
    expect(stops(bar)).toEqual(["c"]);
  });
});

describe("stepper", () => {
  const walk = (count: number) => {
    const seen = { at: 0 };
    const steps = stepper({
      count: () => count,
      at: () => seen.at,
      go: (s) => {
        seen.at = s;
      },
      signal: new AbortController().signal,
    });
    document.body.append(steps.element);
    const find = <T extends HTMLElement>(name: string) => steps.element.querySelector<T>(name)!;
    const play = [...steps.element.querySelectorAll("button")].find((each) => each.textContent?.includes("Play"))!;
    return { seen, find, play };
  };
  afterEach(() => vi.useRealTimers());

  it.each([
    ["0.5", 1],
    ["1", 2],
    ["2", 4],
    ["4", 8],
  ])("plays at %s×", (speed, steps) => {
    vi.useFakeTimers();
    const { seen, find, play } = walk(20);
    find<HTMLSelectElement>("select").value = speed;
    play.click();
    vi.advanceTimersByTime(1801);
    expect(seen.at).toBe(steps);
    expect([play.textContent, play.getAttribute("aria-pressed")]).toEqual(["❚❚ Pause", "true"]);
    play.click();
    vi.advanceTimersByTime(9000);
    expect(seen.at).toBe(steps);
  });
  it("stops at the end, and plays again from the first step", () => {
    vi.useFakeTimers();
    const { seen, play } = walk(3);
    play.click();
    vi.advanceTimersByTime(9000);
    expect([seen.at, play.textContent]).toEqual([2, "▶ Play"]);
    play.click();
    expect(seen.at).toBe(0);
  });
  it("goes to the end at once where motion is to be reduced", () => {
    vi.spyOn(globalThis, "matchMedia").mockReturnValue({ matches: true } as MediaQueryList);
    const { seen, play } = walk(5);
    play.click();
    expect(seen.at).toBe(4);
    vi.restoreAllMocks();
  });
  it("has a slider that says where it is", () => {
    const { seen, find } = walk(5);
    const slider = find<HTMLInputElement>("input[type=range]");
    expect([slider.min, slider.max, slider.value]).toEqual(["0", "4", "0"]);
    slider.value = "3";
    slider.dispatchEvent(new Event("input"));
    expect(seen.at).toBe(3);
    expect(slider.getAttribute("aria-valuetext")).toBe("step 4 of 5");
  });
  it("goes to the ends by Home and End on any of its buttons", () => {
    const { seen, play } = walk(5);
    const press = (key: string) => play.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    press("End");
    expect(seen.at).toBe(4);
    press("Home");
    expect(seen.at).toBe(0);
  });
  it.each([0, 1])("has nothing to play with %i steps", (count) => {
    const gone: number[] = [];
    const signal = new AbortController().signal;
    const steps = stepper({ count: () => count, at: () => 0, go: (step) => gone.push(step), signal });
    const play = steps.element.querySelector<HTMLButtonElement>("[aria-pressed]")!;
    expect(play.getAttribute("aria-disabled")).toBe("true");
    play.click();
    expect([gone, play.getAttribute("aria-pressed")]).toEqual([[], "false"]);
  });
  it("stays within its steps and keeps useless buttons focusable", () => {
    let at = 0;
    const steps = stepper({
      count: () => 3,
      at: () => at,
      go: (s) => {
        at = s;
      },
      signal: new AbortController().signal,
    });
    const step = (title: string) => steps.element.querySelector<HTMLButtonElement>(`[title="${title}"]`)!;
    step("Last step").click();
    expect(at).toBe(2);
    const forward = step("Step forward");
    forward.click();
    expect(at).toBe(2);
    expect([forward.getAttribute("aria-disabled"), forward.hasAttribute("disabled")]).toEqual(["true", false]);
    step("Step back").click();
    expect(steps.element.textContent).toContain("step 2 of 3");
  });
});

describe("pan and zoom", () => {
  it("zooms in the stage, shows the whole picture where that is asked for, and comes home", () => {
    const svg = svgElement(SVG().replace("<svg ", '<svg style="min-width: 80px" '));
    document.body.append(svg);
    const view = panZoom(new AbortController().signal);
    const [closer, , whole] = view.buttons;
    view.attach(svg, new AbortController().signal);
    expect([svg.style.width, svg.style.minWidth]).toEqual(["", "80px"]);
    closer!.click();
    expect([svg.style.width, svg.style.minWidth]).toEqual(["130px", "0"]);
    whole!.click();
    expect(svg.style.width).toBe("100px");
    expect(whole!.getAttribute("aria-pressed")).toBe("true");
    whole!.click();
    expect([svg.style.width, svg.style.minWidth]).toEqual(["", "80px"]);
  });
});

describe("a picture that is higher than the stage", () => {
  it("becomes smaller where all of it is there then and legible, else it keeps its size, also when the window changes", () => {
    const height = 0.7 * globalThis.innerHeight * 1.2;
    const svg = svgElement(
      `<svg xmlns="http://www.w3.org/2000/svg" style="min-width:800px" viewBox="0 0 1000 ${height}"></svg>`,
    );
    document.body.append(svg);
    const { signal } = new AbortController();
    panZoom(signal).attach(svg, signal);
    const fits = () => svg.style.getPropertyValue("--ak-fit");
    expect(fits()).toBe(`${((0.7 * 1000 * 100) / height).toFixed(1)}vh`);
    const before = globalThis.innerHeight;
    const resize = (to: number) => {
      globalThis.innerHeight = to;
      globalThis.dispatchEvent(new Event("resize"));
    };
    resize(before * 0.9);
    expect(fits()).toBe("");
    resize(before);
    expect(fits()).not.toBe("");
  });
});

describe("a button", () => {
  it("is named by what is written on it, or by its title where that is a sign", () => {
    const named = (label: string, title: string) => button(label, () => {}, { title }).getAttribute("aria-label");
    expect(named("■ Stop", "End after the batch in hand")).toBeNull();
    expect(named("▶", "Step forward")).toBe("Step forward");
  });
});

describe("a stage", () => {
  it("names the sides on which there is more than it shows", () => {
    const stage = document.createElement("div");
    const sizes = { scrollWidth: 300, clientWidth: 200, scrollHeight: 90, clientHeight: 90 };
    for (const [name, value] of Object.entries(sizes)) Object.defineProperty(stage, name, { value });
    onMore(stage, new AbortController().signal)(stage.appendChild(svgElement(SVG())));
    expect(stage.dataset.more).toBe("right");
    stage.scrollLeft = 40;
    stage.dispatchEvent(new Event("scroll"));
    expect(stage.dataset.more).toBe("left right");
    stage.scrollLeft = 100;
    stage.dispatchEvent(new Event("scroll"));
    expect(stage.dataset.more).toBe("left");
  });
});

describe("a text of numbers", () => {
  it("is broken between rows, not inside of one", () => {
    const kept = (text: string) =>
      unbroken(text).flatMap((part) => (typeof part === "string" ? [] : [part.textContent]));
    expect(kept("y = [[-0.885, 0.97], [0.98, 1.]]")).toEqual(["[-0.885, 0.97]", "[0.98, 1.]"]);
    expect(kept("2.5e-05 and [1, 2]")).toEqual(["2.5e-05", "[1, 2]"]);
    expect(unbroken(`[${"1.5, ".repeat(30)}2.]`)).toHaveLength(1); // no line is that long
  });
});

describe("a drag", () => {
  it("scrolls the stage, and the click that ends it chooses nothing", async () => {
    const stage = document.createElement("div");
    const svg = svgElement(SVG());
    stage.append(svg);
    document.body.append(stage);
    const scrolled: unknown[] = [];
    stage.scrollTo = (...to: unknown[]) => scrolled.push(to[0]);
    const { signal } = new AbortController();
    panZoom(signal).attach(svg, signal);
    const at = (x: number, y: number) => ({ clientX: x, clientY: y, button: 0, bubbles: true });
    svg.dispatchEvent(new PointerEvent("pointerdown", at(50, 50)));
    globalThis.dispatchEvent(new PointerEvent("pointermove", at(48, 50))); // a click trembles
    expect(scrolled).toEqual([]);
    globalThis.dispatchEvent(new PointerEvent("pointermove", at(20, 40)));
    expect(scrolled).toEqual([{ left: 30, top: 10, behavior: "instant" }]);
    globalThis.dispatchEvent(new PointerEvent("pointerup", at(20, 40)));
    expect(svg.classList.contains("ak-panning")).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(svg.classList.contains("ak-panning")).toBe(false);
  });
});
