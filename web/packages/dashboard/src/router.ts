/** Where the page is, as the part of its address after `#`: it works under any path, and a link to it can be shared. */
import { signal, type ReadonlySignal } from "@preact/signals";

export type Route =
  | { readonly at: "you" }
  | { readonly at: "peers" }
  | { readonly at: "mesh" }
  | { readonly at: "add"; readonly text: string }
  | { readonly at: "peer"; readonly id: string };

/** The route that a hash names; anything unknown is the first page. */
export function parseRoute(hash: string): Route {
  const [, at = "", ...rest] = hash.replace(/^#/, "").split("/");
  const tail = decoded(rest.join("/"));
  if (at === "peers" || at === "mesh") return { at };
  if (at === "add") return { at, text: tail };
  if (at === "peer" && tail !== "") return { at, id: tail };
  return { at: "you" };
}

/** The hash of a route, to put into `href`. */
export function hashOf(route: Route): string {
  switch (route.at) {
    case "you":
      return "#/";
    case "add":
      return `#/add/${encodeURIComponent(route.text)}`;
    case "peer":
      return `#/peer/${encodeURIComponent(route.id)}`;
    default:
      return `#/${route.at}`;
  }
}

const current = signal<Route>(parseRoute(location.hash));

export const route: ReadonlySignal<Route> = current;

export const go = (to: Route): void => {
  location.hash = hashOf(to);
};

/** Follow the address bar; returns how to stop. */
export function followHash(): () => void {
  const follow = (): void => {
    current.value = parseRoute(location.hash);
  };
  follow();
  addEventListener("hashchange", follow);
  return () => removeEventListener("hashchange", follow);
}

/** Percent signs that are no escapes are left as they are: people paste all sorts of things. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
