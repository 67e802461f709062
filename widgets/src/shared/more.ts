/** Where a stage has more than it shows, its edge fades: `data-more` names those sides, and widget.css paints them. */

const MARGIN = 16; // px at the edge of a picture, where nothing is drawn

/** Follow the stage; what is returned is told each new picture in it. */
export function onMore(stage: HTMLElement, signal: AbortSignal): (picture: Element) => void {
  const look = () => {
    const right = stage.scrollWidth - stage.clientWidth - stage.scrollLeft;
    const bottom = stage.scrollHeight - stage.clientHeight - stage.scrollTop;
    const hidden = { left: stage.scrollLeft, right, top: stage.scrollTop, bottom };
    stage.dataset.more = Object.entries(hidden)
      .flatMap(([side, pixels]) => (pixels > MARGIN ? [side] : []))
      .join(" ");
  };
  const observer = new ResizeObserver(look);
  stage.addEventListener("scroll", look, { signal, passive: true });
  signal.addEventListener("abort", () => observer.disconnect());
  return (picture) => {
    observer.disconnect();
    observer.observe(stage);
    observer.observe(picture); // it is zoomed
    look();
  };
}
