/** Where the page is, as the part of its address after `#`: it works under any path, and a link to it can be shared. */
import { signal, type ReadonlySignal } from "@preact/signals";

export type Route =
  | { readonly at: "you" }
  | { readonly at: "friends" }
  | { readonly at: "mesh" }
  /** With a `part` that is to be opened; the page itself else. */
  | { readonly at: "settings"; readonly part: string }
  | { readonly at: "add"; readonly text: string }
  | { readonly at: "chat"; readonly id: string }
  /** A friend's details, where there is no room for them beside the chat. */
  | { readonly at: "about"; readonly id: string }
  /** The connection with a peer, and what can be tried with it. */
  | { readonly at: "peer"; readonly id: string };

/** The part of the settings where a copy of the key is put back. */
export const RESTORE = "restore";

/** The route that a hash names; anything unknown is the first page. */
export function parseRoute(hash: string): Route {
  const [, at = "", ...rest] = hash.replace(/^#/, "").split("/");
  const tail = decoded(rest.join("/"));
  if (at === "friends" || at === "mesh") return { at };
  if (at === "settings") return { at, part: tail };
  if (at === "add") return { at, text: tail };
  if ((at === "chat" || at === "about" || at === "peer") && tail !== "") return { at, id: tail };
  return { at: "you" };
}

/** The hash of a route, to put into `href`. */
export function hashOf(route: Route): string {
  switch (route.at) {
    case "you":
      return "#/";
    case "add":
      return `#/add/${encodeURIComponent(route.text)}`;
    case "settings":
      return route.part === "" ? "#/settings" : `#/settings/${encodeURIComponent(route.part)}`;
    case "chat":
    case "about":
    case "peer":
      return `#/${route.at}/${encodeURIComponent(route.id)}`;
    default:
      return `#/${route.at}`;
  }
}

interface Sought {
  readonly peer: string;
  readonly id: string;
}

const wanted = signal<Sought | null>(null);

/** The message that a chat is to be shown at. */
export const sought: ReadonlySignal<Sought | null> = wanted;

export const seek = (peer: string, id: string): void => void (wanted.value = { peer, id });

export const found = (): void => void (wanted.value = null);

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
