/**
 * Whether somebody is there to talk: said to friends who are connected, when they connect and when it changes. Nothing is
 * said that is not known: of a friend who is not connected, or has said nothing, it is "offline". Whoever is invisible
 * says nothing to those who connect, and "offline" to those who are connected.
 */

import { Kind } from "../messages/packets.ts";
import type { Post } from "../messages/post.ts";
import { PeerId } from "../peer-id.ts";
import type { MailStore } from "../store/transaction.ts";
import type { Presence, TheirPresence } from "../types.ts";
import { decodePresence, encodePresence } from "./bodies.ts";

/** Where what was chosen rests. */
const CHOSEN = "presence";
const CHOICES: readonly string[] = ["online", "away", "busy", "invisible"] satisfies readonly Presence[];

export interface PresencesOptions {
  readonly store: MailStore;
  readonly post: Post;
  readonly isFriend: (peer: string) => boolean;
  readonly onChange: () => void;
}

export class Presences {
  readonly #options: PresencesOptions;
  readonly #connected = new Set<string>();
  readonly #said = new Map<string, TheirPresence>();
  chosen: Presence = "online";

  constructor(options: PresencesOptions) {
    this.#options = options;
    options.post.serve(Kind.PRESENCE, {
      take: async (transaction, peer, { body }) => {
        const presence = decodePresence(body);
        transaction.after(() => this.#set(String(peer), presence));
      },
    });
  }

  async start(): Promise<void> {
    const row = await this.#options.store.get("choices", [CHOSEN]);
    if (CHOICES.includes(String(row?.value))) this.chosen = row?.value as Presence;
  }

  async choose(chosen: Presence): Promise<void> {
    const before = shown(this.chosen);
    await this.#options.store.write(async (transaction) => transaction.put("choices", { name: CHOSEN, value: chosen }));
    this.chosen = chosen;
    if (shown(chosen) !== before) for (const peer of this.#connected) this.#tell(peer, shown(chosen));
  }

  of(peer: string): TheirPresence {
    return this.#connected.has(peer) ? (this.#said.get(peer) ?? "offline") : "offline";
  }

  /** Say it to one who has just connected, or become a friend. */
  tell(peer: string): void {
    if (this.#connected.has(peer) && this.chosen !== "invisible") this.#tell(peer, shown(this.chosen));
  }

  connected(peer: string): void {
    this.#connected.add(peer);
    this.tell(peer);
  }

  /** The connection is gone, or it is no friend any more. */
  gone(peer: string): void {
    this.#connected.delete(peer);
    this.#said.delete(peer);
    this.#options.onChange();
  }

  #tell(peer: string, presence: TheirPresence): void {
    const { post, isFriend } = this.#options;
    if (isFriend(peer)) post.whisper(PeerId.parse(peer), Kind.PRESENCE, encodePresence(presence));
  }

  #set(peer: string, presence: TheirPresence): void {
    this.#said.set(peer, presence);
    this.#options.onChange();
  }
}

function shown(chosen: Presence): TheirPresence {
  return chosen === "invisible" ? "offline" : chosen;
}
