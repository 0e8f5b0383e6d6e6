/** One's own addresses in memory: as many as may be, each under a label of its own. */
import { WherryError } from "@wherry/peer";
import type { LabelledAddress } from "./friends.ts";

/** As in `web/packages/peer/src/friends/addresses.ts`. */
const MOST = 16;

export class MemoryAddresses {
  readonly #onChange: () => void;
  readonly #addresses = new Map<string, string>();
  #count = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#draw("");
  }

  get all(): readonly LabelledAddress[] {
    return [...this.#addresses].map(([label, address]) => ({ label, address }));
  }

  add(label: string): void {
    if (label === "" || this.#addresses.has(label)) throw new WherryError("LIMIT_EXCEEDED");
    if (this.#addresses.size >= MOST) throw new WherryError("TOO_MANY_ADDRESSES");
    this.#draw(label);
    this.#onChange();
  }

  rotate(label: string): void {
    if (!this.#addresses.has(label)) throw new WherryError("UNKNOWN_LABEL");
    this.#draw(label);
    this.#onChange();
  }

  /** No address that leads anywhere: nobody's key is here. */
  #draw(label: string): void {
    this.#count += 1;
    this.#addresses.set(label, `address ${this.#count}`);
  }
}
