/** Friends and messages of a node, by its local API. */
import type { Friend, Message } from "../friends.ts";
import type { Mail, MailEvent } from "../mail.ts";
import { ToldError } from "../outcome.ts";
import type { NodeApi } from "./api.ts";
import type { NodeEvent } from "./events.ts";
import { number, objects, text, type Json } from "./json.ts";
import { addressOf, friendOf, messageOf, profileOf } from "./views.ts";

/** Milliseconds in which changes are taken together: one message is a change or two. */
const TOGETHER = 50;

/** Changed messages that are asked for one by one; where there are more, what is shown is read again as a whole. */
const ONE_BY_ONE = 8;

/** Newest messages, of everybody, that are asked for to know what was said last with each. */
const NEWEST = 500;

interface Last {
  readonly number: number;
  readonly message: Message;
}

export class NodeMail implements Mail {
  readonly #api: NodeApi;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #listeners = new Set<(event: MailEvent) => void>();
  /** Places of messages in the node's history, by which it pages; of those that were loaded. */
  readonly #numbers = new Map<string, number>();
  /** What was said last with each; null before it was asked. */
  #lasts: Map<string, Last> | null = null;
  readonly #changed = new Map<string, string>();
  #gathering = false;

  constructor(api: NodeApi, pause: (ms: number) => Promise<void>) {
    this.#api = api;
    this.#pause = pause;
  }

