/** Two ends with whole switchboards, joined by links in memory. */

import { type Bytes, random } from "../src/bytes.ts";
import type { WherryError } from "../src/errors.ts";
import { Identity } from "../src/identity.ts";
import { Network } from "../src/network.ts";
import type { PeerId } from "../src/peer-id.ts";
import { linked } from "./memory-link.ts";

export interface Side {
  readonly id: PeerId;
  readonly instance: Bytes;
  readonly network: Network;
  readonly closed: WherryError[];
  readonly names: string[];
}

export function side(seed: number, name: string): Side {
  const { id } = new Identity(new Uint8Array(32).fill(seed));
  const [closed, names]: [WherryError[], string[]] = [[], []];
  const instance = random(8);
  const network = new Network({
    own: id,
    instance,
    random,
    ownName: () => name,
    onEvent: () => undefined,
    onConnected: () => undefined,
    onClosed: (_, error) => closed.push(error),
    onName: (_, said) => names.push(said),
    onLinkClosed: () => undefined,
    onLetter: () => undefined,
    ownInbox: () => new Uint8Array(),
  });
  return { id, instance, network, closed, names };
}

/** A new link between the two, beside whatever there is. */
export async function join(a: Side, b: Side): Promise<() => void> {
  const [here, there] = linked([a.instance, b.instance]);
  await Promise.all([a.network.adopt(b.id, ...here), b.network.adopt(a.id, ...there)]);
  return () => here[0].lost();
}
