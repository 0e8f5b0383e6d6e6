/**
 * The local API of a node, from its own page: `docs/reference/api.md`. The page's address holds a token that works once;
 * it is exchanged for a session, which lives as long as the tab and is named in every request. No cookies: they ignore
 * ports, and another page behind a forwarded port would get them.
 */
import type { ErrorInfo } from "@wherry/peer";
import { ToldError } from "../outcome.ts";
import { object, text, type Json } from "./json.ts";
import { errorOf } from "./views.ts";

const KEY = "wherry.session";
const PREFIX = "api/v1/";

/** What the browser gives, so that tests can give something else. */
export interface Net {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly socket: (path: string) => WebSocket;
}

export class NodeApi {
  readonly #net: Net;
  readonly #storage: Storage | null;
  #session: string | null;

  constructor(net: Net, storage: Storage | null) {
    this.#net = net;
    this.#storage = storage;
    this.#session = storage?.getItem(KEY) ?? null;
  }

  get hasSession(): boolean {
    return this.#session !== null;
  }

  /** Exchange the token of the page's address for a session. Rejects with a {@link ToldError} where it was used before. */
  async begin(token: string): Promise<void> {
    const answer = await this.#ask("POST", "session", { token });
    this.#session = text(answer["session"], text(answer["token"]));
    this.#storage?.setItem(KEY, this.#session);
  }

  get(name: string, query: Readonly<Record<string, string | number>> = {}): Promise<Json> {
    const asked = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString();
    return this.#ask("GET", asked === "" ? name : `${name}?${asked}`);
  }

  post(name: string, body: Json): Promise<Json> {
    return this.#ask("POST", name, body);
  }

  /** The socket of events after number `since`, opened with the session as its first message. */
  follow(since: number): WebSocket {
    const socket = this.#net.socket(`${PREFIX}events?since=${since}`);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ token: this.#session })), { once: true });
    return socket;
  }

  /** Rejects with a {@link ToldError}: what the node told, or that it is not there. */
  async #ask(method: "GET" | "POST", name: string, body?: Json): Promise<Json> {
    const headers: Record<string, string> = {};
    if (this.#session !== null) headers["Authorization"] = `Bearer ${this.#session}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer: Json;
    let ok: boolean;
    try {
      const response = await this.#net.fetch(PREFIX + name, {
        method,
        headers,
        credentials: "omit",
        cache: "no-store",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      ok = response.ok;
      answer = object(lastLine(await response.text()));
    } catch {
      throw new ToldError(NO_NODE); // a browser says no more than that it failed
    }
    const error = answer["error"];
    if (error !== undefined || !ok) throw new ToldError(error === undefined ? NO_NODE : errorOf(object(error)));
    return answer;
  }
}

/** An answer is JSON, or a stream of JSON lines of which the last counts. */
function lastLine(answer: string): unknown {
  const line = answer.trim().split("\n").at(-1) ?? "";
  return line === "" ? {} : JSON.parse(line);
}

export const NO_NODE: ErrorInfo = {
  code: "NO_NODE",
  side: "local",
  message: "The node does not answer.",
  hint: "",
  peer: null,
};

export const NO_SESSION: ErrorInfo = {
  code: "NO_SESSION",
  side: "local",
  message: "This page has no key to its node.",
  hint: "",
  peer: null,
};
