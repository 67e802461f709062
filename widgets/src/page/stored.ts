/** A model without a kernel: traits that a page stored, among them the picture for each way of drawing that it has. */
import { reasonKey } from "../graph/elements";
import type { Shown } from "../graph/unpacked";
import { Told } from "../shared/told";

/** The traits that change with the drawing, and the choices that ask for them. */
export type Layout = Pick<Shown, "folds" | "node_names"> & Partial<Shown>;

type Traits = Shown & { _css: string }; // what anywidget calls the style sheet
type Folds = Shown["folds"];
const NOT_HERE = "This page has no numbers of this element: to choose it needs a kernel, in a notebook.";
const ID = "0".repeat(32); // the page's one picture

export class StoredModel {
  readonly #layouts: readonly Layout[];
  readonly #turned = new Map<string, boolean>(); // what each path that can be turned is when it is
  readonly #traits: Told<Traits>;

  /** The first layout is the one to begin with. The `folds` of each name what is turned there, and how. */
  constructor(layouts: readonly Layout[], css: string, reasons: Shown["reasons"]) {
    this.#layouts = layouts;
    for (const { folds } of layouts) for (const [path, folded] of Object.entries(folds)) this.#turned.set(path, folded);
    this.#traits = new Told({
      picture_id: ID,
      step: -1,
      selected: "",
      measured: {},
      element: [],
      _css: css,
      reasons,
      ...layouts[0],
    } as unknown as Traits);
  }

  get<K extends keyof Shown>(name: K): Shown[K] {
    return this.#traits.get(name);
  }

  set<K extends keyof Shown>(name: K, value: Shown[K]): void {
    if (name === "folds") this.#traits.assign(this.#nearest(value as Folds, this.get("node_names")));
    else if (name === "node_names") this.#traits.assign(this.#nearest(this.get("folds"), value as boolean));
    else this.#traits.assign({ [name]: value } as Partial<Traits>);
    const asked = reasonKey(this.get("selected"), this.get("element"));
    if (this.get("element").length && !(asked in this.get("reasons")))
      this.#traits.assign({ reasons: { ...this.get("reasons"), [asked]: NOT_HERE } });
    if (!(this.get("selected") in this.get("details"))) this.#traits.assign({ selected: "" });
  }

  on(event: string, listener: () => void): void {
    this.#traits.on(event, listener);
  }

  off(event?: string | null, listener?: (() => void) | null): void {
    this.#traits.off(event, listener);
  }

  save_changes(): void {} // there is nobody to tell

  /** The layout that was asked for; where the page has it not, the nearest of those in which what was turned last is so. */
  #nearest(wish: Folds, named: boolean): Partial<Shown> {
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
}
