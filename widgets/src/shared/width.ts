/** How wide the place of a picture is, told when it first is there and after each change that can be seen. */

import type { AnyModel } from "@anywidget/types";
import { put } from "./model";
import type { Still } from "./traits";

const SETTLED = 150; // ms without a change
const SEEN = 8; // px
const SCROLL_BAR = 20; // px that a column gains with a scroll bar that goes: a picture made lower by that would bring it back

export function onWidth(element: HTMLElement, tell: (width: number) => void, signal: AbortSignal): void {
  let told = 0;
  let timer = 0;
  const look = () => {
    const { paddingLeft, paddingRight } = getComputedStyle(element);
    const width = element.clientWidth - (Number.parseFloat(paddingLeft) || 0) - (Number.parseFloat(paddingRight) || 0);
    if (!(width > 0)) return; // nothing is as wide as nothing while it is not shown
    if (told && told - width < SEEN && width - told < SCROLL_BAR) return;
    told = width;
    tell(Math.floor(width));
  };
  const observer = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = window.setTimeout(look, told ? SETTLED : 0);
  });
  observer.observe(element);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(timer);
  });
}

/** Tell Python, which draws by it, how wide the place of a picture is. */
export function tellPage<T extends Still & { page: number }>(
  model: AnyModel<T>,
  element: HTMLElement,
  signal: AbortSignal,
): void {
  const tell = (width: number) => {
    if (width !== model.get("page")) put(model, "page", width);
  };
  onWidth(element, tell, signal);
}
