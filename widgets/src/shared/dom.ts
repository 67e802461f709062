/** DOM helpers. Whatever comes from the learner is set as text, never parsed as HTML. */

type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** An HTML element: functions become listeners, `true` an empty attribute, `false` and `null` none; strings are text. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** A real button. With `pressed` it is a toggle and says so through aria-pressed.
 *
 * Its name is what is written on it, so that who says what they see presses it; a sign, which cannot be said, has the title.
 */
export function button(
  label: string,
  onclick: () => void,
  options: { title?: string; pressed?: boolean } = {},
): HTMLButtonElement {
  return h(
    "button",
    {
      type: "button",
      class: "ak-button",
      onclick: () => onclick(),
      title: options.title,
      "aria-label": /\p{L}/u.test(label) ? null : options.title,
      "aria-pressed": options.pressed === undefined ? null : String(options.pressed),
    },
    label,
  );
}

export function press(element: HTMLElement, pressed: boolean): void {
  element.setAttribute("aria-pressed", String(pressed));
}

/** The renderer's SVG string as an element. It holds no script; should one come, it is dropped here. */
export function svgElement(markup: string): SVGSVGElement {
  const parsed = new DOMParser().parseFromString(markup, "image/svg+xml");
  const root = document.importNode(parsed.documentElement, true) as unknown as SVGSVGElement;
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (/^(script|foreignObject)$/i.test(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name } of [...element.attributes]) if (/^on/i.test(name)) element.removeAttribute(name);
  }
  return root;
}

/** A table whose cells are text; the alternative to every picture. */
export function table(header: string[], rows: string[][], caption: string): HTMLTableElement {
  return h(
    "table",
    { class: "ak-table" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...header.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))),
  );
}

/** A sentence: what stands between two backticks is code, and everything is text. */
export function prose(text: string): (HTMLElement | string)[] {
  return text.split("`").map((part, number) => (number % 2 ? h("code", {}, part) : part));
}

const SHORT = 36; // characters of a row that stands beside its heading

/** A text whose numbers and short rows are kept in one line each: 1.2e-05 would else be broken after its e-, [1., 2.] inside. */
export function unbroken(text: string): (HTMLElement | string)[] {
  return text.split(SHORT_ROW).map((part, number) => (number % 2 ? h("span", { class: "ak-number" }, part) : part));
}
const SHORT_ROW = new RegExp(`(\\[[^[\\]\\n]{1,${SHORT}}\\]|[−-]?\\d[\\d.]*e[+−-]?\\d+)`);

/** Whether a text is a printed tensor with rows that are longer than that. */
export function isWide(text: string): boolean {
  return text.startsWith("[") && text.split("\n").some((line) => line.length > SHORT);
}
