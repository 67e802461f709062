/** GraphView's bundle: the view of a graph, on a model whose drawing comes compressed. */
import type { AnyModel, RenderProps } from "@anywidget/types";
import { unpacked } from "./graph/unpacked";
import { view } from "./graph/view";
import type { GraphTraits } from "./shared/traits";

export default {
  async render(props: RenderProps<GraphTraits>): Promise<void> {
    const model = await unpacked(props.model, props.signal);
    if (!props.signal.aborted) view.render({ ...props, model });
  },
  async initialize({ model, signal }: { model: AnyModel<GraphTraits>; signal: AbortSignal }): Promise<() => void> {
    return view.initialize({ model: await unpacked(model, signal) });
  },
};
