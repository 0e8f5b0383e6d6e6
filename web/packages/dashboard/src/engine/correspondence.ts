/**
 * Friends and messages in the page's state, around a {@link Mail}: what is loaded, what has come since, what is being
 * written. The same for the tab's peer and for a node.
 */
import { done, type AddressCommands, type FriendCommands, type MessageCommands, type Outcome, type State } from "./engine.ts";
import { EMPTY_CHAT, type Chat, type Friend, type Message, type Page } from "./friends.ts";
import type { Mail, MailEvent } from "./mail.ts";
import { nothing, outcomeOf } from "./outcome.ts";
import { comesAfter, merged } from "../model/conversation.ts";

/** Messages loaded at once: two screens of a large window. */
export const PAGE = 50;

/** Pages that are loaded to get to a message that was searched for: 2,000 messages back. */
const REACH = 40;

/** Milliseconds after which somebody who was writing, and has said nothing since, no longer is. */
export const TYPING_LASTS = 8000;

/** The part of the state that is kept here. */
export type Kept = Pick<State, "friends" | "chats" | "profile" | "addresses">;

export interface Surroundings {
  readonly mail: Mail;
  readonly read: () => Kept;
  readonly write: (change: Partial<Kept>) => void;
  readonly pause: (ms: number) => Promise<void>;
}

