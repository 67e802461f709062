/** The page that `Trace.to_html()` writes: GraphView without a kernel, on what `tracing/page.py` stored in the page.
 *
 * The layouts are JSON, compressed, in base64. Where they cannot be read the still picture stays.
 */
import type { AnyModel } from "@anywidget/types";
import graph from "../graph";
import type { Detail, GraphTraits } from "../shared/traits";
import { type Layout, StoredModel } from "./stored";

const text = (id: string) => document.getElementById(id)?.textContent ?? "";

interface Packed {
  layouts: (Omit<Layout, "details"> & { details: Record<string, number> })[];
  details: Detail[];
}

async function layouts(): Promise<Layout[]> {
  const bytes = Uint8Array.from(atob(text("autogradkit-layouts")), (c) => c.charCodeAt(0));
  const json = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  const { layouts, details } = (await json) as Packed;
  const detail = ([key, place]: [string, number]) => [key, details[place] as Detail];
  return layouts.map((layout) => ({
    ...layout,
    details: Object.fromEntries(Object.entries(layout.details).map(detail)),
  }));
}

const model = new StoredModel(await layouts(), text("autogradkit-style"));
graph.initialize({ model: model as unknown as AnyModel<GraphTraits> });
