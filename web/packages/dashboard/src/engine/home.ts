/** Whose page this is: that of the peer in this tab, or a node's own dashboard. */

/** `#token=…`: what `wherry dashboard` puts into the address, and what works once. */
export function takeToken(): string | null {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (found === null) return null;
  history.replaceState(null, "", "#/"); // it is of no use to whoever finds it in the history, and no business of theirs
  return found[1] ?? null;
}

/** A node's listener says so in the page that it serves. */
export const isNodes = (): boolean => document.querySelector('meta[name="wherry-home"][content="node"]') !== null;
