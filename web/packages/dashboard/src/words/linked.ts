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

/** What is shown of a long text at first: so much of it, and no more lines than a screen or two have. */
const SHOWN_CHARACTERS = 2000;
const SHOWN_LINES = 40;

/** Where the beginning of a text ends that is shown at first; null where that is all of it. Between words, if there are any. */
export function cutOf(text: string): number | null {
  const line = nthLine(text, SHOWN_LINES);
  const most = Math.min(line ?? text.length, SHOWN_CHARACTERS);
  if (most === text.length) return null;
  if (most === line) return line;
  const space = text.slice(0, most).search(/\s\S*$/u);
  if (space > SHOWN_CHARACTERS / 2) return space;
  return /[\uD800-\uDBFF]/.test(text[most - 1] ?? "") ? most - 1 : most;
}

/** Where the line break before a line is; null if there are not so many. */
function nthLine(text: string, lines: number): number | null {
  let at = -1;
  for (let n = 0; n < lines; n += 1) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return null;
  }
  return at;
}

/** The parts up to a place in the text. A link that is cut leads where the whole one does. */
export function partsUntil(parts: readonly Part[], end: number): readonly Part[] {
  return parts.filter((part) => part.at < end).map((part) => ({ ...part, text: part.text.slice(0, end - part.at) }));
}
