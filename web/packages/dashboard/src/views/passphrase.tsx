/** A passphrase that is typed, and how far the work on it is: it is made to take a while, for whoever guesses. */
import { useState } from "preact/hooks";
import type { OnProgress } from "../engine/engine.ts";

interface Properties {
  readonly id: string;
  readonly label: string;
  /** What a password manager is to make of it. */
  readonly kind: "new-password" | "current-password";
  readonly value: string;
  readonly change: (value: string) => void;
  /** Where something is said about it. */
  readonly said?: string;
}

export function Passphrase({ id, label, kind, value, change, said }: Properties) {
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="password"
        autoComplete={kind}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
        {...(said === undefined ? {} : { "aria-describedby": said })}
      />
    </>
  );
}

/** Steps in which progress is drawn: it is told thousands of times. */
const STEPS = 50;

export interface Work {
  /** From 0 to 1; null as long as nothing is known, as in a tab that follows another. */
  readonly share: number | null;
  /** Begin anew; gives what is to be told. */
  readonly start: () => OnProgress;
}

export function useWork(): Work {
  const [share, setShare] = useState<number | null>(null);
  const start = (): OnProgress => {
    setShare(null);
    return (now) => setShare(Math.floor(now * STEPS) / STEPS);
  };
  return { share, start };
}

export function Working({ share }: { readonly share: number | null }) {
  return (
    <>
      <progress max={1} {...(share === null ? {} : { value: share })} aria-label="Work on the passphrase" />
      <p class="hint">This takes a moment, so that nobody can try out many passphrases.</p>
    </>
  );
}
