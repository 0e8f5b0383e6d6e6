/** A profile out of a tab's tables into a file; the format is `file.ts`'s. */

import { type Bytes, outOfHex, unhex } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import type { ProfileBody } from "../friends/bodies.ts";
import type { FriendRow } from "../friends/row.ts";
import type { Identity } from "../identity.ts";
import type { Kept } from "../keystore.ts";
import { reasonWord } from "../messages/failures.ts";
import { Reason } from "../messages/packets.ts";
import type { MessageRow } from "../messages/row.ts";
import { PeerId } from "../peer-id.ts";
import type { Reading } from "../store/transaction.ts";
import type { Entry } from "./entries.ts";
import { type WritingOptions, writing } from "./file.ts";

/** Messages that are read at a time: of the largest, as much as a page may well hold. */
const PAGE = 64;

/** Whose profile it is, and what of it rests with the key. */
export interface Saved {
  readonly identity: Identity;
  readonly name: string;
  readonly nospam: Bytes;
  readonly met: Kept["met"];
}

/** Runs what it is given while nothing is written, so that it sees one moment. */
export type Still = <T>(work: (reading: Reading) => Promise<T>) => Promise<T>;

/**
 * The file. Its parts are given to the browser one by one, which need not hold them in memory.
 * @throws WherryError BAD_REQUEST if the passphrase is empty: whoever has the file could be this person.
 */
export async function saved(still: Still, who: Saved, passphrase: string, how: WritingOptions): Promise<Blob> {
  if (passphrase === "") {
    throw new WherryError("BAD_REQUEST", "an export needs a passphrase", { hint: "Choose one that nobody guesses." });
  }
  const write = await writing(passphrase, how);
  return still(async (reading) => {
    const parts: Blob[] = [];
    for await (const piece of write(entriesOf(reading, who))) parts.push(new Blob([piece]));
    return new Blob(parts, { type: "application/octet-stream" });
  });
}

/** All of it, the owner first. */
async function* entriesOf(reading: Reading, who: Saved): AsyncGenerator<Entry, void, void> {
  const { identity, name, nospam, met } = who;
  const since = Date.now() / 1000;
  yield { is: "owner", seed: identity.seed, name, made: since };
  yield { is: "address", label: "", nospam, since: 0 };
  for (const address of await reading.list("nospams")) yield { is: "address", ...address, since: 0 };
  const friends = await reading.list("friends");
  yield* peersOf(friends, met);
  for (const row of friends) if (row.state !== "stranger" || row.said !== null) yield friendOf(row);
  const own = await reading.get("choices", ["profile"]);
  if (own !== undefined) yield profileOf(identity.id.key, own.value as ProfileBody); // only `Profiles` puts it there
  for (const row of friends) {
    if (row.name !== "" || row.description !== "" || row.avatar.length > 0) yield profileOf(keyOf(row.peer), row);
  }
  const presence = await reading.get("choices", ["presence"]);
  if (presence !== undefined) yield { is: "choice", name: "presence", value: String(presence.value) };
  const keys = new Map(friends.map(({ peer }) => [peer, keyOf(peer)])); // each is in many messages
  for (let last = 0, more = true; more; ) {
    const rows = await reading.list("messages", { index: "number", beyond: [last], most: PAGE });
    for (const row of rows) yield messageOf(row, keys.get(row.peer) ?? keyOf(row.peer));
    more = rows.length === PAGE;
    last = rows.at(-1)?.number ?? last;
  }
}

/** What friends and others are called, and when they were seen. */
function* peersOf(friends: readonly FriendRow[], met: Kept["met"]): Generator<Entry, void, void> {
  const rest = new Map(met.map((one) => [one.peer, one]));
  for (const { peer, name, label } of friends) {
    const one = rest.get(peer);
    rest.delete(peer);
    const claimed = name === "" ? (one?.name ?? "") : name;
    yield { is: "peer", key: keyOf(peer), claimed, label, seen: one === undefined ? null : one.seen / 1000 };
  }
  for (const { peer, name, seen } of rest.values()) {
    yield { is: "peer", key: keyOf(peer), claimed: name ?? "", label: "", seen: seen / 1000 };
  }
}

function friendOf(row: FriendRow): Entry {
  const { peer, state, hello, nospam, reason, answer } = row;
  const wordOf = (word: FriendRow["ours"]): { id: Bytes; answers: Bytes | null } | null =>
    word === null ? null : { id: unhex(word.id), answers: outOfHex(word.answers) };
  const said = row.said === null ? null : { ...row.said, id: unhex(row.said.id), about: outOfHex(row.said.about) };
  return {
    is: "friend",
    key: keyOf(peer),
    further: [],
    state,
    since: row.since / 1000,
    ours: wordOf(row.ours),
    theirs: wordOf(row.theirs),
    said,
    hello,
    nospam,
    reason,
    answer,
    compared: (row.compared ?? 0) / 1000,
  };
}

function profileOf(key: Bytes, { name, description, avatar, avatarType }: ProfileBody): Entry {
  return { is: "profile", key, name, description, avatar, avatarType };
}

function messageOf(row: MessageRow, key: Bytes): Entry {
  const { id, own, text, data, state, reason, sent, at, replyTo } = row;
  return {
    is: "message",
    key,
    id: unhex(id),
    ours: own === 1,
    text: data === null ? text : null,
    data,
    state,
    reason: reason === null ? null : numberOf(reason),
    sent,
    kept: at,
    replyTo: outOfHex(replyTo),
  };
}

/** The number of a reason that is kept as a word. */
function numberOf(reason: string): number {
  return Object.values(Reason).find((one) => reasonWord(one) === reason) ?? Reason.REFUSED;
}

/** The key in an id of our own database. */
function keyOf(peer: string): Bytes {
  return PeerId.parse(peer).key;
}
