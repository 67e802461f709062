/** The bundle of GraphView, on a model as Python sends it: with its drawing compressed. */
import { gzipSync } from "node:zlib";
import type { Experimental, Host } from "@anywidget/types";
import { afterEach, describe, expect, it, vi } from "vitest";
import widget from "../src/graph";
import type { Drawing, GraphTraits } from "../src/shared/traits";
import { FakeModel } from "./model";

const pack = (item: string): DataView => {
  const drawing: Drawing = {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g class="ak-item ak-stack" data-key="${item}"/></svg>`,
    description: item,
    table: [["operation"]],
    known: [],
    steps: [{ event: 0, kind: "forward", call: null, keys: [item], sentence: `${item} 中文` }],
    details: { [item]: { title: item, rows: [], closed: `path of ${item}` } },
    calls: [],
    foldable: [],
    folded: [],
    opened: [],
    overview: `overview of ${item}`,
  };
  const bytes = gzipSync(JSON.stringify(drawing));
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};
const made = () =>
  new FakeModel<GraphTraits>({
    packed: pack("s1"),
    step: -1,
    selected: "",
    folds: {},
    node_names: false,
    element: [],
    page: 0,
    reasons: {},
    measured: {},
  });
const rest = { host: {} as Host, experimental: {} as Experimental };
const shown = async () => {
  const model = made();
  const el = document.createElement("div");
  const ended = new AbortController();
  document.body.append(el);
  await widget.render({ model, el, signal: ended.signal, ...rest });
  const said = () => el.querySelector(".ak-sentence")!.textContent;
  await vi.waitFor(() => expect(said()).toBe("overview of s1"));
  return { model, el, ended, said };
};
afterEach(() => document.body.replaceChildren());

describe("a compressed drawing", () => {
  it("is shown, walked, and renewed when Python has drawn what was opened", async () => {
    const { model, el, said } = await shown();
    el.querySelector("[data-key=s1]")!.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect([model.get("folds"), model.saved]).toEqual([{ "path of s1": false }, 1]);
    model.set("packed", pack("o2"));
    await vi.waitFor(() => expect(said()).toBe("overview of o2"));
    expect(el.querySelector("[data-key=s1]")).toBeNull();
    model.set("step", 0);
    expect(said()).toBe("o2 中文");
  });
  it("is not shown where the view has ended before it was unpacked", async () => {
    const [model, el, ended] = [made(), document.createElement("div"), new AbortController()];
    const rendered = widget.render({ model, el, signal: ended.signal, ...rest });
    ended.abort();
    await rendered;
    expect(el.childElementCount).toBe(0);
  });
  it("is the last one that came, however long each takes", async () => {
    const { model, said } = await shown();
    for (const item of ["a", "b", "c"]) model.set("packed", pack(item));
    await vi.waitFor(() => expect(said()).toBe("overview of c"));
  });
  it("is no longer unpacked when its view has gone", async () => {
    const { model, said, ended } = await shown();
    ended.abort();
    model.set("packed", pack("later"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said()).toBe("overview of s1");
  });
});
