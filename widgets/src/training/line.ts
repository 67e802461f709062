/** The line to a kernel whose cell trains: what is said before somebody listens is kept until then.
 *
 * Spoken to, JupyterLab opens a way past the cell that runs; what is sent before the way is open waits for the cell's end. So
 * the kernel is greeted until it greets back, and only then told what was pressed.
 */
import type { AnyModel } from "@anywidget/types";
import type { TrainingToFrontEnd, TrainingToPython, TrainingTraits } from "../shared/traits";

const AGAIN = 200; // milliseconds to the second greeting, and half as many again to each later one
let greetings = 0; // of all views in the page, as all hear the answers to each

export function line(model: AnyModel<TrainingTraits>, signal: AbortSignal): (message: TrainingToPython) => void {
  const kept: TrainingToPython[] = [];
  const number = ++greetings;
  let open = false;
  let waiting: ReturnType<typeof setTimeout>;
  const greet = (pause: number) => {
    waiting = setTimeout(() => greet(1.5 * pause), pause);
    model.send({ kind: "hello", number } satisfies TrainingToPython);
  };
  const heard = (message: TrainingToFrontEnd) => {
    if (message.kind !== "hello" || message.number !== number) return;
    hangUp();
    open = true;
    for (const each of kept.splice(0)) model.send(each);
  };
  const hangUp = () => {
    clearTimeout(waiting);
    model.off("msg:custom", heard);
  };
  model.on("msg:custom", heard);
  signal.addEventListener("abort", hangUp);
  greet(AGAIN);
  return (message) => {
    if (open) model.send(message);
    else kept.push(message);
  };
}
