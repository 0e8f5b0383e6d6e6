/**
 * Where something listens, as multiaddrs (https://github.com/multiformats/multiaddr), in text and in bytes:
 *
 *     /ip4/A/tcp/P/ws[/p2p/R]            a signaling endpoint on plain WebSocket
 *     /dns/N/tcp/443/tls/ws[/p2p/R]      one behind TLS; `wss` is read as `tls/ws`
 *     /ip4/A/udp/P                       a node's UDP port: DHT and STUN
 *
 * `ip6`, `dns4` and `dns6` go wherever `ip4` and `dns` do. An IPv4 address is never written as IPv6. Names are ASCII, and
 * none that some resolver takes for an IP address (`127.1`, `0x7f000001`). Nothing else is a multiaddr here.
 */

import { type Bytes, bigEndian, concat, fromUtf8, utf8 } from "./bytes.ts";
import { WherryError } from "./errors.ts";
import { type Ip, formatIp, parseIp, parseIp4, parseIp6, unmapped } from "./ip.ts";
import { MULTIADDR_BYTES } from "./limits.ts";
import { PeerId } from "./peer-id.ts";
import { type Scope, scopeOf } from "./scope.ts";

const CODES = new Map([
  ["ip4", 4], ["tcp", 6], ["ip6", 41], ["dns", 53], ["dns4", 54], ["dns6", 55],
  ["udp", 273], ["tls", 448], ["ws", 477], ["wss", 478],
]);
const NAMES = new Map(Array.from(CODES, ([name, code]) => [code, name]));
const HOSTS = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);
const PORTS = new Set(["tcp", "udp"]);
const LABEL = /^[A-Za-z0-9_-]{1,63}$/;
/** A name that ends in one of these is an IPv4 address to resolvers and browsers (WHATWG URL, "ends in a number"). */
const NUMBER = /^([0-9]+|0[xX][0-9A-Fa-f]*)$/;

interface Part {
  readonly name: string;
  readonly value: string;
}

export class EndpointAddress {
  /** An IP address or a name. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Whose it is, if that is known. */
  readonly peer: PeerId | null;

  constructor(host: string, port: number, options: { tls?: boolean; peer?: PeerId | null } = {}) {
    this.host = host;
    this.port = port;
    this.tls = options.tls ?? false;
    this.peer = options.peer ?? null;
  }

  toString(): string {
    const text = `${hostText(this.host)}/tcp/${this.port}${this.tls ? "/tls" : ""}/ws`;
    return this.peer === null ? text : `${text}/p2p/${this.peer}`;
  }

  /** Where the WebSocket is. */
  get url(): string {
    return `${this.tls ? "wss" : "ws"}://${this.authority}/signal`;
  }

  /** Where the page is. */
  get page(): string {
    return `${this.tls ? "https" : "http"}://${this.authority}/`;
  }

  /** `host:port`, brackets around IPv6. */
  get authority(): string {
    return `${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.port}`;
  }

  /** How far the address reaches; null for a name, which may resolve to anything. */
  get scope(): Scope | null {
    return scopeOf(this.host);
  }

  with(peer: PeerId | null): EndpointAddress {
    return new EndpointAddress(this.host, this.port, { tls: this.tls, peer });
  }

  /** The binary multiaddr without `/p2p`, as records hold it. */
  toBytes(): Bytes {
    const ending = this.tls ? [...varint(448), ...varint(477)] : varint(477);
    return concat(hostBytes(this.host), Uint8Array.of(6), bigEndian(this.port, 2), Uint8Array.from(ending));
  }

  /** @throws WherryError INVALID_MULTIADDR if the text is none of the forms above. */
  static parse(text: string): EndpointAddress {
    const marker = text.lastIndexOf("/p2p/");
    if (marker === -1) return endpointOf(partsOfText(text), text);
    let peer: PeerId;
    try {
      peer = PeerId.parse(text.slice(marker + 5));
    } catch (error) {
      throw invalid(`${quote(text)}: ${error instanceof WherryError ? error.detail : ""}`);
    }
    return endpointOf(partsOfText(text.slice(0, marker)), text).with(peer);
  }

  /** @throws WherryError INVALID_MULTIADDR if the bytes are none of the forms above. */
  static fromBytes(data: Uint8Array, peer: PeerId | null = null): EndpointAddress {
    return endpointOf(partsOfBytes(data), "the bytes").with(peer);
  }
}

export class UdpAddress {
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  toString(): string {
    return `${hostText(this.host)}/udp/${this.port}`;
  }

  toBytes(): Bytes {
    return concat(hostBytes(this.host), Uint8Array.from(varint(273)), bigEndian(this.port, 2));
  }

  /** @throws WherryError INVALID_MULTIADDR if the text is no `/ip4/A/udp/P`. */
  static parse(text: string): UdpAddress {
    return udpOf(partsOfText(text), text);
  }

  /** @throws WherryError INVALID_MULTIADDR if the bytes are no UDP address. */
  static fromBytes(data: Uint8Array): UdpAddress {
    return udpOf(partsOfBytes(data), "the bytes");
  }
}

/**
 * The endpoint at `host:port`: plain WebSocket there, or at a bare DNS name, which means TLS on 443.
 * @throws WherryError INVALID_MULTIADDR if it is neither.
 */
