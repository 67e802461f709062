/** How wide the place of a picture is, told when it first is there and after each change that can be seen. */

const SETTLED = 150; // ms without a change
const SEEN = 8; // px

export function onWidth(element: HTMLElement, tell: (width: number) => void, signal: AbortSignal): void {
  let told = 0;
  let timer = 0;
  const look = () => {
    const { paddingLeft, paddingRight } = getComputedStyle(element);
    const width = element.clientWidth - (Number.parseFloat(paddingLeft) || 0) - (Number.parseFloat(paddingRight) || 0);
    if (!(width > 0) || Math.abs(width - told) < SEEN) return; // nothing is as wide as nothing while it is not shown
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
