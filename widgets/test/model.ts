/** A fake anywidget model: traits in a map, listeners called on set. */
export class FakeModel {
  saved = 0;
  #listeners = new Map<string, Set<() => void>>();
  constructor(readonly traits: Record<string, any>) {}
  get(name: string): any {
    return this.traits[name];
  }
  set(name: string, value: unknown): void {
    this.traits[name] = value;
    for (const f of this.#listeners.get(`change:${name}`) ?? []) f();
  }
  on(name: string, f: () => void): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(f));
  }
  off(name: string, f: () => void): void {
    this.#listeners.get(name)?.delete(f);
  }
  save_changes(): void {
    this.saved += 1;
  }
  send(): void {}
}

/** The picture and the first microtasks after it. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
