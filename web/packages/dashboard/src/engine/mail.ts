/**
 * Where friends and messages are kept: the peer in this tab, or a node behind its local API. What both must do alike is
 * `contract.test.ts`; what the page makes of it is `correspondence.ts`.
 */
import type { Friend, LabelledAddress, Message, Page, Presence, Profile } from "./friends.ts";

/** What happens there, as it happens. */
export type MailEvent =
  /** Somebody came, went, or changed: all of them, as they are now. */
  | { readonly type: "friends"; readonly friends: readonly Friend[] }
  | { readonly type: "profile"; readonly profile: Profile }
  /** Own addresses have changed: they have to be asked for. */
  | { readonly type: "addresses" }
  /** A message is new, or further than it was. */
  | { readonly type: "message"; readonly peer: string; readonly message: Message }
  | { readonly type: "deleted"; readonly peer: string; readonly id: string }
  | { readonly type: "typing"; readonly peer: string; readonly typing: boolean }
  /** Something may have been missed: what was read has to be read again. */
  | { readonly type: "gap" };

/** Every promise rejects with a `WherryError` or a `ToldError`, and nothing else. A `peer` is the id that names the contact. */
export interface Mail {
  friends(): Promise<readonly Friend[]>;
  profile(): Promise<Profile>;
  /** At most `limit` messages that are older than the one with the id `before`; the newest where that is null. */
  messages(peer: string, before: string | null, limit: number): Promise<Page>;
  subscribe(listener: (event: MailEvent) => void): () => void;

  /** Ask whomever `text` names to be a friend; resolves with the id once the request is kept. */
  add(text: string, hello: string): Promise<string>;
  accept(peer: string): Promise<void>;
  decline(peer: string): Promise<void>;
  withdraw(peer: string): Promise<void>;
  remove(peer: string): Promise<void>;
  block(peer: string): Promise<void>;
  unblock(peer: string): Promise<void>;
  /** The private name; none where `text` is empty. */
  label(peer: string, text: string): Promise<void>;
  setProfile(change: Partial<Omit<Profile, "presence">>): Promise<void>;
  setPresence(presence: Presence): Promise<void>;
  /** 60 digits, the same at both ends. */
  safetyNumber(peer: string): Promise<string>;
  /** Note that the numbers were compared, and whether they are equal. */
  compared(peer: string, same: boolean): Promise<void>;

  /** One's own, the one without a label first. */
  addresses(): Promise<readonly LabelledAddress[]>;
  newAddress(label: string): Promise<void>;
  /** Another address under that label; whoever has only the old one cannot ask any more. */
  rotateAddress(label: string): Promise<void>;

  /** Resolves once it is kept; how far it comes is told by events. */
  send(peer: string, text: string, replyTo: string | null): Promise<Message>;
  /** Send once more what failed; the old one goes. */
  retry(peer: string, id: string): Promise<Message>;
  delete(peer: string, id: string): Promise<void>;
  /** All that came from `peer` so far has been looked at. */
  read(peer: string): Promise<void>;
  typing(peer: string, typing: boolean): Promise<void>;
  /** Messages that have the words of `text`, the newest first. */
  search(text: string): Promise<readonly Message[]>;
}
