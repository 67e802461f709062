/** GradLedger: step through what happened to a .grad, open what stands for several events, choose the elements drawn. */
import { chooser } from "./shared/chooser";
import { keyed, keyOf } from "./shared/focus";
import { frame } from "./shared/frame";
import { type Place, picture } from "./shared/live";
import { onChange, put } from "./shared/model";
import { stepper } from "./shared/stepper";
import type { Column, LedgerTraits } from "./shared/traits";
import { tellPage } from "./shared/width";

function render({ model, el, signal }: Place<LedgerTraits>): void {
  const columns = () => model.get("columns");
  const numberOf = (key: string) => columns().findIndex((column) => column.key === key);
  let awaited: string | null = null; // the column that is to have the focus once it is drawn

  /** The column that is looked at: the last one where none was chosen, or where the chosen one was opened or closed. */
  function at(): number {
    const found = numberOf(model.get("selected"));
    return found < 0 ? Math.max(0, columns().length - 1) : found;
  }

  const view = frame(model, el, signal, (svg, until) => {
    svg.setAttribute("role", "group"); // an image may hold nothing that can be pressed
    for (const entry of view.stage.querySelectorAll<SVGGElement>(".ak-entry")) prepare(entry, until);
    for (const fold of view.stage.querySelectorAll<SVGGElement>(".ak-fold")) {
      const group = fold.getAttribute("data-group") ?? "";
      fold.setAttribute("role", "button");
      fold.addEventListener("click", () => close(group), { signal: until });
      fold.addEventListener(
        "keydown",
        (event) => pressed(event, { Enter: () => close(group), " ": () => close(group) }),
        { signal: until },
      );
    }
    queueMicrotask(focusAwaited); // after the frame has given the focus back to what had it
    show();
  });

  function focusAwaited(): void {
    const wanted = awaited === null ? null : keyed(view.stage, awaited);
    if (!wanted) return;
    awaited = null;
    wanted.focus({ preventScroll: true });
  }

  function prepare(entry: SVGGElement, until: AbortSignal): void {
    const key = keyOf(entry);
    const column = (): Column | undefined => columns()[numberOf(key)];
    if (column()?.opens) {
      entry.setAttribute("role", "button");
      entry.setAttribute("aria-expanded", "false");
    }
    const open = () => {
      const opens = column()?.opens;
      if (opens) toggle(opens, true);
    };
    const walk = (by: number) => {
      const next = columns()[Math.max(0, Math.min(columns().length - 1, numberOf(key) + by))];
      if (!next) return;
      const drawn = keyed(view.stage, next.key);
      if (drawn) return drawn.focus();
      awaited = next.key;
      choose(numberOf(next.key));
    };
    entry.addEventListener("focus", () => awaited === null && choose(numberOf(key)), { signal: until });
    entry.addEventListener(
      "click",
      () => {
        choose(numberOf(key));
        open();
      },
      { signal: until },
    );
    entry.addEventListener(
      "keydown",
      (event) =>
        pressed(event, {
          ArrowLeft: () => walk(-1),
          ArrowRight: () => walk(1),
          Home: () => walk(-columns().length),
          End: () => walk(columns().length),
          Enter: open,
          " ": open,
          Escape: () => close(column()?.closes ?? ""),
        }),
      { signal: until },
    );
  }

  function pressed(event: KeyboardEvent, does: Record<string, () => void>): void {
    const act = does[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has keys of its own
    act();
  }

  function toggle(group: string, open: boolean): void {
    const others = model.get("opened").filter((each) => each !== group);
    put(model, "opened", open ? [...others, group] : others);
  }

  function close(group: string): void {
    if (!group) return;
    awaited = group;
    toggle(group, false);
  }

  function choose(number: number): void {
    const key = number >= columns().length - 1 ? "" : (columns()[number]?.key ?? "");
    if (model.get("selected") !== key) put(model, "selected", key);
    show();
  }

  function show(): void {
    const now = at();
    for (const entry of view.stage.querySelectorAll(".ak-entry")) {
      const number = numberOf(keyOf(entry));
      entry.classList.toggle("ak-later", number > now);
      entry.classList.toggle("ak-current", number === now);
    }
    steps.refresh();
    view.say(columns()[now]?.sentence ?? model.get("description"));
  }

  const steps = stepper({ count: () => columns().length, at, go: choose, signal });
  const choice = chooser("elements", (by) => {
    const count = model.get("pages").length;
    put(model, "sheet", (model.get("sheet") + by + count) % count);
  });
  const named = () => choice.show(model.get("pages")[model.get("sheet")] ?? "", model.get("pages").length);
  onChange(model, "sheet", named, signal);
  onChange(model, "pages", named, signal);
  onChange(model, "columns", show, signal);
  onChange(model, "selected", show, signal);
  named();
  view.root.classList.add("ak-ledger-view");
  view.toolbar.append(steps.element, choice.element);
  tellPage(model, view.columns, signal);
}

export default picture(render);
