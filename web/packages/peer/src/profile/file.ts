/**
 * A whole profile in one file, under a passphrase: the same format as the node's `wherry export`, drawn in Python's
 * `profile_file.py`. A core, but for the time that Argon2id takes: that is cut into slices, so that a page goes on.
 *
 *     file   "WHERRYPF" | version u8 = 1 | passes u32 | memory u32 | salt 16 | prefix 16 | check 4 | part…
 *     part   length u32 | box
 *     box    XChaCha20-Poly1305 of a msgpack list of entries, under Argon2id(passphrase; salt, passes, memory),
 *            nonce = prefix | number u56 | last u8, associated data = join(EXPORT_FILE, all before `check`)
 *     check  first 4 bytes of SHA-256(join(EXPORT_FILE, all before it))
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { type Bytes, type Random, bigEndian, concat, equal, utf8 } from "../bytes.ts";
import { EXPORT_FILE, join } from "../domains.ts";
import { WherryError } from "../errors.ts";
import { sha256 } from "../identity.ts";
import { pack, packList, unpack } from "../msgpack.ts";
import type { OnProgress } from "../types.ts";
import { type Entry, type Owner, decodeEntry, encodeEntry } from "./entries.ts";
import { MAGIC, isProfile } from "./magic.ts";

const VERSION = 1;
/** Bytes of entries after which a part is closed: little enough to hold, much enough that the frames cost nothing. */
const PART_BYTES = 1024 * 1024;
/** Bytes of a part at most: one more message of the largest may be in it. */
const MAX_PART_BYTES = 8 * 1024 * 1024;
const TAG_BYTES = 16;
const HEAD_BYTES = MAGIC.length + 1 + 4 + 4 + 16 + 16;
const CHECK_BYTES = 4;
/** KiB of memory, and passes over it, that a file may ask for: as many as a node admits. */
const MAX_MEMORY_KIB = 1024 * 1024;
const MAX_PASSES = 16;
/** Milliseconds of Argon2id between two turns of everything else: less than a frame. */
const SLICE_MS = 10;

/** What one guess at the passphrase costs. */
export interface Cost {
  readonly passes: number;
  readonly memoryKib: number;
}

/** RFC 9106's second recommended choice, as a node writes it. */
export const COST: Cost = { passes: 3, memoryKib: 64 * 1024 };

/** Gives the next so many bytes of the file, or what there is. */
export type Take = (size: number) => Promise<Bytes>;
/** Makes the file's bytes, in pieces, of entries: an owner first. */
export type Writing = (entries: AsyncIterable<Entry>) => AsyncGenerator<Bytes, void, void>;

export interface WritingOptions {
  readonly random: Random;
  readonly cost?: Cost;
  readonly onProgress?: OnProgress | undefined;
}

/** Make the key, which takes a second; then writing takes no longer than reading what is written. */
export async function writing(passphrase: string, { random, cost = COST, onProgress }: WritingOptions): Promise<Writing> {
  const head = concat(
    utf8(MAGIC),
    Uint8Array.of(VERSION),
    bigEndian(cost.passes, 4),
    bigEndian(cost.memoryKib, 4),
    random(16),
    random(16),
  );
  const boxes = new Boxes(head, await keyOf(passphrase, head, onProgress));
  return async function* pieces(entries) {
    yield concat(head, checkOf(head));
    let number = 0;
    let ahead: Bytes | null = null;
    for await (const plain of partsOf(entries)) {
      if (ahead !== null) yield boxes.seal(number++, ahead, false);
      ahead = plain;
    }
    if (ahead !== null) yield boxes.seal(number, ahead, true);
  };
}

/**
 * The entries, part by part, an owner first; all of them were in the file as it was written once the iterator has ended.
 * @throws WherryError EXPORT_CORRUPT if the file is none, or damaged, or cut short; EXPORT_LOCKED if the passphrase is
 * another one; VERSION_MISMATCH if it is of a later version; LIMIT_EXCEEDED if this device has too little memory for it.
 */
export async function* read(
  take: Take,
  passphrase: string,
  onProgress?: OnProgress,
): AsyncGenerator<readonly [Owner, ...Entry[]] | readonly Entry[], void, void> {
  const head = headOf(await take(HEAD_BYTES + CHECK_BYTES));
  const boxes = new Boxes(head, await keyOf(passphrase, head, onProgress));
  for (let number = 0, last = false; !last; number += 1) {
    const box = await boxOf(take);
    let plain = boxes.open(number, box, false);
    if (plain === null) {
      plain = boxes.open(number, box, true);
      last = true;
    }
    if (plain === null) {
      throw number === 0 ? new WherryError("EXPORT_LOCKED") : corrupt("a part is damaged or missing");
    }
    const entries = entriesOf(plain);
    if (number === 0 && entries[0]?.is !== "owner") throw corrupt("it has no owner");
    yield entries;
  }
  if ((await take(1)).length > 0) throw corrupt("something follows its end");
}

