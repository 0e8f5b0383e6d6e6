/**
 * One's own addresses: several, each with a label for where it was published, each changed without the others. Whoever
 * asks to be friends must name the word ("nospam") in one of them; a word that was changed is worth nothing.
 */

import { Address } from "../address.ts";
import { type Bytes, type Random, equal } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { NAME_LENGTH } from "../messages/limits.ts";
import type { PeerId } from "../peer-id.ts";
import type { MailStore } from "../store/transaction.ts";
import type { LabelledAddress } from "../types.ts";
import { oneLine } from "./bodies.ts";

/** Labelled addresses: each is a tag more at each mailbox, for each week. */
const ADDRESSES = 16;
const NOSPAM_BYTES = 8;

export interface AddressesOptions {
  readonly own: PeerId;
  readonly store: MailStore;
  readonly random: Random;
  /** The word in the address without a label, which rests with the key. */
  readonly first: Bytes;
  readonly keepFirst: (nospam: Bytes) => Promise<void>;
  /** Another word counts: mailboxes are to be told. */
  readonly onChange: () => void;
}

export class Addresses {
  readonly #options: AddressesOptions;
  readonly #words = new Map<string, Bytes>();

  constructor(options: AddressesOptions) {
    this.#options = options;
    this.#words.set("", options.first);
  }

  async start(): Promise<void> {
    for (const { label, nospam } of await this.#options.store.list("nospams")) this.#words.set(label, nospam);
  }

  /** The one without a label first. */
  get all(): LabelledAddress[] {
    return [...this.#words.keys()].map((label) => this.get(label));
  }

  get words(): readonly Bytes[] {
    return [...this.#words.values()];
  }

  /** @throws WherryError UNKNOWN_LABEL if no address has it. */
  get(label: string): LabelledAddress {
    const nospam = this.#words.get(label);
    if (nospam === undefined) throw new WherryError("UNKNOWN_LABEL", `'${label}'`);
    return { label, address: String(new Address(this.#options.own, nospam)) };
  }

  isCurrent(nospam: Bytes): boolean {
    return this.words.some((word) => equal(word, nospam));
  }

  /** @throws WherryError TOO_MANY_ADDRESSES, or LIMIT_EXCEEDED if the label is empty or in use. */
  async add(text: string): Promise<LabelledAddress> {
    const label = Array.from(oneLine(text)).slice(0, NAME_LENGTH).join("");
    if (label === "" || this.#words.has(label)) {
      const detail = label === "" ? "an address needs a label" : `'${label}' is in use`;
      throw new WherryError("LIMIT_EXCEEDED", detail, { hint: "Choose another label." });
    }
    if (this.#words.size >= ADDRESSES) throw new WherryError("TOO_MANY_ADDRESSES");
    return this.#draw(label);
  }

  /** @throws WherryError UNKNOWN_LABEL if no address has it. */
  async rotate(label: string): Promise<LabelledAddress> {
    return this.#draw(this.get(label).label);
  }

  async #draw(label: string): Promise<LabelledAddress> {
    const { store, random, keepFirst, onChange } = this.#options;
    const nospam = random(NOSPAM_BYTES);
    if (label === "") await keepFirst(nospam);
    else await store.write(async (transaction) => transaction.put("nospams", { label, nospam }));
    this.#words.set(label, nospam);
    onChange();
    return this.get(label);
  }
}