  friends = async (): Promise<readonly Friend[]> => {
    const [answer, lasts] = await Promise.all([this.#api.get("friends"), this.#lastsOf()]);
    return objects(answer["friends"])
      .map(friendOf)
      .map((friend) => ({ ...friend, last: friend.last ?? lasts.get(friend.peer)?.message ?? null }));
  };

  profile: Mail["profile"] = async () => profileOf(await this.#api.get("profile"));

  messages: Mail["messages"] = async (peer, before, limit) => {
    const from = before === null ? undefined : this.#numbers.get(before);
    const answer = await this.#api.get("messages", { peer, limit: limit + 1, ...(from === undefined ? {} : { before: from }) });
    const all = objects(answer["messages"]).map((view) => this.#noted(view));
    return { messages: all.slice(-limit), older: all.length > limit };
  };

  subscribe(listener: (event: MailEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add: Mail["add"] = async (address, hello) => text((await this.#api.post("friends/add", { peer: address, hello }))["peer"]);
  accept: Mail["accept"] = (peer) => this.#friend("accept", { peer });
  decline: Mail["decline"] = (peer) => this.#friend("decline", { peer });
  withdraw: Mail["withdraw"] = (peer) => this.#friend("withdraw", { peer });
  remove: Mail["remove"] = (peer) => this.#friend("remove", { peer });
  block: Mail["block"] = (peer) => this.#friend("block", { peer });
  unblock: Mail["unblock"] = (peer) => this.#friend("unblock", { peer });
  label: Mail["label"] = (peer, label) => this.#friend("label", { peer, text: label });
  compared: Mail["compared"] = (peer, same) => this.#friend("compared", { peer, same });

  safetyNumber: Mail["safetyNumber"] = async (peer) =>
    text((await this.#api.get("friends/safety", { peer }))["number"]).replaceAll(/\D/g, "");

  setProfile: Mail["setProfile"] = async ({ name, description, avatar }) => {
    await this.#api.post("profile", {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(avatar === undefined ? {} : { avatar: avatar?.split(",")[1] ?? "" }),
    });
  };

  setPresence: Mail["setPresence"] = async (presence) => {
    await this.#api.post("presence", { presence });
    await this.#profileChanged(); // nobody but this page is told
  };

  addresses: Mail["addresses"] = async () => objects((await this.#api.get("addresses"))["addresses"]).map(addressOf);
  newAddress: Mail["newAddress"] = async (label) => void (await this.#api.post("addresses/new", { label }));
  rotateAddress: Mail["rotateAddress"] = async (label) => void (await this.#api.post("addresses/rotate", { label }));

  send: Mail["send"] = async (peer, content, replyTo) =>
    this.#noted(await this.#api.post("messages/send", { peer, text: content, ...(replyTo === null ? {} : { reply_to: replyTo }) }));

  retry: Mail["retry"] = async (peer, id) => this.#noted(await this.#api.post("messages/retry", { peer, id }));
  delete: Mail["delete"] = async (peer, id) => void (await this.#api.post("messages/delete", { peer, id }));
  read: Mail["read"] = async (peer) => void (await this.#api.post("messages/read", { peer }));
  typing: Mail["typing"] = async (peer, typing) => void (await this.#api.post("messages/typing", { peer, typing }));

  search: Mail["search"] = async (words) =>
    objects((await this.#api.get("messages/search", { text: words }))["messages"]).map((view) => this.#noted(view));

  /** An event of the node (`node/wherry/telling.py`): those about friends and messages are told on. */
  onEvent({ type, data }: NodeEvent): void {
    const peer = text(data["peer"]);
    switch (type) {
      case "message":
      case "message_changed":
        this.#changed.set(text(data["id"]), peer);
        void this.#gather();
        break;
      case "typing":
        this.#tell({ type: "typing", peer, typing: data["typing"] === true });
        break;
      case "profile":
        void this.#profileChanged();
        void this.#gather();
        break;
      case "addresses":
        this.#tell({ type: "addresses" });
        break;
      case "friend":
      case "presence":
      case "read":
        void this.#gather();
        break;
      case "gap": // more happened than the node remembers
        this.missed();
        void this.#gather();
        break;
      default:
    }
  }

  /** The socket had been lost: events may have been, too. */
  missed(): void {
    this.#lasts = null;
    this.#tell({ type: "gap" });
  }

  async #friend(step: string, body: Json): Promise<void> {
    await this.#api.post(`friends/${step}`, body);
  }

  /** A message as it came, with its place noted. */
  #noted(view: Json): Message {
    const message = messageOf(view);
    const place = number(view["number"]);
    const peer = text(view["peer"]);
    this.#numbers.set(message.id, place);
    const last = this.#lasts?.get(peer);
    if (last === undefined || last.number <= place) this.#lasts?.set(peer, { number: place, message });
    return message;
  }

  async #lastsOf(): Promise<ReadonlyMap<string, Last>> {
    if (this.#lasts === null) {
      const answer = await this.#api.get("messages", { limit: NEWEST });
      this.#lasts = new Map();
      for (const view of objects(answer["messages"])) this.#noted(view);
    }
    return this.#lasts;
  }

  /** Ask for all that has changed in a moment, once. */
  async #gather(): Promise<void> {
    if (this.#gathering) return;
    this.#gathering = true;
    await this.#pause(TOGETHER);
    this.#gathering = false;
    const changed = [...this.#changed];
    this.#changed.clear();
    try {
      if (changed.length > ONE_BY_ONE) {
        this.missed();
        return;
      }
      await Promise.all(changed.map(([id, peer]) => this.#askFor(peer, id)));
      this.#tell({ type: "friends", friends: await this.friends() });
    } catch {
      // the node went meanwhile: everything is read again when it is back
    }
  }

  async #askFor(peer: string, id: string): Promise<void> {
    try {
      this.#tell({ type: "message", peer, message: this.#noted(await this.#api.get("messages/one", { peer, id })) });
    } catch (error) {
      if (!(error instanceof ToldError) || error.info.code !== "UNKNOWN_MESSAGE") throw error;
      this.#numbers.delete(id);
      if (this.#lasts?.get(peer)?.message.id === id) this.#lasts = null;
      this.#tell({ type: "deleted", peer, id });
    }
  }

  async #profileChanged(): Promise<void> {
    try {
      this.#tell({ type: "profile", profile: await this.profile() });
    } catch {
      // as above
    }
  }

  #tell(event: MailEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
