/** A model without a kernel: traits that a page stored, among them the picture for each way of drawing that it has. */
import type { GraphTraits } from "../shared/traits";

/** The traits that change with the drawing, and the choices that ask for them. */
export type Layout = Pick<GraphTraits, "folds" | "node_names"> & Partial<GraphTraits>;

type Traits = GraphTraits & { _css: string }; // what anywidget calls the style sheet
type Folds = GraphTraits["folds"];
const ID = "0".repeat(32); // the page's one picture

const differing = (one: Folds, other: Folds) =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((path) => one[path] !== other[path]);

export class StoredModel {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #layouts: readonly Layout[];
  readonly #traits: Traits;

  /** The first layout is the one to begin with, and to go back to. */
  constructor(layouts: readonly Layout[], css: string) {
    this.#layouts = layouts;
    this.#traits = { picture_id: ID, step: -1, selected: "", measured: {}, _css: css, ...layouts[0] } as Traits;
  }

  get<K extends keyof GraphTraits>(name: K): GraphTraits[K] {
    return this.#traits[name];
  }

  set<K extends keyof GraphTraits>(name: K, value: GraphTraits[K]): void {
    if (name === "folds") this.#assign(this.#folded(value as Folds));
    else if (name === "node_names") this.#assign(this.#named(value as boolean));
    else this.#assign({ [name]: value } as Partial<GraphTraits>);
    if (!(this.get("selected") in this.get("details"))) this.#assign({ selected: "" });
  }

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  off(event?: string | null, listener?: (() => void) | null): void {
    if (event && listener) this.#listeners.get(event)?.delete(listener);
  }

  save_changes(): void {} // there is nobody to tell

  /** What was asked for, if the page has it; else what was turned last, with all else as at first; else as at first. */
  #folded(wish: Folds): Partial<GraphTraits> {
    const [turned, ...more] = differing(wish, this.get("folds"));
    const asked = (folds: Folds) => this.#layouts.find((layout) => differing(layout.folds, folds).length === 0);
    const alone = turned === undefined || more.length ? undefined : asked({ [turned]: wish[turned] as boolean });
    return asked(wish) ?? alone ?? (this.#layouts[0] as Layout);
  }

  /** With the nodes' names or without: the page has the names for the first way of folding only. */
  #named(wish: boolean): Partial<GraphTraits> {
    return this.#layouts.find((layout) => layout.node_names === wish) ?? {};
  }

  #assign(changed: Partial<GraphTraits>): void {
    const names = Object.keys(changed) as (keyof GraphTraits)[];
    const fresh = names.filter((name) => this.#traits[name] !== changed[name]);
    Object.assign(this.#traits, changed);
    for (const name of fresh) for (const listener of this.#listeners.get(`change:${name}`) ?? []) listener();
  }
}
