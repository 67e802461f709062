/** StrideExplorer: sliders for offset, sizes and strides; Python answers with the picture, the expression and the tensor. */
import { cells } from "./shared/cells";
import { button, h } from "./shared/dom";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { onChange, put } from "./shared/model";
import type { Setting, StridesTraits } from "./shared/traits";
import { tellPage } from "./shared/width";

interface Slider {
  readonly element: HTMLElement;
  show(value: number): void;
}

/** A native slider with its name and its number. */
function slider(name: string, low: number, high: number, moved: (value: number) => void): Slider {
  const number = h("output", { class: "ak-number", "aria-hidden": "true" });
  const input = h("input", {
    type: "range",
    min: low,
    max: high,
    step: 1,
    oninput: () => {
      number.textContent = input.value;
      moved(Number(input.value));
    },
  });
  const element = h("label", { class: "ak-labelled" }, h("span", {}, name), input, number);
  const show = (value: number) => {
    input.value = String(value);
    number.textContent = String(value);
  };
  return { element, show };
}

function render({ model, el, signal }: Place<StridesTraits>): void {
  const view = frame(model, el, signal, (svg, until) => grid.attach(svg, until));
  view.root.classList.add("ak-steady", "ak-strides-view");
  const grid = cells({
    root: view.stage,
    signal,
    selected: () => model.get("selected"),
    sentence: (key) => model.get("sentences")[key] ?? model.get("description"),
    choose: (key) => {
      if (model.get("selected") !== key) put(model, "selected", key);
      grid.light(key);
    },
    say: view.say,
  });

  const change = (by: (setting: Setting) => Setting) => put(model, "setting", by(model.get("setting")));
  const changed = (numbers: number[], dim: number, value: number) => numbers.map((n, d) => (d === dim ? value : n));
  const limits = model.get("limits");
  const offset = slider("offset", 0, limits.offset, (value) => change((s) => ({ ...s, offset: value })));
  const dims = h("div", { class: "ak-dims" });
  let sliders: { size: Slider; stride: Slider }[] = [];

  function dimension(dim: number): { size: Slider; stride: Slider } {
    const size = slider(`size of dim ${dim}`, 0, limits.size, (value) =>
      change((s) => ({ ...s, sizes: changed(s.sizes, dim, value) })),
    );
    const stride = slider(`stride of dim ${dim}`, limits.least_stride, limits.stride, (value) =>
      change((s) => ({ ...s, strides: changed(s.strides, dim, value) })),
    );
    return { size, stride };
  }

  const more = button("Add dimension", () =>
    change((s) => (s.sizes.length < limits.dims ? { ...s, sizes: [...s.sizes, 1], strides: [...s.strides, 1] } : s)),
  );
  const fewer = button("Remove dimension", () =>
    change((s) => ({ ...s, sizes: s.sizes.slice(0, -1), strides: s.strides.slice(0, -1) })),
  );
  const again = button("Start again", () => put(model, "setting", model.get("start")));

  function move(): void {
    const setting = model.get("setting");
    if (sliders.length !== setting.sizes.length) {
      sliders = setting.sizes.map((_, dim) => dimension(dim));
      dims.replaceChildren(...sliders.flatMap(({ size, stride }) => [size.element, stride.element]));
    }
    offset.show(setting.offset);
    for (const [dim, { size, stride }] of sliders.entries()) {
      size.show(setting.sizes[dim] ?? 0);
      stride.show(setting.strides[dim] ?? 0);
    }
    more.setAttribute("aria-disabled", String(sliders.length >= limits.dims));
    fewer.setAttribute("aria-disabled", String(sliders.length === 0));
  }

  const outcome = h("div", { class: "ak-outcome" });
  function tell(): void {
    const [call, spelled, problem] = [model.get("call"), model.get("spelled"), model.get("problem")];
    const code = [h("code", { class: "ak-call" }, call)];
    if (spelled) code.push(h("code", { class: "ak-spelled" }, `= ${spelled}`));
    const what = problem
      ? [h("p", { class: "ak-problem" }, `✗ ${problem}`), h("p", { class: "ak-refusal" }, model.get("refusal"))]
      : [
          h(
            "pre",
            { class: "ak-printed", tabindex: "0", role: "group", "aria-label": "The tensor" },
            model.get("printed"),
          ),
        ];
    outcome.replaceChildren(...code, ...what);
    grid.light(model.get("selected"));
  }

  view.toolbar.append(more, fewer, again);
  view.columns.prepend(
    h("div", { class: "ak-explorer" }, h("div", { class: "ak-sliders" }, offset.element, dims), outcome),
  );
  onChange(model, "setting", move, signal);
  for (const name of ["call", "spelled", "printed", "problem", "refusal", "description"] as const)
    onChange(model, name, tell, signal);
  tellPage(model, view.stage, signal);
  move();
  tell();
}

export default picture(render);
