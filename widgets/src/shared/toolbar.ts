/** A toolbar as WAI-ARIA describes it: one stop of the tab key for all its buttons, arrow keys from there.
 *
 * Left and Right go on to the next button and around, Home and End to the first and the last, but on the buttons that walk through
 * steps, which have these two keys for themselves. Sliders, menus and fields need arrow keys: they are stops of their own.
 */
import { h } from "./dom";

export function toolbar(label: string, signal: AbortSignal): HTMLElement {
  const bar = h("div", {
    class: "ak-toolbar",
    role: "toolbar",
    "aria-label": label,
    onkeydown: (event) => walk(event as KeyboardEvent),
    onfocusin: (event) => stopAt(event.target as Element),
  });
  const buttons = () => [...bar.querySelectorAll("button")].filter((button) => !button.closest("[hidden]"));

  /** The one button that the tab key comes to: this one, else the one that was, else the first. */
  function stopAt(wanted: Element | null): void {
    const all = buttons();
    const stop = all.find((button) => button === wanted) ?? all.find((button) => button.tabIndex === 0) ?? all[0];
    for (const button of bar.querySelectorAll("button")) button.tabIndex = button === stop ? 0 : -1;
  }

  function walk(event: KeyboardEvent): void {
    const all = buttons();
    const at = all.indexOf(event.target as HTMLButtonElement);
    if (at < 0 || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const aims: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 };
    const aim = aims[event.key];
    if (aim === undefined) return;
    event.preventDefault();
    all.at(aim % all.length)?.focus();
  }

  /** Buttons come, go and hide; the focus does not vanish with one. */
  const changes = new MutationObserver(() => {
    const active = (bar.getRootNode() as Document | ShadowRoot).activeElement;
    stopAt(active);
    if (bar.contains(active) && active?.closest("[hidden]")) buttons()[0]?.focus();
  });
  changes.observe(bar, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  signal.addEventListener("abort", () => changes.disconnect());
  return bar;
}
