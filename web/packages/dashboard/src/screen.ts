/** Whether there is room for one pane only. The same width stands in `styles/layout.css`. */
import { signal, type ReadonlySignal } from "@preact/signals";

const query = matchMedia("(width < 760px)");
const current = signal(query.matches);
query.addEventListener("change", () => (current.value = query.matches));

export const narrow: ReadonlySignal<boolean> = current;
