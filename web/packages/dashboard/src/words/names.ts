/** How people and machines are called on the page. A claimed name is shown as a claim, beside the id. */

/** All ids begin alike, so the end is the short id: `…k4Zq7P`. */
export const shortId = (id: string): string => `…${id.slice(-6)}`;

/** What to call a peer in a sentence: the name it claims, or its short id. */
export const called = (name: string | null | undefined, id: string): string => tidyName(name) ?? shortId(id);

/** Characters that reorder or hide text would let a name pretend to be another, or undo the sentence around it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name as it may be shown: one line, at most 40 characters, nothing invisible; null if nothing is left. */
export function tidyName(name: string | null | undefined): string | null {
  if (name === null || name === undefined) return null;
  const seen = name.replace(/\s+/gu, " ").replace(UNSEEN, "").replace(/ +/g, " ").trim();
  const characters = [...seen];
  if (characters.length === 0) return null;
  return characters.length > NAME_LIMIT ? `${characters.slice(0, NAME_LIMIT - 1).join("")}…` : seen;
}

/** Characters of a name: it has to fit a row on a phone. */
export const NAME_LIMIT = 40;

/** The host and port that a multiaddr of an endpoint names; the text itself if it is none that we know. */
export function endpointOf(multiaddr: string): string {
  const [, kind, host, , port] = multiaddr.split("/");
  if (kind === undefined || host === undefined || port === undefined) return multiaddr;
  return kind === "ip6" ? `[${host}]:${port}` : `${host}:${port}`;
}
