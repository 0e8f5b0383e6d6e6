/**
 * What a person hands out: an address, and an invite link around it.
 *
 *     address = base58btc( version 1 | public key 32 | nospam 8 | first 4 bytes of SHA-256 over what precedes )
 *
 *     http://HOST:PORT/#/add/ADDRESS                the page of the inviter's own endpoint: the way in is HOST:PORT
 *     wherry:ADDRESS?via=HOST:PORT&via=NAME         without an endpoint of one's own: introducers, three at most
 *
 * Both links are parsed with the spaces, line breaks and percent signs that they get when people paste them.
 */

import { base58, unbase58 } from "./base58.ts";
import { type Bytes, concat, equal } from "./bytes.ts";
import { EndpointAddress, endpointOfAuthority } from "./endpoints.ts";
import { WherryError } from "./errors.ts";
import { sha256 } from "./identity.ts";
import { parseIp } from "./ip.ts";
import { KEY_BYTES, PeerId } from "./peer-id.ts";

export const VERSION = 1;
export const NOSPAM_BYTES = 8;
/** Ways in that a link may name: more make it too long to hand out. */
export const VIAS = 3;
const BYTES = 1 + KEY_BYTES + NOSPAM_BYTES + 4;

/** A peer, and the word that lets one ask to be its friend. */
export class Address {
  readonly peer: PeerId;
  readonly nospam: Bytes;

  constructor(peer: PeerId, nospam: Uint8Array) {
    this.peer = peer;
    this.nospam = new Uint8Array(nospam);
  }

  toString(): string {
    const body = concat(Uint8Array.of(VERSION), this.peer.key, this.nospam);
    return base58(concat(body, sha256(body).subarray(0, 4)));
  }

  /** @throws WherryError INVALID_ADDRESS naming what is wrong with it. */
  static parse(text: string): Address {
    const tidied = tidy(text);
    const raw = tidied.length > 4 * BYTES ? new Uint8Array(4 * BYTES) : unbase58(tidied);
    if (raw === null) throw new WherryError("INVALID_ADDRESS", "it has a character that no address has");
    if (raw.length !== BYTES) {
      const detail = raw.length < BYTES ? "the last characters are missing" : "there are too many characters";
      throw new WherryError("INVALID_ADDRESS", detail);
    }
    const body = raw.subarray(0, -4);
    if (!equal(sha256(body).subarray(0, 4), raw.subarray(-4))) {
      throw new WherryError("INVALID_ADDRESS", "a character is wrong: the checksum does not fit");
    }
    if (raw[0] !== VERSION) {
      const detail = `it is of version ${raw[0]}, this is Wherry with version ${VERSION}`;
      throw new WherryError("INVALID_ADDRESS", detail, { hint: "Update." });
    }
    try {
      return new Address(new PeerId(raw.subarray(1, 1 + KEY_BYTES)), raw.subarray(1 + KEY_BYTES, -4));
    } catch (error) {
      throw new WherryError("INVALID_ADDRESS", WherryError.is(error) ? error.detail : "", { cause: error });
    }
  }
}

/** An address and the endpoints through which its owner, or somebody who knows the owner, is reached. */
export class InviteLink {
  readonly address: Address;
  readonly vias: readonly EndpointAddress[];

  constructor(address: Address, vias: readonly EndpointAddress[] = []) {
    this.address = address;
    this.vias = vias;
  }

  /** The `wherry:` form. */
  toString(): string {
    const query = this.vias.slice(0, VIAS).map((via) => `via=${viaText(via)}`).join("&");
    return `wherry:${this.address}${query === "" ? "" : `?${query}`}`;
  }

  /** The form that opens the page of the endpoint `own`. */
  http(own: EndpointAddress): string {
    return `${own.page}#/add/${this.address}`;
  }

  /**
   * @throws WherryError INVALID_LINK naming what is wrong with it.
   * @throws WherryError INVALID_ADDRESS if the address inside is damaged.
   */
  static parse(text: string): InviteLink {
    const tidied = tidy(text);
    if (/^wherry:/i.test(tidied)) {
      const [body = "", ...query] = tidied.slice("wherry:".length).replace(/^\/+/, "").split("?");
      const vias = query.join("?").split("&").filter((pair) => pair.startsWith("via=")).map((pair) => pair.slice(4));
      return new InviteLink(Address.parse(body.replace(/\/+$/, "")), vias.slice(0, VIAS).map(parseVia));
    }
    if (/^https?:\/\//i.test(tidied)) return parseHttp(tidied);
    throw new WherryError("INVALID_LINK", "it begins with neither http:// nor wherry:");
  }
}

export type Who = PeerId | Address | InviteLink;

/**
 * Whatever people paste to say whom they mean: a peer id, an address or a link.
 * @throws WherryError INVALID_LINK, INVALID_ADDRESS or INVALID_PEER_ID, whichever form it resembles.
 */
export function parseWho(text: string): Who {
  const tidied = tidy(text);
  if (tidied.includes(":")) return InviteLink.parse(tidied);
  return tidied.startsWith("12D3KooW") ? PeerId.parse(tidied) : Address.parse(tidied);
}

/** Whom any of the three names. */
export function peerOf(who: Who): PeerId {
  if (who instanceof InviteLink) return who.address.peer;
  return who instanceof Address ? who.peer : who;
}

function parseHttp(text: string): InviteLink {
  const [, scheme = "", authority = "", fragment = ""] = /^(https?):\/\/([^/?#]*)[^#]*#?(.*)$/i.exec(text) ?? [];
  if (!fragment.startsWith("/add/")) throw new WherryError("INVALID_LINK", "the part #/add/… is missing");
  const tls = scheme.toLowerCase() === "https";
  const whole = /:\d+$/.test(authority) ? authority : `${authority.replace(/:$/, "")}:${tls ? 443 : 80}`;
  const via = parseVia(whole.toLowerCase());
  const inner = fragment.slice("/add/".length);
  if (/^wherry:/i.test(inner)) return InviteLink.parse(inner);
  return new InviteLink(Address.parse(inner), [new EndpointAddress(via.host, via.port, { tls })]);
}

function parseVia(text: string): EndpointAddress {
  try {
    return text.startsWith("/") ? EndpointAddress.parse(text).with(null) : endpointOfAuthority(text);
  } catch (error) {
    throw new WherryError("INVALID_LINK", `the way in, '${text.slice(0, 80)}', is no host:port`, { cause: error });
  }
}

function viaText(endpoint: EndpointAddress): string {
  if (!endpoint.tls) return endpoint.authority;
  return endpoint.port === 443 && parseIp(endpoint.host) === null ? endpoint.host : endpoint.with(null).toString();
}

/** Without what mail programs and people add: white space anywhere, percent signs, angle brackets. */
function tidy(text: string): string {
  const unquoted = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run; // no UTF-8: what is wrong with it is said where the text is read
    }
  });
  return unquoted.replace(/\s+/gu, "").replace(/^[<>"']+|[<>"']+$/g, "");
}