export class Correspondence {
  readonly #around: Surroundings;
  readonly #mail: Mail;
  /** Which notice of typing counts, by peer: an older one must not end a newer. */
  readonly #typing = new Map<string, number>();
  readonly friends: FriendCommands;
  readonly messages: MessageCommands;
  readonly addresses: AddressCommands;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#mail = around.mail;
    this.friends = friendCommands(around.mail);
    this.messages = this.#messageCommands();
    this.addresses = this.#addressCommands();
  }

  /** Load friends and profile, and follow; returns how to stop. */
  start(): () => void {
    const stop = this.#mail.subscribe((event) => this.#onEvent(event));
    void this.#load();
    return stop;
  }

  async #load(): Promise<void> {
    const [friends, profile] = await Promise.all([outcomeOf(this.#mail.friends()), outcomeOf(this.#mail.profile())]);
    if (friends.ok) this.#around.write({ friends: friends.value });
    if (profile.ok) this.#around.write({ profile: profile.value });
  }

  #onEvent(event: MailEvent): void {
    switch (event.type) {
      case "friends":
        this.#around.write({ friends: event.friends });
        break;
      case "profile":
        this.#around.write({ profile: event.profile });
        break;
      case "addresses":
        void this.#loadAddressesAgain();
        break;
      case "message":
        this.#change(event.peer, (chat) => ({ messages: merged(chat.messages, [event.message]) }));
        if (event.message.from === event.peer) this.#setTyping(event.peer, false);
        break;
      case "deleted":
        this.#change(event.peer, (chat) => ({ messages: chat.messages.filter((each) => each.id !== event.id) }));
        break;
      case "typing":
        this.#setTyping(event.peer, event.typing);
        break;
      case "gap":
        void this.#load();
        void this.#loadAddressesAgain();
        for (const peer of Object.keys(this.#around.read().chats)) void this.#loadNewest(peer);
    }
  }

  /** Change a conversation that is loaded; one that is not gets everything when it is opened. */
  #change(peer: string, change: (chat: Chat) => Partial<Chat>): void {
    const { chats } = this.#around.read();
    const chat = chats[peer];
    if (chat !== undefined) this.#around.write({ chats: { ...chats, [peer]: { ...chat, ...change(chat) } } });
  }

  #setTyping(peer: string, typing: boolean): void {
    const turn = (this.#typing.get(peer) ?? 0) + 1;
    this.#typing.set(peer, turn);
    if (this.#around.read().chats[peer]?.typing !== typing) this.#change(peer, () => ({ typing }));
    if (typing) {
      void this.#around.pause(TYPING_LASTS).then(() => {
        if (this.#typing.get(peer) === turn) this.#change(peer, () => ({ typing: false }));
      });
    }
  }

  async #loadNewest(peer: string): Promise<Outcome> {
    const { chats } = this.#around.read();
    this.#around.write({ chats: { ...chats, [peer]: { ...(chats[peer] ?? EMPTY_CHAT), loading: true } } });
    const page = await outcomeOf(this.#mail.messages(peer, null, PAGE));
    this.#change(peer, (chat) => (page.ok ? { ...joined(chat, page.value), loading: false } : { loading: false }));
    return page.ok ? done : page;
  }

  async #loadOlder(peer: string): Promise<Outcome> {
    const chat = this.#around.read().chats[peer];
    const first = chat?.messages[0];
    if (chat === undefined || first === undefined || !chat.older || chat.loading) return done;
    this.#change(peer, () => ({ loading: true }));
    const page = await outcomeOf(this.#mail.messages(peer, first.id, PAGE));
    this.#change(peer, (now) =>
      page.ok ? { messages: merged(now.messages, page.value.messages), older: page.value.older, loading: false } : { loading: false },
    );
    return page.ok ? done : page;
  }

  async #reach(peer: string, id: string): Promise<Outcome<boolean>> {
    const has = (): boolean => this.#around.read().chats[peer]?.messages.some((each) => each.id === id) === true;
    for (let page = 0; page < REACH && !has(); page += 1) {
      if (this.#around.read().chats[peer]?.older !== true) break;
      const outcome = await this.#loadOlder(peer);
      if (!outcome.ok) return outcome;
    }
    return { ok: true, value: has() };
  }

  async #sent(peer: string, work: Promise<Message>): Promise<Outcome> {
    const outcome = await outcomeOf(work);
    if (!outcome.ok) return outcome;
    this.#change(peer, (chat) => ({ messages: merged(chat.messages, [outcome.value]) }));
    return done;
  }

  async #loadAddresses(): Promise<Outcome> {
    const addresses = await outcomeOf(this.#mail.addresses());
    if (!addresses.ok) return addresses;
    this.#around.write({ addresses: addresses.value });
    return done;
  }

  /** Where nobody has looked at them, nobody misses a change. */
  async #loadAddressesAgain(): Promise<void> {
    if (this.#around.read().addresses !== null) await this.#loadAddresses();
  }

  #addressCommands(): AddressCommands {
    const changed = async (work: Promise<void>): Promise<Outcome> => {
      const outcome = await nothing(work);
      return outcome.ok ? this.#loadAddresses() : outcome;
    };
    return {
      load: () => this.#loadAddresses(),
      add: (label) => changed(this.#mail.newAddress(label)),
      rotate: (label) => changed(this.#mail.rotateAddress(label)),
    };
  }

  #messageCommands(): MessageCommands {
    return {
      open: async (peer) => (this.#around.read().chats[peer] === undefined ? this.#loadNewest(peer) : done),
      loadOlder: (peer) => this.#loadOlder(peer),
      reach: (peer, id) => this.#reach(peer, id),
      send: (peer, text, replyTo) => this.#sent(peer, this.#mail.send(peer, text, replyTo)),
      retry: (peer, id) => this.#sent(peer, this.#mail.retry(peer, id)),
      delete: (peer, id) => nothing(this.#mail.delete(peer, id)),
      markRead: async (peer) => {
        const { friends } = this.#around.read();
        if (friends?.some((each) => each.peer === peer && each.unread > 0) !== true) return done;
        const looked = (each: Friend): Friend => (each.peer === peer ? { ...each, unread: 0 } : each);
        this.#around.write({ friends: friends.map(looked) });
        return nothing(this.#mail.read(peer));
      },
      typing: (peer, typing) => nothing(this.#mail.typing(peer, typing)),
      search: (text) => outcomeOf(this.#mail.search(text)),
    };
  }
}

/**
 * What is known and the newest page, as one conversation without holes: what the page does not reach goes, what came
 * while it was loaded stays.
 */
function joined(chat: Chat, page: Page): Pick<Chat, "messages" | "older"> {
  const inPage = new Set(page.messages.map((each) => each.id));
  const last = page.messages.at(-1);
  const meets = chat.messages.some((each) => inPage.has(each.id));
  const stay = meets ? chat.messages : chat.messages.filter((each) => last === undefined || comesAfter(each, last));
  const messages = merged(stay, page.messages);
  const reachesBack = messages[0] !== undefined && !inPage.has(messages[0].id);
  return { messages, older: reachesBack && meets ? chat.older : page.older };
}

function friendCommands(mail: Mail): FriendCommands {
  return {
    add: (text, hello) => outcomeOf(mail.add(text, hello)),
    accept: (peer) => nothing(mail.accept(peer)),
    decline: (peer) => nothing(mail.decline(peer)),
    withdraw: (peer) => nothing(mail.withdraw(peer)),
    remove: (peer) => nothing(mail.remove(peer)),
    block: (peer) => nothing(mail.block(peer)),
    unblock: (peer) => nothing(mail.unblock(peer)),
    label: (peer, text) => nothing(mail.label(peer, text)),
    setProfile: (change) => nothing(mail.setProfile(change)),
    setPresence: (presence) => nothing(mail.setPresence(presence)),
    safetyNumber: (peer) => outcomeOf(mail.safetyNumber(peer)),
    compared: (peer, same) => nothing(mail.compared(peer, same)),
  };
}
