/** Traits that the page holds by itself, and who listens to them. */

export class Told<T extends object> {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #traits: T;

  constructor(traits: T) {
    this.#traits = { ...traits };
  }

  has(name: string): boolean {
    return name in this.#traits;
  }

  get<K extends keyof T>(name: K): T[K] {
    return this.#traits[name];
  }

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  off(event?: string | null, listener?: (() => void) | null): void {
    if (event && listener) this.#listeners.get(event)?.delete(listener);
  }

  /** Take on these, then tell of each that is another than before. */
  assign(changed: Partial<T>): void {
    const names = Object.keys(changed) as (keyof T & string)[];
    const fresh = names.filter((name) => this.#traits[name] !== changed[name]);
    Object.assign(this.#traits, changed);
    for (const name of fresh) for (const listener of this.#listeners.get(`change:${name}`) ?? []) listener();
  }
}
