/** The ways by which a letter goes to a peer, as the courier sees them: three, from the quickest to the most patient. */

import type { Bytes } from "../bytes.ts";
import type { OneTime } from "../letters.ts";
import type { PeerId } from "../peer-id.ts";
import type { InboxRecord, Introducer } from "../record.ts";

/** Every promise rejects with a WherryError where it does not work out. */
export interface Ways {
  /** Whether a connection to the peer is open. */
  connected(peer: PeerId): boolean;
  overConnection(peer: PeerId, letter: Bytes): Promise<void>;
  /** Have it handed to the peer by whoever introduces it; resolves once the peer has taken it. */
  throughIntroducers(peer: PeerId, letter: Bytes): Promise<void>;
  /** The key that letters to a peer are sealed to. */
  sealingKey(peer: PeerId): Promise<Bytes>;
  /** The newest inbox record of a peer; `fresh`: ask, whatever is remembered. */
  inbox(peer: PeerId, options: { readonly fresh: boolean }): Promise<InboxRecord>;
  /** Leave a letter in a mailbox of the peer's. */
  deposit(mailbox: Introducer, to: PeerId, letter: Bytes): Promise<void>;
  /** One of the one-time prekeys that a mailbox hands out for the peer; null if none is left. */
  takePrekey(mailbox: Introducer, to: PeerId): Promise<OneTime | null>;
  /** Our own signed records. */
  documents(): readonly Bytes[];
}
