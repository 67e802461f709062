/** The traits of a widget, typed: what is asked, set and listened to exists in schema.json. */
import type { AnyModel } from "@anywidget/types";
import type { Still } from "./traits";

/** Set a trait and tell Python. */
export function put<T extends Still, K extends keyof T>(model: AnyModel<T>, name: K, value: T[K]): void {
  model.set(name, value);
  model.save_changes();
}

/** Call back after each change of a trait, until `signal` ends. */
export function onChange<T extends Still>(
  model: AnyModel<T>,
  name: keyof T & string,
  callback: () => void,
  signal: AbortSignal,
): void {
  const event = `change:${name}` as const;
  model.on(event, callback);
  signal.addEventListener("abort", () => model.off(event, callback));
}
