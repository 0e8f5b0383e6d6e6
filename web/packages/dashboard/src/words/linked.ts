/** Text with the links in it found: web addresses, and Wherry's own. Everything else stays text. */

export type Part = {
  /** Where it begins. */
  readonly at: number;
  readonly text: string;
} & (
  | { readonly kind: "text" }
  | { readonly kind: "web"; readonly href: string }
  /** It opens "who is this?". */
  | { readonly kind: "invite" }
);

/** The marks that turn a direction end a link: none of them is ever part of one. */
const LINK = /https?:\/\/[^\s<>"\u061C\u200E\u200F]+|wherry:[1-9A-HJ-NP-Za-km-z]{40,}[^\s<>"\u061C\u200E\u200F]*/gu;

/** What ends a sentence, or closes what was opened before, and is no part of an address that stands in it. */
const TRAILING = /[.,;:!?'»”’)\]}]+$/u;

export function linked(text: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(TRAILING, "");
    const part = partOf(found, match.index);
    if (part === null) continue;
    if (match.index > from) parts.push({ kind: "text", at: from, text: text.slice(from, match.index) });
    parts.push(part);
    from = match.index + found.length;
  }
  if (from < text.length) parts.push({ kind: "text", at: from, text: text.slice(from) });
  return parts;
}

function partOf(found: string, at: number): Part | null {
  if (found.startsWith("wherry:") || /^https?:\/\/[^/]+\/?#\/add\//.test(found)) return { kind: "invite", at, text: found };
  return URL.canParse(found) ? { kind: "web", at, text: found, href: new URL(found).href } : null;
}
