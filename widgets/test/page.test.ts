import { afterEach, describe, expect, it } from "vitest";
import { type Layout, StoredModel } from "../src/page/stored";

const layout = (svg: string, folds: Layout["folds"], folded: string[]): Layout => ({
  svg,
  folds,
  node_names: false,
  folded,
  foldable: ["Net/a", "Net/b"],
  details: { [`${svg}-item`]: { title: svg, rows: [] }, x: { title: "x", rows: [] } },
});
const stored = () => {
  const model = new StoredModel(
    [
      layout("first", {}, ["Net/a", "Net/b"]),
      layout("a", { "Net/a": false }, ["Net/b"]),
      layout("b", { "Net/b": false }, ["Net/a"]),
      layout("open", { "Net/a": false, "Net/b": false }, []),
    ],
    "p {}",
    { "x 0,1": "x[1] = 2" },
  );
  const heard: string[] = [];
  for (const name of ["svg", "step", "selected", "folded"]) model.on(`change:${name}`, () => heard.push(name));
  return { model, heard };
};
afterEach(() => document.body.replaceChildren());

describe("the model of a page", () => {
  it("begins with the first layout, and tells of what changes only", () => {
    const { model, heard } = stored();
    expect([model.get("svg"), model.get("step"), model.get("selected")]).toEqual(["first", -1, ""]);
    model.set("step", 3);
    model.set("step", 3);
    expect(heard).toEqual(["step"]);
  });
  it("opens one at a time, all, and goes back", () => {
    const { model } = stored();
    const turn = (changed: Layout["folds"]) => {
      model.set("folds", { ...model.get("folds"), ...changed });
      return model.get("svg");
    };
    expect(turn({ "Net/a": false })).toBe("a");
    expect(turn({ "Net/b": false })).toBe("open"); // both: the page has it
    expect(turn({ "Net/a": true })).toBe("b"); // closed again, which is how it is at first
    expect(turn({ "Net/b": true })).toBe("first");
  });
  it("shows the nearest where the page has not all, with what was turned last as it was asked for", () => {
    const paths = ["a", "b", "c"];
    const some = [{}, { a: false }, { b: false }, { c: false }, { a: false, b: false }, { b: false, c: false }];
    const model = new StoredModel(
      some.map((folds) =>
        layout(paths.filter((path) => path in folds).join("+") || "first", folds as Layout["folds"], []),
      ),
      "",
      {},
    );
    const turn = (path: string, folded: boolean) => {
      model.set("folds", { ...model.get("folds"), [path]: folded });
      return model.get("svg");
    };
    expect(turn("a", false)).toBe("a");
    expect(turn("b", false)).toBe("a+b");
    expect(turn("c", false)).toBe("b+c"); // all three are not there
    expect(turn("a", false)).toBe("a+b");
    expect(turn("b", true)).toBe("a");
    expect(turn("nowhere", true)).toBe("a"); // a path that nothing turns
  });
  it("writes the nodes' names on every layout, and keeps them while something is turned", () => {
    const layouts = [layout("first", {}, []), layout("a", { "Net/a": true }, [])];
    const named = layouts.map((each) => ({ ...each, svg: `${each.svg} named`, node_names: true }));
    const model = new StoredModel([...layouts, ...named], "", {});
    model.set("folds", { "Net/a": true });
    model.set("node_names", true);
    expect([model.get("svg"), model.get("node_names"), model.get("folds")]).toEqual([
      "a named",
      true,
      { "Net/a": true },
    ]);
    model.set("folds", { "Net/a": false });
    expect([model.get("svg"), model.get("node_names")]).toEqual(["first named", true]);
    model.set("node_names", false);
    expect(model.get("svg")).toBe("first");
  });
  it("forgets a selection that is no longer on the picture, and keeps one that is", () => {
    const { model, heard } = stored();
    model.set("selected", "first-item");
    model.set("folds", { "Net/a": false });
    expect(model.get("selected")).toBe("");
    expect(heard.filter((name) => name === "selected")).toHaveLength(2);
    model.set("selected", "x");
    model.set("folds", {});
    expect(model.get("selected")).toBe("x");
  });
  it("no longer tells who has gone", () => {
    const { model } = stored();
    const calls: number[] = [];
    const listener = () => calls.push(model.get("step"));
    model.on("change:step", listener);
    model.set("step", 1);
    model.off("change:step", listener);
    model.set("step", 2);
    expect(calls).toEqual([1]);
  });
});
