/** GraphView's model as its view sees it: the drawing, which Python sends compressed, unpacked into traits of its own. */
import type { AnyModel } from "@anywidget/types";
import { Told } from "../shared/told";
import type { Drawing, GraphTraits } from "../shared/traits";

/** All traits that a view of a graph shows: the reader's choices, and the drawing. */
export type Shown = Omit<GraphTraits, "packed"> & Drawing;

/** JSON that was compressed by gzip. */
export async function unpack<T>(bytes: BlobPart): Promise<T> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

/** The model with its first drawing; later ones are unpacked as they come, until `signal` ends. */
export async function unpacked(model: AnyModel<GraphTraits>, signal: AbortSignal): Promise<AnyModel<Shown>> {
  let drawing: Told<Drawing> | undefined;
  let last = 0; // what another drawing has overtaken is not shown
  const renew = async () => {
    const number = ++last;
    const next = await unpack<Drawing>(model.get("packed") as unknown as BlobPart);
    if (number !== last) return;
    if (drawing) drawing.assign(next);
    else drawing = new Told(next);
  };
  model.on("change:packed", renew);
  signal.addEventListener("abort", () => model.off("change:packed", renew));
  while (!drawing) await renew();
  return joined(model, drawing);
}

/** The drawing's traits are its own, all others the model's. */
function joined(model: AnyModel<GraphTraits>, drawing: Told<Drawing>): AnyModel<Shown> {
  const own = (name: string): name is keyof Drawing & string => drawing.has(name);
  const whose = (event: string) => (own(event.replace("change:", "")) ? drawing : model);
  const shown: Partial<AnyModel<Shown>> = {
    get: (name) => (own(name as string) ? drawing.get(name as keyof Drawing) : model.get(name as "step")) as never,
    set: (name, value) => model.set(name as "step", value as never),
    on: ((event: string, callback: () => void) => whose(event).on(event, callback)) as AnyModel["on"],
    off: (event?: string | null, callback?: (() => void) | null) => {
      if (event) whose(event).off(event, callback);
    },
    save_changes: () => model.save_changes(),
    send: (...message) => model.send(...message),
    widget_manager: model.widget_manager,
  };
  return shown as AnyModel<Shown>;
}
