/** Pictures that outlive their kernel: what is stored of an output is a still picture, and a widget's model brings it to life.
 *
 * An output is `<autogradkit-picture model="ID"><img …><details>…</details></autogradkit-picture>`, HTML that shows its
 * picture wherever it is shown. While a model of that ID lives in the page, the element draws the widget in a shadow root,
 * which covers those children: they are neither painted nor read out. When the model goes (the widget is closed, its kernel
 * ends) they show again. No output names a widget view, so none can fail to be found.
 */
import type { AnyModel, RenderProps } from "@anywidget/types";
import { h } from "./dom";
import { hearing } from "./hearing";
import { ownKeys } from "./keys";
import type { Still } from "./traits";

export type Place<T extends Still> = Pick<RenderProps<T>, "model" | "el" | "signal">;
type Render<T extends Still> = (place: Place<T>) => void;

interface Live {
  readonly css: string;
  mount(el: HTMLElement, signal: AbortSignal): void;
}
interface StillElement extends HTMLElement {
  wake(): void;
}
interface Registry {
  readonly models: Map<string, Live>;
  readonly elements: Set<StillElement>;
}

const NAME = "autogradkit-picture";
const GRACE = 10_000; // ms: a cell that is moved, or scrolled out of a long notebook, leaves the page and comes back

/** One for the page. Bundles of other versions share it: where its shape must change, so must the numbers of both names. */
function registry(): Registry {
  const page = globalThis as unknown as Record<symbol, Registry | undefined>;
  const key = Symbol.for("autogradkit.pictures.1");
  page[key] ??= { models: new Map(), elements: new Set() };
  return page[key];
}

function define(): void {
  if (!globalThis.customElements || customElements.get(NAME)) return;
  class StillPicture extends HTMLElement implements StillElement {
    #shown: Live | undefined;
    #ended = new AbortController();

    connectedCallback(): void {
      registry().elements.add(this);
      this.wake();
    }

    disconnectedCallback(): void {
      setTimeout(() => {
        if (this.isConnected) return;
        registry().elements.delete(this);
        this.#show(undefined);
      }, GRACE);
    }

    /** Show the model of this picture's ID, if it is in the page, else the still picture. */
    wake(): void {
      this.#show(registry().models.get(this.getAttribute("model") ?? ""));
    }

    #show(live: Live | undefined): void {
      if (live === this.#shown) return;
      this.#ended.abort();
      this.#shown = live;
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      if (!live) {
        root.replaceChildren(h("slot"));
        return;
      }
      this.#ended = new AbortController();
      const place = h("div");
      root.replaceChildren(h("style", {}, `:host { display: block; }\n${live.css}`), place);
      live.mount(place, this.#ended.signal);
    }
  }
  customElements.define(NAME, StillPicture);
  ownKeys(NAME);
}

function live<T extends Still>(model: AnyModel<T>, render: Render<T>): Live {
  const { get } = model as unknown as AnyModel<{ _css?: string }>; // anywidget's own, the style sheet of the bundle
  return { css: get.call(model, "_css") ?? "", mount: (el, signal) => render({ model, el, signal }) };
}

/** The module that anywidget wants of a widget whose view `render` draws. */
export function picture<T extends Still>(render: Render<T>) {
  return {
    render,
    /** A model came into the page: wake its pictures; what is returned lets go of it. */
    initialize({ model }: { model: AnyModel<T> }): () => void {
      const id = model.get("picture_id");
      const own = live(model, render);
      const { models, elements } = registry();
      const wake = () => {
        for (const element of elements) if (element.getAttribute("model") === id) element.wake();
      };
      define();
      models.set(id, own);
      wake();
      void hearing(model.widget_manager, id);
      return () => {
        if (models.get(id) === own) models.delete(id); // a second model of this ID, made on a reconnect, stays
        wake();
      };
    },
  };
}
