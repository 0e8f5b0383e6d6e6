/** Text with the links in it found: web addresses, and Wherry's own. Everything else stays text. */

export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "web"; readonly text: string; readonly href: string }
  /** An invite: it opens "who is this?". */
  | { readonly kind: "invite"; readonly text: string };

const LINK = /https?:\/\/[^\s<>"]+|wherry:[1-9A-HJ-NP-Za-km-z]{40,}[^\s<>"]*/gu;

/** What ends a sentence, or closes what was opened before, and is no part of an address that stands in it. */
const TRAILING = /[.,;:!?'»”’)\]}]+$/u;

export function linked(text: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(TRAILING, "");
    const part = partOf(found);
    if (part === null) continue;
    if (match.index > from) parts.push({ kind: "text", text: text.slice(from, match.index) });
    parts.push(part);
    from = match.index + found.length;
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}

function partOf(found: string): Part | null {
  if (found.startsWith("wherry:") || /^https?:\/\/[^/]+\/?#\/add\//.test(found)) return { kind: "invite", text: found };
  return URL.canParse(found) ? { kind: "web", text: found, href: new URL(found).href } : null;
}
