/** Prediction: choose, answer, and be told. Nothing says what is right until then. */
import { h, prose } from "./shared/dom";
import { type Place, picture } from "./shared/live";
import { onChange, put } from "./shared/model";
import { followTheme } from "./shared/theme";
import type { PredictionTraits } from "./shared/traits";

function option(choice: string) {
  const radio = h("input", { type: "radio", name: "choice", required: true });
  const mark = h("span", { class: "ak-mark" });
  const label = h("label", { class: "ak-choice" }, radio, h("span", {}, ...prose(choice)), mark);
  /** Before the answer neither is said; after it, whether this is the right one, and whether it was chosen. */
  const show = (answered: boolean, right: boolean, chosen: boolean) => {
    radio.disabled = answered;
    radio.checked = chosen;
    mark.textContent = !answered ? "" : right ? "✓ right" : chosen ? "✗ not this" : "";
    label.classList.toggle("ak-right", answered && right);
  };
  return { radio, label, show };
}

function render({ model, el, signal }: Place<PredictionTraits>): void {
  const options = model.get("choices").map(option);
  const question = h("legend", {}, h("strong", {}, "Predict. "), ...prose(model.get("question")));
  const submit = h("button", { type: "submit", class: "ak-button" });
  const verdict = h("p", { class: "ak-sentence", role: "status", "aria-live": "polite" });
  const form = h(
    "form",
    { class: "ak-widget ak-prediction" },
    h("fieldset", {}, question, ...options.map(({ label }) => label)),
    h("div", { class: "ak-toolbar" }, submit, verdict),
  );

  const show = () => {
    const chosen = model.get("chosen");
    const answered = chosen >= 0;
    for (const [index, one] of options.entries()) one.show(answered, index === model.get("answer"), index === chosen);
    submit.textContent = answered ? "Try again" : "Answer";
    verdict.replaceChildren(...prose(model.get("verdicts")[chosen] ?? ""));
  };
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      const again = model.get("chosen") >= 0;
      put(model, "chosen", again ? -1 : options.findIndex(({ radio }) => radio.checked));
    },
    { signal },
  );
  onChange(model, "chosen", show, signal);
  followTheme(form, signal);
  show();
  el.append(form);
}

export default picture(render);