export function endpointOfAuthority(text: string): EndpointAddress {
  const colon = text.lastIndexOf(":");
  const bare = colon === -1 || (text.startsWith("[") && text.endsWith("]"));
  const port = bare ? "" : text.slice(colon + 1);
  const host = (bare ? text : text.slice(0, colon)).replace(/^\[/, "").replace(/\]$/, "");
  const ip = ipOf(host);
  if ((ip === null && !isName(host)) || !/^\d{0,5}$/.test(port)) throw invalid(`${quote(text)} is no host:port`);
  if (port === "") {
    if (ip !== null) throw invalid(`${quote(text)} lacks a port`);
    return new EndpointAddress(host, 443, { tls: true });
  }
  if (Number(port) < 1 || Number(port) > 65535) throw invalid(`${port} is no port`);
  return new EndpointAddress(ip === null ? host : formatIp(ip), Number(port));
}

function isName(host: string): boolean {
  const labels = host.split(".");
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) && !NUMBER.test(labels.at(-1) ?? "");
}

function endpointOf(parts: readonly Part[], text: string): EndpointAddress {
  const [host, port, ...rest] = parts;
  const ending = rest.map((part) => part.name).join("/");
  if (host && HOSTS.has(host.name) && port?.name === "tcp" && ["ws", "tls/ws", "wss"].includes(ending)) {
    return new EndpointAddress(host.value, Number(port.value), { tls: ending !== "ws" });
  }
  throw invalid(`${quote(text)} is no signaling endpoint`);
}

function udpOf(parts: readonly Part[], text: string): UdpAddress {
  const [host, port, ...rest] = parts;
  if (host && HOSTS.has(host.name) && port?.name === "udp" && rest.length === 0) {
    return new UdpAddress(host.value, Number(port.value));
  }
  throw new WherryError("INVALID_MULTIADDR", `${quote(text)} is no UDP address`, {
    hint: "It looks like /ip4/192.0.2.7/udp/4770",
  });
}

function partsOfText(text: string): Part[] {
  if (!text.startsWith("/") || text.length > 2 * MULTIADDR_BYTES) throw invalid(`${quote(text)} is no multiaddr`);
  const words = text.slice(1).split("/");
  const parts: Part[] = [];
  while (words.length > 0) {
    const name = words.shift() ?? "";
    if (!CODES.has(name)) throw invalid(quote(text));
    const value = HOSTS.has(name) || PORTS.has(name) ? words.shift() : "";
    const part = value === undefined ? null : checked(name, value);
    if (part === null) throw invalid(quote(text));
    parts.push(part);
  }
  return parts;
}

/** A part whose value is what its name calls for, in its shortest form. */
function checked(name: string, value: string): Part | null {
  if (PORTS.has(name)) {
    const port = /^[1-9]\d{0,4}$/.test(value) ? Number(value) : 0;
    return port > 0 && port < 65536 ? { name, value: String(port) } : null;
  }
  if (name === "ip4") return parseIp4(value) === null ? null : { name, value };
  if (name === "ip6") {
    const ip = value.includes(":") ? parseIp6(value) : null;
    return ip === null || unmapped(ip).length === 4 ? null : { name, value: formatIp(ip) };
  }
  return HOSTS.has(name) && !isName(value) ? null : { name, value };
}

function partsOfBytes(data: Uint8Array): Part[] {
  if (data.length === 0 || data.length > MULTIADDR_BYTES) throw invalid(`${data.length} bytes are no multiaddr`);
  const parts: Part[] = [];
  let at = 0;
  const take = (size: number): Bytes => {
    if (at + size > data.length) throw invalid("the bytes do not decode");
    at += size;
    return data.slice(at - size, at);
  };
  const number = (): number => {
    const first = take(1)[0] ?? 0;
    if (first < 128) return first;
    const second = take(1)[0] ?? 0; // no code or length that is used here has more than two bytes
    if (second >= 128 || second === 0) throw invalid("the bytes are not in their shortest form");
    return (first & 127) | (second << 7);
  };
  while (at < data.length) {
    const name = NAMES.get(number());
    if (name === undefined) throw invalid("the bytes do not decode");
    const part = checked(name, valueOf(name, take, number));
    if (part === null) throw invalid("the bytes do not decode");
    parts.push(part);
  }
  return parts;
}

function valueOf(name: string, take: (size: number) => Bytes, number: () => number): string {
  if (name === "ip4" || name === "ip6") return formatIp(take(name === "ip4" ? 4 : 16));
  if (PORTS.has(name)) {
    const [high = 0, low = 0] = take(2);
    return String((high << 8) | low);
  }
  if (!HOSTS.has(name)) return "";
  try {
    return fromUtf8(take(number()));
  } catch (error) {
    throw WherryError.is(error) ? error : invalid("the bytes do not decode");
  }
}

function hostText(host: string): string {
  const ip = ipOf(host);
  return ip === null ? `/dns/${host}` : `/${ip.length === 4 ? "ip4" : "ip6"}/${formatIp(ip)}`;
}

function hostBytes(host: string): Bytes {
  const ip = ipOf(host);
  if (ip !== null) return concat(Uint8Array.of(ip.length === 4 ? 4 : 41), ip);
  const name = utf8(host);
  return concat(Uint8Array.from([53, ...varint(name.length)]), name);
}

function ipOf(host: string): Ip | null {
  const ip = parseIp(host);
  return ip === null ? null : unmapped(ip);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, value >> 7];
}

function quote(text: string): string {
  return `'${text.slice(0, 80)}'`;
}

function invalid(detail: string): WherryError {
  return new WherryError("INVALID_MULTIADDR", detail);
}
