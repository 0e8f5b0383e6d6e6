/** A node's local API for tests: the routes of `docs/reference/api.md` around friends and messages in memory. */
import { WherryError, type PeerState } from "@wherry/peer";
import type { Friend, Message, Presence, Profile } from "../friends.ts";
import type { MailEvent } from "../mail.ts";
import type { MemoryMail } from "../memory-mail.ts";
import { infoOf, ToldError } from "../outcome.ts";
import type { Net } from "./api.ts";
import { object, text, type Json } from "./json.ts";

export const SESSION = "a-session";
export const TOKEN = "works-once";

export class NodeDouble implements Net {
  readonly #mail: MemoryMail;
  readonly #peer: PeerState;
  readonly #sockets = new Set<Socket>();
  #token: string | null = TOKEN;
  #seq = 0;
  #overflowing = false;
  /** Whether it answers. */
  up = true;
  /** Requests that came, as `POST friends/add`. */
  readonly asked: string[] = [];

  constructor(mail: MemoryMail, peer: PeerState) {
    this.#mail = mail;
    this.#peer = peer;
    mail.subscribe((event) => this.#tell(event));
  }

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const [name = "", query = ""] = path.replace("api/v1/", "").split("?");
    this.asked.push(`${init.method ?? "GET"} ${name}`);
    if (!this.up) throw new TypeError("Failed to fetch");
    const body = object(JSON.parse(typeof init.body === "string" ? init.body : "{}"));
    if (name === "session") return this.#begin(text(body["token"]));
    if (new Headers(init.headers).get("Authorization") !== `Bearer ${SESSION}`) return failed(401, "NO_SESSION");
    try {
      const asked = init.method === "POST" ? body : Object.fromEntries(new URLSearchParams(query));
      return json(await this.#answer(`${init.method} ${name}`, asked));
    } catch (error) {
      return failed(500, infoOf(error).code);
    }
  };

  socket = (path: string): WebSocket => {
    const socket = new Socket(this.up, () => this.#sockets.delete(socket));
    this.asked.push(`SOCKET ${path.replace("api/v1/", "")}`);
    if (this.up) this.#sockets.add(socket);
    return socket as unknown as WebSocket;
  };

  /** The node ends: its sockets with it. */
  stop(): void {
    this.up = false;
    for (const socket of this.#sockets) socket.lose();
  }

  #begin(token: string): Response {
    if (token !== this.#token) return failed(401, "NO_SESSION");
    this.#token = null;
    return json({ v: 1, session: SESSION });
  }

  async #answer(route: string, asked: Json): Promise<Json> {
    const mail = this.#mail;
    const peer = text(asked["peer"]);
    switch (route) {
      case "GET id":
        return { v: 1, id: this.#peer.id, name: this.#peer.name, address: this.#peer.address, invite: this.#peer.link, multiaddrs: [] };
      case "GET status":
        return this.#status();
      case "GET friends":
        return { v: 1, friends: (await mail.friends()).map(friendView) };
      case "GET profile":
        return profileView(await mail.profile());
      case "GET addresses":
        return { v: 1, addresses: (await mail.addresses()).map((each) => ({ ...each, since: null })) };
      case "POST addresses/new":
        return done(mail.newAddress(text(asked["label"])));
      case "POST addresses/rotate":
        return done(mail.rotateAddress(text(asked["label"])));
      case "GET friends/safety":
        return { v: 1, number: (await mail.safetyNumber()).replaceAll(/(\d{5})(?=\d)/g, "$1 ") };
      case "GET messages":
        return { v: 1, messages: await this.#page(peer, asked) };
      case "GET messages/one": {
        const found = (await this.#all(peer)).find((each) => each["id"] === asked["id"]);
        if (found === undefined) throw new ToldError({ code: "UNKNOWN_MESSAGE", side: "local", message: "Gone.", hint: "", peer });
        return found;
      }
      case "GET messages/search":
        return { v: 1, messages: (await mail.search(text(asked["text"]))).map((each) => this.#view(each)) };
      case "POST friends/add":
        return { peer: await mail.add(peer, text(asked["hello"])) };
      case "POST friends/accept":
        return done(mail.accept(peer));
      case "POST friends/decline":
        return done(mail.decline(peer));
      case "POST friends/withdraw":
        return done(mail.withdraw(peer));
      case "POST friends/remove":
        return done(mail.remove(peer));
      case "POST friends/block":
        return done(mail.block(peer));
      case "POST friends/unblock":
        return done(mail.unblock(peer));
      case "POST friends/label":
        return done(mail.label(peer, text(asked["text"])));
      case "POST friends/compared":
        return done(mail.compared(peer, asked["same"] === true));
      case "POST profile":
        return done(mail.setProfile(profileChange(asked)));
      case "POST presence":
        return done(mail.setPresence(text(asked["presence"]) as Presence));
      case "POST messages/send":
        return this.#view(await mail.send(peer, text(asked["text"]), asked["reply_to"] === undefined ? null : text(asked["reply_to"])));
      case "POST messages/retry":
        return this.#view(await mail.retry(peer, text(asked["id"])));
      case "POST messages/delete":
        return done(mail.delete(peer, text(asked["id"])));
      case "POST messages/read":
        return done(mail.read(peer));
      case "POST messages/typing":
        return done(mail.typing(peer, asked["typing"] === true));
      default:
        throw new WherryError("UNSUPPORTED", route);
    }
  }

  #status(): Json {
    const { id, name, reachability, introducers } = this.#peer;
    return {
      v: 1,
      id,
      name,
      reachability: reachability.verdict,
      because: reachability.because,
      introducers: introducers.map(({ peer, multiaddr, rttMs }) => ({ peer, multiaddr, name: "", rtt_ms: rttMs })),
      connections: [],
      record: null,
      problems: [],
    };
  }

  /** More happens than the node remembers for those who follow: of all that `work` does they only hear that there was more. */
  overflow(work: () => void): void {
    this.#overflowing = true;
    work();
    this.#overflowing = false;
    const line = JSON.stringify({ seq: this.#seq, type: "gap", time: rfc(0), data: { missed: null } });
    for (const socket of this.#sockets) socket.say(line);
  }

  #tell(event: MailEvent): void {
    if (event.type === "gap") {
      for (const socket of this.#sockets) socket.lose();
      return;
    }
    this.#seq += 1;
    if (this.#overflowing) return;
    const line = JSON.stringify({ seq: this.#seq, type: TYPES[event.type], time: rfc(0), data: dataOf(event) });
    for (const socket of this.#sockets) socket.say(line);
  }

  /** Everything with one contact, or with all; a message's number is its place in the order of ids, as they are given. */
  async #all(peer: string): Promise<readonly Json[]> {
    const peers = peer === "" ? (await this.#mail.friends()).map((each) => each.peer) : [peer];
    const pages = await Promise.all(peers.map((each) => this.#mail.messages(each, null, Infinity)));
    return pages.flatMap((page) => page.messages).map((each) => this.#view(each));
  }

  async #page(peer: string, asked: Json): Promise<readonly Json[]> {
    const before = asked["before"] === undefined ? Infinity : Number(asked["before"]);
    const all = (await this.#all(peer)).filter((each) => Number(each["number"]) < before);
    return all.slice(-Number(asked["limit"]));
  }

  #view({ id, from, to, text: said, state, replyTo, at, until, places, reason }: Message): Json {
    const ours = from === this.#peer.id;
    return {
      id,
      from,
      to,
      text: said,
      state,
      peer: ours ? to : from,
      ours,
      number: Number.parseInt(id, 16),
      at: rfc(at),
      until: rfcOrNull(until),
      held: places,
      reply_to: replyTo,
      reason: reason === null ? null : { code: reason === "full" ? "PEER_FULL" : reason, message: reason, hint: "" },
    };
  }
}

const TYPES = { friends: "friend", profile: "profile", addresses: "addresses", message: "message", deleted: "message_changed", typing: "typing" } as const;

function dataOf(event: Exclude<MailEvent, { readonly type: "gap" }>): Json {
  switch (event.type) {
    case "message":
      return { peer: event.peer, id: event.message.id };
    case "deleted":
      return { peer: event.peer, id: event.id };
    case "typing":
      return { peer: event.peer, typing: event.typing };
    default:
      return {};
  }
}

const rfc = (time: number): string => new Date(time).toISOString();
const rfcOrNull = (time: number | null): string | null => (time === null ? null : rfc(time));

async function done(work: Promise<void>): Promise<Json> {
  await work;
  return { v: 1 };
}

const friendView = (friend: Friend): Json => ({
  peer: friend.peer,
  peers: friend.peers,
  state: friend.state,
  name: friend.name ?? "",
  label: friend.label ?? "",
  hello: friend.hello ?? "",
  avatar: friend.avatar ?? "",
  since: rfc(friend.since),
  presence: friend.presence,
  unread: friend.unread,
  waiting: friend.waiting,
  seen: rfcOrNull(friend.seen),
  compared: rfcOrNull(friend.compared),
  failure: null,
});

const profileView = (profile: Profile): Json => ({ v: 1, ...profile, avatar: profile.avatar ?? "", avatar_type: "" });

const profileChange = ({ name, description }: Json): Partial<Profile> => ({
  ...(name === undefined ? {} : { name: text(name) }),
  ...(description === undefined ? {} : { description: text(description) }),
});

const json = (answer: Json, status = 200): Response => new Response(JSON.stringify(answer), { status });

const failed = (status: number, code: string): Response =>
  json({ v: 1, error: { code, message: `${code}.`, hint: "" } }, status);

/** As much of a WebSocket as is used. */
class Socket extends EventTarget {
  readonly #onClose: () => void;
  #authorized = false;

  constructor(up: boolean, onClose: () => void) {
    super();
    this.#onClose = onClose;
    queueMicrotask(() => (up ? this.dispatchEvent(new Event("open")) : this.lose()));
  }

  send(line: string): void {
    this.#authorized = object(JSON.parse(line))["token"] === SESSION;
    if (!this.#authorized) this.#close(4401);
  }

  say(line: string): void {
    if (this.#authorized) this.dispatchEvent(new MessageEvent("message", { data: line }));
  }

  lose(): void {
    this.#close(1006);
  }

  close(): void {
    this.#close(1000);
  }

  #close(code: number): void {
    this.#onClose();
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}
