/** schema.json, which the Python halves are held to as well, is what the front end is typed by. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { traits } from "../traits.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const schema = JSON.parse(read("schema.json"));

describe("schema.json", () => {
  it("gives the types of src/shared/traits.ts", () => {
    expect(read("src/shared/traits.ts")).toBe(traits(schema));
  });
  it("knows every widget", () => {
    const widgets = readdirSync(join(root, "src")).filter((file) => file.endsWith(".ts"));
    expect(Object.keys(schema.widgets)).toEqual(widgets.map((file) => file.replace(".ts", "")).sort());
  });
  it("is refused where it says what the types cannot", () => {
    const widgets = { graph: { traits: { step: { type: "decimal" } }, messages: { to_python: [], to_front_end: [] } } };
    expect(() => traits({ widgets, $defs: {} })).toThrow('no TypeScript for {"type":"decimal"}');
  });
});
