/**
 * Friends and messages in memory, with the other sides in hand: what the tests hold engines to, and what stands behind
 * the double of a node. It follows the table of `node/wherry/friends/states.py`.
 */
import { WherryError, type ParsedWho } from "@wherry/peer";
import type { Friend, FriendshipState, Message, Page, Presence, Profile } from "./friends.ts";
import type { Mail, MailEvent } from "./mail.ts";
import { MemoryAddresses } from "./memory-addresses.ts";

/** Steps of a person here; what is not in it cannot be done in that state. */
const STEPS = {
  accept: { received: "friends" },
  decline: { received: "stranger" },
  withdraw: { sent: "stranger" },
  remove: { friends: "stranger", declined: "stranger" },
  block: { stranger: "blocked", declined: "blocked", sent: "blocked", received: "blocked", friends: "blocked" },
  unblock: { blocked: "stranger" },
} as const satisfies Record<string, Partial<Record<FriendshipState, FriendshipState>>>;

/** The same sixty digits for everybody: nobody's key is here. */
const DIGITS = "048213907715526608419330087142659174430962285701934621587034";

export class MemoryMail implements Mail {
  readonly #self: string;
  readonly #parse: (text: string) => ParsedWho;
  readonly #time: () => number;
  readonly #listeners = new Set<(event: MailEvent) => void>();
  readonly #friends = new Map<string, Friend>();
  readonly #messages = new Map<string, Message[]>();
  readonly #addresses = new MemoryAddresses(() => this.#tell({ type: "addresses" }));
  #profile: Profile = { name: "Quiet Heron", description: "", avatar: null, presence: "online" };
  #count = 0;
  /** What was told to the other side and is not kept: who was told of typing. */
  readonly told: string[] = [];
  failing: WherryError | null = null;

  constructor(self: string, parse: (text: string) => ParsedWho, time: () => number) {
    this.#self = self;
    this.#parse = parse;
    this.#time = time;
  }

  // -- what a person does here -------------------------------------------------------------------------------------

  friends = (): Promise<readonly Friend[]> => this.#do(() => [...this.#friends.values()]);
  profile = (): Promise<Profile> => this.#do(() => this.#profile);

