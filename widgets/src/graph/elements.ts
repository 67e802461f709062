/** The grids of a detail: cells of numbers, one of which is chosen by click or Enter; arrow keys go from cell to cell. */
import { h } from "../shared/dom";
import type { Grid } from "../shared/traits";

/** What an element's reason is found by, as Python says it: a tensor that is drawn again, "v3.2", is the same tensor. */
export const reasonKey = (key: string, element: number[]) => `${key.split(".")[0]} ${element.join(",")}`;

/** The place in all but the last dimension that a row of cells stands for. */
function placeOf(row: number, leading: number[]): number[] {
  let rest = row;
  const place: number[] = [];
  for (const size of [...leading].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}

/** Which elements are shown, where that is not all of them. */
function shownOf({ shape, cells }: Grid): string {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const parts = [
    ...(cells.length < rows ? [`${cells.length} of ${rows} rows`] : []),
    ...((cells[0]?.length ?? 0) < columns ? [`${cells[0]?.length} of ${columns} columns`] : []),
  ];
  return parts.length ? `, the first ${parts.join(" and ")}` : "";
}

/** A grid and, under it, the reason of the chosen element. `chosen` and what `choose` gets is a place, empty for none. */
export function gridOf(
  grid: Grid,
  number: number,
  chosen: number[],
  reason: string,
  choose: (place: number[]) => void,
): HTMLElement {
  const leading = grid.shape.slice(0, -1);
  const told = h("p", { class: "ak-reason", id: `ak-reason-${number}` }, reason);
  told.hidden = !chosen.length;
  const shown = chosen.length && grid.cells.some((row, r) => row.some((_, c) => isAt(r, c)));
  function isAt(row: number, column: number): boolean {
    return chosen.length > 0 && String([...placeOf(row, leading), column]) === String(chosen);
  }
  const rows = grid.cells.map((cells, r) => {
    const place = placeOf(r, leading);
    return cells.map((text, c) => {
      const here = isAt(r, c);
      return h(
        "td",
        {
          role: "gridcell",
          tabindex: (shown ? here : r + c === 0) ? 0 : -1,
          "aria-selected": String(here),
          "aria-label": `${text}, at [${[...place, c].join(", ")}]`,
          "aria-describedby": here ? told.id : null,
          "data-key": `element ${[number, ...place, c].join(",")}`,
          onclick: () => choose(here ? [] : [...place, c]),
        },
        text,
      );
    });
  });
  const to = (cell: HTMLElement | undefined) => {
    if (!cell) return;
    for (const other of rows.flat()) other.tabIndex = other === cell ? 0 : -1;
    cell.focus();
  };
  const walk = (event: KeyboardEvent) => {
    const r = rows.findIndex((cells) => cells.includes(event.target as HTMLTableCellElement));
    const cells = rows[r];
    if (!cells) return;
    const c = cells.indexOf(event.target as HTMLTableCellElement);
    const aims: Record<string, HTMLElement | undefined> = {
      ArrowLeft: cells[c - 1],
      ArrowRight: cells[c + 1],
      ArrowUp: rows[r - 1]?.[c],
      ArrowDown: rows[r + 1]?.[c],
      Home: cells[0],
      End: cells.at(-1),
    };
    if (event.key in aims) to(aims[event.key]);
    else if (event.key === "Enter" || event.key === " ") cells[c]?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const columns = (grid.cells[0] ?? []).map((_, c) => h("th", { scope: "col" }, String(c)));
  const headed = (r: number) =>
    leading.length ? [h("th", { scope: "row" }, `[${placeOf(r, leading).join(", ")}]`)] : [];
  const corner = leading.length ? [h("th", { scope: "col" }, "at")] : [];
  return h(
    "figure",
    { class: "ak-elements" },
    h("figcaption", {}, `${grid.what}${shownOf(grid)}: choose an element`),
    h(
      "div",
      { class: "ak-cells" },
      h(
        "table",
        { role: "grid", "aria-label": grid.what, onkeydown: (event) => walk(event as KeyboardEvent) },
        h("thead", {}, h("tr", {}, ...corner, ...columns)),
        h("tbody", {}, ...rows.map((cells, r) => h("tr", {}, ...headed(r), ...cells))),
      ),
    ),
    told,
  );
}
