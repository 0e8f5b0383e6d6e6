/** How many panes there is room for. The same widths stand in `styles/layout.css`. */
import { signal, type ReadonlySignal } from "@preact/signals";

function follow(media: string): ReadonlySignal<boolean> {
  const query = matchMedia(media);
  const current = signal(query.matches);
  query.addEventListener("change", () => (current.value = query.matches));
  return current;
}

/** One pane only. */
export const narrow: ReadonlySignal<boolean> = follow("(width < 760px)");

/** All three. */
export const roomy: ReadonlySignal<boolean> = follow("(width >= 1120px)");

/** Fingers: the Enter key of a keyboard on the screen begins a new line. */
export const touched: ReadonlySignal<boolean> = follow("(pointer: coarse)");
