/** Parts of the page that come after the first, so that the first is there sooner. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { Line } from "./parts.tsx";

export interface Later<Part> {
  /** The part; null while it is not there, and `failed` once it cannot be had. */
  readonly part: ReadonlySignal<Part | "failed" | null>;
  readonly load: () => Promise<void>;
}

/** A part that `get` loads, once. */
export function later<Part>(get: () => Promise<Part>): Later<Part> {
  const part = signal<Part | "failed" | null>(null);
  const load = async (): Promise<void> => {
    if (part.value !== null && part.value !== "failed") return;
    try {
      part.value = await get();
    } catch {
      part.value = "failed"; // whoever served the page is gone, or serves another version
    }
  };
  return { part, load };
}

/** Where a part would be that cannot be had. */
export function Missing() {
  return (
    <Line tone="warn" role="alert" text="This part of the page could not be loaded." hint="Whoever served the page does not answer.">
      <button type="button" class="button" onClick={() => location.reload()}>
        Reload
      </button>
    </Line>
  );
}
