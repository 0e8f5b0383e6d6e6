/** The rest of the page, which comes after what the first look needs. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { later, Missing } from "../ui/later.tsx";
import type * as Views from "./rest-views.ts";

export const rest = later(() => import("./rest-views.ts"));

interface Properties {
  /** Draws a part of it, once that is there. */
  readonly children: (views: typeof Views) => ComponentChildren;
  /** Whether something else is the main thing here, so that nothing has to stand in for it. */
  readonly aside?: boolean;
}

export function Rest({ children, aside = false }: Properties) {
  const views = rest.part.value;
  useEffect(() => void rest.load(), []);
  if (views !== null && views !== "failed") return <>{children(views)}</>;
  if (aside) return null;
  return views === "failed" ? <Missing /> : <div class="card skeleton" aria-busy="true" />;
}
