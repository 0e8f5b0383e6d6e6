/** What the page itself keeps in this browser: whom the person added, and when the key was last saved. */
import type { Person } from "./engine.ts";

/** People in the list; far more than anybody adds by hand, and still little to store. */
const MOST = 1000;

export class Keep {
  readonly #storage: Storage | null;
  readonly #prefix: string;

  /** `id` is one's own: another identity in this browser has a list of its own. */
  constructor(storage: Storage | null, id: string) {
    this.#storage = storage;
    this.#prefix = `wherry.page.${id}.`;
  }

  people(): readonly Person[] {
    const kept = this.#read("people");
    return Array.isArray(kept) ? kept.filter(isPerson).slice(0, MOST) : [];
  }

  setPeople(people: readonly Person[]): void {
    this.#write("people", people.slice(-MOST));
  }

  keySaved(): number | null {
    const kept = this.#read("key-saved");
    return typeof kept === "number" ? kept : null;
  }

  setKeySaved(at: number): void {
    this.#write("key-saved", at);
  }

  #read(name: string): unknown {
    try {
      return JSON.parse(this.#storage?.getItem(this.#prefix + name) ?? "null");
    } catch {
      return null; // somebody else wrote it, or only half of it: begin anew
    }
  }

  #write(name: string, value: unknown): void {
    try {
      this.#storage?.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      // full or forbidden: the list then lives as long as the page, which `KeyCard` says of everything here
    }
  }
}

/** Take away all that the page ever kept there, whoever one was. */
export function clearKept(storage: Storage | null): void {
  for (const key of Object.keys(storage ?? {})) if (key.startsWith("wherry.")) storage?.removeItem(key);
}

function isPerson(value: unknown): value is Person {
  if (typeof value !== "object" || value === null) return false;
  const { id, added, text } = value as Record<string, unknown>;
  return typeof id === "string" && typeof added === "number" && typeof text === "string";
}