  messages = (peer: string, before: string | null, limit: number): Promise<Page> =>
    this.#do(() => {
      const all = this.#messages.get(peer) ?? [];
      const end = before === null ? all.length : all.findIndex((each) => each.id === before);
      const start = Math.max(0, end - limit);
      return { messages: all.slice(start, end), older: start > 0 };
    });

  subscribe(listener: (event: MailEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add = (text: string, hello: string): Promise<string> =>
    this.#do(() => {
      const known = this.#friends.get(text);
      const who = known === undefined ? this.#parse(text) : ({ ok: true, kind: "address", peer: text } as const);
      if (!who.ok) throw new WherryError("INVALID_ADDRESS");
      if (who.kind === "id") throw new WherryError("INVALID_ADDRESS");
      const state = this.#stateOf(who.peer);
      const next = { stranger: "sent", declined: "sent", received: "friends" } as const;
      if (state === "stranger" || state === "declined" || state === "received") {
        this.#set(who.peer, { state: next[state], ...(state === "received" ? {} : { hello }) });
      }
      return who.peer;
    });

  accept = (peer: string): Promise<void> => this.#step("accept", peer);
  decline = (peer: string): Promise<void> => this.#step("decline", peer);
  withdraw = (peer: string): Promise<void> => this.#step("withdraw", peer);
  remove = (peer: string): Promise<void> => this.#step("remove", peer);
  block = (peer: string): Promise<void> => this.#step("block", peer);
  unblock = (peer: string): Promise<void> => this.#step("unblock", peer);
  label = (peer: string, text: string): Promise<void> => this.#do(() => this.#set(peer, { label: text === "" ? null : text }));

  setProfile = (change: Partial<Omit<Profile, "presence">>): Promise<void> => this.#do(() => this.#setProfile(change));
  setPresence = (presence: Presence): Promise<void> => this.#do(() => this.#setProfile({ presence }));
  safetyNumber = (): Promise<string> => this.#do(() => DIGITS);
  compared = (peer: string, same: boolean): Promise<void> =>
    this.#do(() => this.#set(peer, { compared: same ? this.#time() : null }));

  addresses: Mail["addresses"] = () => this.#do(() => this.#addresses.all);
  newAddress = (label: string): Promise<void> => this.#do(() => this.#addresses.add(label));
  rotateAddress = (label: string): Promise<void> => this.#do(() => this.#addresses.rotate(label));

  send = (peer: string, text: string, replyTo: string | null): Promise<Message> =>
    this.#do(() => {
      if (this.#stateOf(peer) !== "friends") throw new WherryError("POLICY_REFUSED");
      return this.#keep(peer, { from: this.#self, to: peer, text, replyTo, state: "queued" });
    });

  retry = async (peer: string, id: string): Promise<Message> => {
    const old = this.#messages.get(peer)?.find((each) => each.id === id);
    const message = await this.send(peer, old?.text ?? "", old?.replyTo ?? null);
    await this.delete(peer, id);
    return message;
  };

  delete = (peer: string, id: string): Promise<void> =>
    this.#do(() => {
      const left = (this.#messages.get(peer) ?? []).filter((each) => each.id !== id);
      this.#messages.set(peer, left);
      this.#tell({ type: "deleted", peer, id });
      this.#set(peer, {});
    });

  read = (peer: string): Promise<void> =>
    this.#do(() => {
      const looked = (each: Message): Message => (each.from === peer ? { ...each, state: "read" } : each);
      this.#messages.set(peer, (this.#messages.get(peer) ?? []).map(looked));
      this.#set(peer, {});
    });

  typing = (peer: string, typing: boolean): Promise<void> => this.#do(() => void this.told.push(`${typing ? "typing" : "not typing"} to ${peer}`));

  search = (text: string): Promise<readonly Message[]> =>
    this.#do(() => {
      const words = text.toLowerCase().split(/\s+/u);
      const all = [...this.#messages.values()].flat();
      return all.filter((each) => words.every((word) => each.text.toLowerCase().includes(word))).toReversed();
    });

  // -- what others do ----------------------------------------------------------------------------------------------

  /** `peer` asks to be friends. */
  asked(peer: string, name: string, hello: string): void {
    this.#set(peer, { name, hello, state: this.#stateOf(peer) === "sent" ? "friends" : "received" });
  }

  /** `peer` says yes, or no, to a request of ours. */
  answered(peer: string, yes: boolean): void {
    this.#set(peer, { state: yes ? "friends" : "declined" });
  }

  wrote(peer: string, text: string, at = this.#time()): Message {
    return this.#keep(peer, { from: peer, to: this.#self, text, state: "delivered", at });
  }

  /** A message of ours came further. */
  moved(peer: string, id: string, change: Partial<Message>): void {
    const all = this.#messages.get(peer) ?? [];
    const at = all.findIndex((each) => each.id === id);
    const old = all[at];
    if (old === undefined) throw new Error("no such message");
    const message = { ...old, ...change };
    all[at] = message;
    this.#tell({ type: "message", peer, message });
    this.#set(peer, {});
  }

  wroteOn(peer: string, typing: boolean): void {
    this.#tell({ type: "typing", peer, typing });
  }

  /** Something happened that nobody was told of: as where a socket was lost meanwhile. */
  gap(): void {
    this.#tell({ type: "gap" });
  }

  // -- inside ------------------------------------------------------------------------------------------------------

  async #do<Value>(work: () => Value): Promise<Value> {
    await Promise.resolve();
    if (this.failing !== null) throw this.failing;
    return work();
  }

  #step(step: keyof typeof STEPS, peer: string): Promise<void> {
    return this.#do(() => {
      const table: Partial<Record<FriendshipState, FriendshipState>> = STEPS[step];
      const state = table[this.#stateOf(peer)];
      if (state === undefined) throw new WherryError("POLICY_REFUSED");
      this.#set(peer, { state });
    });
  }

  #stateOf = (peer: string): FriendshipState => this.#friends.get(peer)?.state ?? "stranger";

  #keep(peer: string, change: Partial<Message> & Pick<Message, "from" | "to" | "text" | "state">): Message {
    this.#count += 1;
    const id = this.#count.toString(16).padStart(32, "0");
    const now = this.#time();
    const message: Message = { id, at: now, sent: now, data: null, replyTo: null, places: 0, until: null, reason: null, ...change };
    this.#messages.set(peer, [...(this.#messages.get(peer) ?? []), message]);
    this.#tell({ type: "message", peer, message });
    this.#set(peer, {});
    return message;
  }

  /** Change a friend, and count what its messages say. */
  #set(peer: string, change: Partial<Friend>): void {
    const old = this.#friends.get(peer) ?? newFriend(peer, this.#time());
    const all = this.#messages.get(peer) ?? [];
    const since = change.state === undefined || change.state === old.state ? old.since : this.#time();
    this.#friends.set(peer, {
      ...old,
      since,
      ...change,
      last: all.at(-1) ?? null,
      unread: all.filter((each) => each.from === peer && each.state !== "read").length,
      waiting: all.filter((each) => each.from !== peer && (each.state === "queued" || each.state === "held")).length,
    });
    this.#tell({ type: "friends", friends: [...this.#friends.values()] });
  }

  #setProfile(change: Partial<Profile>): void {
    this.#profile = { ...this.#profile, ...change };
    this.#tell({ type: "profile", profile: this.#profile });
  }

  #tell(event: MailEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const newFriend = (peer: string, since: number): Friend => ({
  peer,
  peers: [peer],
  name: null,
  label: null,
  description: null,
  avatar: null,
  state: "stranger",
  since,
  reason: null,
  hello: null,
  presence: "offline",
  seen: null,
  unread: 0,
  waiting: 0,
  places: null,
  last: null,
  compared: null,
});
