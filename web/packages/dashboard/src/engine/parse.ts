/**
 * Whom a pasted text names, as the peer's own `parse` says it, where there is no peer in the page: behind a node, and
 * staged. It reaches into the peer's sources, which have it apart from everything else.
 */
import type { ParsedWho } from "@wherry/peer";
import { Address, InviteLink, parseWho, peerOf } from "../../../peer/src/address.ts";
import { WherryError } from "@wherry/peer";

export function parsePasted(text: string): ParsedWho {
  try {
    const who = parseWho(text);
    const vias = who instanceof InviteLink ? who.vias.map((via) => via.authority) : [];
    const kind = who instanceof InviteLink ? "link" : who instanceof Address ? "address" : "id";
    return { ok: true, kind, peer: peerOf(who).toString(), vias };
  } catch (error) {
    return { ok: false, error: WherryError.from(error).info };
  }
}
