/** Friends and messages of a node, by its local API. */
import type { Mail, MailEvent } from "../mail.ts";
import type { Friend } from "../friends.ts";
import type { NodeApi } from "./api.ts";
import type { NodeEvent } from "./events.ts";
import { object, objects, text, texts, type Json } from "./json.ts";
import { friendOf, messageOf, profileOf } from "./views.ts";

/** Milliseconds in which changes of friends are taken together: one message is a change or two. */
const TOGETHER = 50;

export class NodeMail implements Mail {
  readonly #api: NodeApi;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #listeners = new Set<(event: MailEvent) => void>();
  #asking = false;

  constructor(api: NodeApi, pause: (ms: number) => Promise<void>) {
    this.#api = api;
    this.#pause = pause;
  }

  friends = async (): Promise<readonly Friend[]> => objects((await this.#api.get("friends"))["friends"]).map(friendOf);
  profile = async (): ReturnType<Mail["profile"]> => profileOf(await this.#api.get("profile"));

  messages: Mail["messages"] = async (peer, before, limit) => {
    const answer = await this.#api.get("messages", { peer, limit, ...(before === null ? {} : { before }) });
    return { messages: objects(answer["messages"]).map(messageOf), older: answer["older"] === true };
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
  label: Mail["label"] = (peer, label) => this.#friend("label", { peer, label });
  compared: Mail["compared"] = (peer, same) => this.#friend("compared", { peer, same });
  safetyNumber: Mail["safetyNumber"] = async (peer) => {
    const answer = await this.#api.get("friends/safety", { peer });
    return texts(answer["groups"]).join("") || text(answer["number"]).replaceAll(/\D/g, "");
  };

  setProfile: Mail["setProfile"] = async ({ name, description, avatar }) => {
    const [, type = "", data = ""] = /^data:([^;]+);base64,(.*)$/.exec(avatar ?? "") ?? [];
    await this.#api.post("profile", {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(avatar === undefined ? {} : { avatar: data, avatar_type: type }),
    });
  };

  setPresence: Mail["setPresence"] = async (presence) => void (await this.#api.post("presence", { presence }));

  send: Mail["send"] = async (peer, content, replyTo) =>
    messageOf(await this.#api.post("messages/send", { peer, text: content, ...(replyTo === null ? {} : { reply_to: replyTo }) }));

  retry: Mail["retry"] = async (peer, id) => messageOf(await this.#api.post("messages/retry", { peer, id }));
  delete: Mail["delete"] = async (peer, id) => void (await this.#api.post("messages/delete", { peer, id }));
  read: Mail["read"] = async (peer) => void (await this.#api.post("messages/read", { peer }));
  typing: Mail["typing"] = async (peer, typing) => void (await this.#api.post("messages/typing", { peer, typing }));
  search: Mail["search"] = async (words) =>
    objects((await this.#api.post("messages/search", { text: words }))["messages"]).map(messageOf);

  /** An event of the node: those about friends and messages are told on. */
  onEvent({ type, data }: NodeEvent): void {
    const peer = text(data["peer"]);
    switch (type) {
      case "message":
        this.#tell({ type: "message", peer, message: messageOf(object(data["message"] ?? data)) });
        void this.#friendsChanged();
        break;
      case "message_deleted":
        this.#tell({ type: "deleted", peer, id: text(data["id"]) });
        void this.#friendsChanged();
        break;
      case "typing":
        this.#tell({ type: "typing", peer, typing: data["typing"] === true });
        break;
      case "profile":
        void this.#profileChanged();
        break;
      case "friend":
      case "presence":
      case "read":
        void this.#friendsChanged();
        break;
      default:
    }
  }

  /** The socket had been lost: events may have been, too. */
  missed(): void {
    this.#tell({ type: "gap" });
  }

  async #friend(step: string, body: Json): Promise<void> {
    await this.#api.post(`friends/${step}`, body);
  }

  /** Read the list again, once for all that changes in a moment. */
  async #friendsChanged(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    await this.#pause(TOGETHER);
    this.#asking = false;
    try {
      this.#tell({ type: "friends", friends: await this.friends() });
    } catch {
      // the node went meanwhile: everything is read again when it is back
    }
  }

  async #profileChanged(): Promise<void> {
    try {
      this.#tell({ type: "profile", profile: await this.profile() });
    } catch {
      // as above
    }
    await this.#friendsChanged();
  }

  #tell(event: MailEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
