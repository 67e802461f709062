/** The page that `Trace.to_html()` writes: GraphView without a kernel, on what `tracing/page.py` stored in the page.
 *
 * The layouts are JSON, compressed, in base64. Where they cannot be read the still picture stays.
 */
import type { AnyModel } from "@anywidget/types";
import { type Shown, unpack } from "../graph/unpacked";
import { view } from "../graph/view";
import type { Detail, Step } from "../shared/traits";

import { type Layout, StoredModel } from "./stored";

const text = (id: string) => document.getElementById(id)?.textContent ?? "";

/** Of each layout the parts that others have too are places in `pieces`. */
interface Packed {
  layouts: (Pick<Layout, "folds" | "node_names"> & {
    svg: number[];
    steps: number; // all but their keys
    keys: number[];
    table: number[];
    known: number[];
    details: Record<string, number>;
    calls: number;
  })[];
  reasons: Shown["reasons"];
  pieces: unknown[];
}

async function stored(): Promise<[Layout[], Shown["reasons"]]> {
  const bytes = Uint8Array.from(atob(text("autogradkit-layouts")), (c) => c.charCodeAt(0));
  const { layouts, reasons, pieces } = await unpack<Packed>(bytes);
  const at = <T>(place: number) => pieces[place] as T;
  const whole = layouts.map((layout) => ({
    ...layout,
    svg: layout.svg.map(at<string>).join(""),
    steps: at<Step[]>(layout.steps).map((step, n) => ({ ...step, keys: at<string[]>(layout.keys[n] ?? -1) })),
    table: layout.table.map(at<string[]>),
    known: layout.known.map(at<number[][]>),
    details: Object.fromEntries(Object.entries(layout.details).map(([key, place]) => [key, at<Detail>(place)])),
    calls: at<string[]>(layout.calls),
  }));
  return [whole, reasons];
}

const [layouts, reasons] = await stored();
const model = new StoredModel(layouts, text("autogradkit-style"), reasons);
view.initialize({ model: model as unknown as AnyModel<Shown> });
