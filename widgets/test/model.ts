/** A widget in the simulated page: a fake anywidget model, and the view that it is given to. */
import type { AnyModel, Experimental, Host, RenderProps } from "@anywidget/types";
import { vi } from "vitest";
import type { Still } from "../src/shared/traits";

type Listener = (...told: never[]) => void;

/** Traits in a map, listeners called on set, messages kept. */
export class FakeModel<T extends Still> implements AnyModel<T> {
  saved = 0;
  readonly sent: unknown[] = [];
  readonly widget_manager = { get_model: () => Promise.reject(new Error("there is one model only")) };
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly traits: T;
  constructor(traits: Omit<T, "picture_id">, picture_id = "0".repeat(32)) {
    this.traits = { ...traits, picture_id } as T;
  }
  get<K extends keyof T>(name: K): T[K] {
    return this.traits[name];
  }
  set<K extends keyof T>(name: K, value: T[K]): void {
    this.traits[name] = value;
    this.tell(`change:${String(name)}`);
  }
  /** Something happens that listeners of `event` hear. */
  tell(event: string, ...told: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...(told as never[]));
  }
  on(event: string, listener: Listener): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }
  off(event?: string | null, listener?: Listener | null): void {
    if (event && listener) this.#listeners.get(event)?.delete(listener);
  }
  save_changes(): void {
    this.saved += 1;
  }
  send(content: unknown): void {
    this.sent.push(content);
  }
}

interface Shown {
  readonly root: HTMLElement;
  readonly ended: AbortController;
  readonly said: () => string | null;
  readonly key: (key: string) => SVGElement;
  readonly button: (name: string) => HTMLButtonElement;
}

/** The view of a model in the page, once its picture is there. A button is found by its title or its text. */
export async function shown<T extends Still>(
  widget: { render(props: RenderProps<T>): void },
  model: FakeModel<T>,
): Promise<Shown> {
  const root = document.createElement("div");
  const ended = new AbortController();
  document.body.append(root);
  widget.render({ model, el: root, signal: ended.signal, host: {} as Host, experimental: {} as Experimental });
  await settled();
  return {
    root,
    ended,
    said: () => root.querySelector(".ak-sentence")!.textContent,
    key: (key) => root.querySelector<SVGElement>(`[data-key="${key}"]`)!,
    button: (name) =>
      [...root.querySelectorAll("button")].find((each) => each.title === name || each.textContent?.includes(name))!,
  };
}

/** The first microtasks have passed. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** What gives the column of a view, which is shown next, another width, and lets it come to rest. */
export function resizable(): (root: ParentNode, width: number) => Promise<void> {
  const observers = new Set<() => void>();
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(readonly callback: () => void) {}
      observe(): void {
        observers.add(this.callback);
      }
      disconnect(): void {
        observers.delete(this.callback);
      }
    },
  );
  return async (root, width) => {
    for (const each of root.querySelectorAll(".ak-widget, .ak-columns"))
      Object.defineProperty(each, "clientWidth", { value: width, configurable: true });
    for (const callback of observers) callback();
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
}