/** Of a file that makes no sense. */
export function corrupt(detail: string, cause?: unknown): WherryError {
  return new WherryError("EXPORT_CORRUPT", detail, { cause });
}

async function* partsOf(entries: AsyncIterable<Entry>): AsyncGenerator<Bytes, void, void> {
  let batch: Bytes[] = [];
  let size = 0;
  for await (const entry of entries) {
    const packed = pack(encodeEntry(entry));
    batch.push(packed);
    size += packed.length;
    if (size < PART_BYTES && entry.is !== "owner") continue;
    yield packList(batch);
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield packList(batch);
}

function entriesOf(plain: Bytes): readonly Entry[] {
  try {
    const value = unpack(plain);
    if (!Array.isArray(value)) throw new WherryError("MALFORMED", "no list");
    return value.map(decodeEntry);
  } catch (error) {
    throw corrupt("what is in it makes no sense", error);
  }
}

function headOf(data: Bytes): Bytes {
  const head = data.slice(0, HEAD_BYTES);
  if (!isProfile(head)) throw corrupt("it does not begin as an exported profile does");
  if (head.length < HEAD_BYTES || !equal(data.subarray(HEAD_BYTES), checkOf(head))) throw corrupt("its head is damaged");
  const version = head[MAGIC.length];
  if (version !== VERSION) {
    const detail = `the file is of version ${version}, this Wherry reads ${VERSION}`;
    throw new WherryError("VERSION_MISMATCH", detail, { hint: "Update Wherry." });
  }
  const { passes, memoryKib } = costOf(head);
  if (passes < 1 || passes > MAX_PASSES || memoryKib < 8 || memoryKib > MAX_MEMORY_KIB) {
    throw corrupt(`it asks for ${passes} passes over ${memoryKib} KiB to be opened`);
  }
  return head;
}

async function boxOf(take: Take): Promise<Bytes> {
  const head = await take(4);
  if (head.length < 4) throw corrupt("its end is missing");
  const length = u32(head, 0);
  if (length < TAG_BYTES) throw corrupt("a part is too small");
  if (length > MAX_PART_BYTES) throw corrupt("a part is too large");
  const box = await take(length);
  if (box.length !== length) throw corrupt("its end is missing");
  return box;
}

async function keyOf(passphrase: string, head: Bytes, onProgress: OnProgress | undefined): Promise<Bytes> {
  const { passes: t, memoryKib: m } = costOf(head);
  const how = { t, m, p: 1, dkLen: 32, asyncTick: SLICE_MS, ...(onProgress === undefined ? {} : { onProgress }) };
  const salt = head.slice(HEAD_BYTES - 32, HEAD_BYTES - 16);
  try {
    return new Uint8Array(await behind(async () => argon2idAsync(utf8(passphrase), salt, how)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WherryError("LIMIT_EXCEEDED", `the file takes ${Math.ceil(m / 1024)} MiB of memory to be opened`, {
      hint: "Close other pages, or open it on another device.",
      cause: error,
    });
  }
}

/**
 * Work in slices that leaves timers, sockets and connections their turn. Between slices noble asks the browser's
 * scheduler, which goes on with it before everything else, unless it was begun as less urgent than that.
 */
async function behind<T>(work: () => Promise<T>): Promise<T> {
  const { scheduler } = globalThis as Partial<Pick<typeof globalThis, "scheduler">>; // not every browser has one
  return scheduler === undefined ? work() : scheduler.postTask(work, { priority: "background" });
}

/** The STREAM construction: each part has its number in the nonce, and the last one says so. */
class Boxes {
  readonly #prefix: Bytes;
  readonly #about: Bytes;
  readonly #key: Bytes;

  constructor(head: Bytes, key: Bytes) {
    this.#prefix = head.slice(HEAD_BYTES - 16);
    this.#about = join(EXPORT_FILE, head);
    this.#key = key;
  }

  seal(number: number, plain: Bytes, last: boolean): Bytes {
    const box = this.#cipher(number, last).encrypt(plain);
    return concat(bigEndian(box.length, 4), box);
  }

  /** What is in the box of that number; null if it is none. */
  open(number: number, box: Bytes, last: boolean): Bytes | null {
    try {
      return new Uint8Array(this.#cipher(number, last).decrypt(box));
    } catch {
      return null; // noble throws where the tag does not fit
    }
  }

  #cipher(number: number, last: boolean): ReturnType<typeof xchacha20poly1305> {
    const nonce = concat(this.#prefix, bigEndian(number, 7), Uint8Array.of(last ? 1 : 0));
    return xchacha20poly1305(this.#key, nonce, this.#about);
  }
}

function costOf(head: Bytes): Cost {
  return { passes: u32(head, MAGIC.length + 1), memoryKib: u32(head, MAGIC.length + 5) };
}

function checkOf(head: Bytes): Bytes {
  return sha256(join(EXPORT_FILE, head)).slice(0, CHECK_BYTES);
}

function u32(data: Bytes, at: number): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(at);
}
