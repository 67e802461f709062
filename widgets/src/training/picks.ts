/** Test pictures that can be chosen: one stop for the tab key, arrow keys from there, Enter or a click to choose. */
import { keyOf } from "../shared/focus";

export function picks(svg: SVGSVGElement, signal: AbortSignal, choose: (picture: number) => void): void {
  const all = [...svg.querySelectorAll<SVGGElement>(".ak-pick")];
  if (!all.length) return;
  svg.setAttribute("role", "group"); // an image may hold nothing that can be pressed
  const left = (each: SVGGElement) => Number(each.querySelector("image")?.getAttribute("x"));
  const first = all[0] as SVGGElement;
  const columns = all.findIndex((each, place) => place > 0 && left(each) === left(first));
  const row = columns < 0 ? all.length : columns;
  const moves: Record<string, (at: number) => number> = {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    ArrowUp: (at) => at - row,
    ArrowDown: (at) => at + row,
    Home: () => 0,
    End: () => all.length - 1,
  };
  const stopAt = (here: SVGGElement) => {
    for (const each of all) each.setAttribute("tabindex", each === here ? "0" : "-1");
  };
  all.forEach((each, at) => {
    each.setAttribute("role", "button");
    each.setAttribute("aria-label", `${each.querySelector("title")?.textContent ?? ""}: show its maps`);
    const chosen = () => choose(Number(keyOf(each).slice("digit-".length)));
    each.addEventListener("click", chosen, { signal });
    each.addEventListener("focus", () => stopAt(each), { signal });
    each.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          chosen();
        }
        const to = moves[event.key]?.(at);
        if (to === undefined) return;
        event.preventDefault();
        all[Math.max(0, Math.min(all.length - 1, to))]?.focus();
      },
      { signal },
    );
  });
  stopAt(first);
}
