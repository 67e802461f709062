/** A model without a kernel: traits that a page stored, among them the picture for each way of drawing that it has. */
import type { GraphTraits } from "../shared/traits";

/** The traits that change with the drawing, and the choices that ask for them. */
export type Layout = Pick<GraphTraits, "folds" | "node_names"> & Partial<GraphTraits>;

type Traits = GraphTraits & { _css: string }; // what anywidget calls the style sheet
type Folds = GraphTraits["folds"];
const NOT_HERE = "This page has no numbers of this element: to choose it needs a kernel, in a notebook.";
const ID = "0".repeat(32); // the page's one picture

export class StoredModel {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #layouts: readonly Layout[];
  readonly #turned = new Map<string, boolean>(); // what each path that can be turned is when it is
  readonly #traits: Traits;

  /** The first layout is the one to begin with. The `folds` of each name what is turned there, and how. */
  constructor(layouts: readonly Layout[], css: string, reasons: GraphTraits["reasons"]) {
    this.#layouts = layouts;
    for (const { folds } of layouts) for (const [path, folded] of Object.entries(folds)) this.#turned.set(path, folded);
    this.#traits = {
      picture_id: ID,
      step: -1,
      selected: "",
      measured: {},
      _css: css,
      reasons,
      ...layouts[0],
    } as Traits;
    this.#traits.element = [];
  }

  get<K extends keyof GraphTraits>(name: K): GraphTraits[K] {
    return this.#traits[name];
  }

  set<K extends keyof GraphTraits>(name: K, value: GraphTraits[K]): void {
    if (name === "folds") this.#assign(this.#nearest(value as Folds, this.get("node_names")));
    else if (name === "node_names") this.#assign(this.#nearest(this.get("folds"), value as boolean));
    else this.#assign({ [name]: value } as Partial<GraphTraits>);
    const asked = `${this.get("selected")} ${this.get("element").join(",")}`;
    if (this.get("element").length && !(asked in this.get("reasons")))
      this.#assign({ reasons: { ...this.get("reasons"), [asked]: NOT_HERE } });
    if (!(this.get("selected") in this.get("details"))) this.#assign({ selected: "" });
  }

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  off(event?: string | null, listener?: (() => void) | null): void {
    if (event && listener) this.#listeners.get(event)?.delete(listener);
  }

  save_changes(): void {} // there is nobody to tell

  /** The layout that was asked for; where the page has it not, the nearest of those in which what was turned last is so. */
  #nearest(wish: Folds, named: boolean): Partial<GraphTraits> {
    const paths = [...this.#turned.keys()];
    const is = (folds: Folds, path: string) => folds[path] ?? !this.#turned.get(path);
    const differ = (one: Folds, other: Folds) => paths.filter((path) => is(one, path) !== is(other, path));
    const last = differ(wish, this.get("folds"));
    const far = ({ folds }: Layout) => {
      const missed = differ(wish, folds);
      return missed.length + (missed.some((path) => last.includes(path)) ? paths.length : 0);
    };
    const found = this.#layouts.filter(({ node_names }) => node_names === named);
    return found.reduce((best, layout) => (far(layout) < far(best) ? layout : best), found[0] as Layout);
  }

  #assign(changed: Partial<GraphTraits>): void {
    const names = Object.keys(changed) as (keyof GraphTraits)[];
    const fresh = names.filter((name) => this.#traits[name] !== changed[name]);
    Object.assign(this.#traits, changed);
    for (const name of fresh) for (const listener of this.#listeners.get(`change:${name}`) ?? []) listener();
  }
}
