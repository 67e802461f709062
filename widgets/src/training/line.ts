/** The line to a kernel whose cell trains: what is said before somebody listens is kept until then.
 *
 * Spoken to, JupyterLab opens a way past the cell that runs; what is sent before the way is open waits for the cell's end. So
 * the kernel is greeted until it greets back, and only then told what was pressed. Where nothing can be sent any more (the
 * notebook was closed, its kernel has ended), `gone` is called.
 */
import type { AnyModel } from "@anywidget/types";
import type { TrainingToFrontEnd, TrainingToPython, TrainingTraits } from "../shared/traits";

const AGAIN = 200; // milliseconds to the second greeting, and half as many again to each later one
let greetings = 0; // of all views in the page, as all hear the answers to each

export function line(
  model: AnyModel<TrainingTraits>,
  signal: AbortSignal,
  gone: () => void,
): (message: TrainingToPython) => void {
  const kept: TrainingToPython[] = [];
  const number = ++greetings;
  let open = false;
  let waiting: ReturnType<typeof setTimeout>;
  const send = (message: TrainingToPython) => {
    try {
      model.send(message);
    } catch {
      lost();
    }
  };
  const greet = (pause: number) => {
    waiting = setTimeout(() => greet(1.5 * pause), pause);
    send({ kind: "hello", number });
  };
  const heard = (message: TrainingToFrontEnd) => {
    if (message.kind !== "hello" || message.number !== number) return;
    hangUp();
    for (const each of kept.splice(0)) send(each);
  };
  const hangUp = () => {
    open = true;
    clearTimeout(waiting);
    model.off("msg:custom", heard);
  };
  const lost = () => {
    hangUp();
    gone();
  };
  // The page's models outlive a kernel that is restarted; theirs is the only word of it.
  model.on("comm_live_update", lost);
  model.on("msg:custom", heard);
  signal.addEventListener("abort", () => {
    hangUp();
    model.off("comm_live_update", lost);
  });
  queueMicrotask(() => signal.aborted || greet(AGAIN)); // when the view stands that is told of a lost line
  return (message) => {
    if (open) send(message);
    else kept.push(message);
  };
}
