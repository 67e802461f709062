/** What Python says reaches a model that took long to come into the page.
 *
 * anywidget lets no message through to a model whose module did not stand two seconds after the model did, not then and never
 * again: on a slow or busy page a picture would stay as it was while Python goes on. Such a model is listened to here instead,
 * and Python is asked for what was missed. `live.ts` does so for every model.
 */
import type { AnyModel } from "@anywidget/types";

type Hear = (message: unknown) => Promise<unknown>;
/** A model as ipywidgets has it, behind what anywidget shows of it. */
interface Whole {
  readonly comm: { on_msg(hear: Hear): void; send(data: unknown): void };
  readonly _handle_comm_msg: Hear;
}
const NOTHING = { content: { data: { method: "" } } }; // to see whether it comes through

/** See to it that the model of this ID hears. Hosts that are no Jupyter, and a page without a kernel, have no such model or no
 * manager of models at all, and do not keep it from hearing. */
export async function hearing(manager: AnyModel["widget_manager"] | undefined, id: string): Promise<void> {
  const whole = (await manager?.get_model(id).catch(() => undefined)) as Partial<Whole> | undefined;
  const { comm, _handle_comm_msg } = whole ?? {};
  if (!comm || !_handle_comm_msg) return;
  try {
    await _handle_comm_msg.call(whole, NOTHING);
  } catch {
    const own: Whole = Object.getPrototypeOf(Object.getPrototypeOf(whole)); // of ipywidgets, under anywidget's
    comm.on_msg((message) => own._handle_comm_msg.call(whole, message));
    comm.send({ method: "request_state" });
  }
}
