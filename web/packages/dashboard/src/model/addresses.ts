/** The links of one's own addresses. */
import type { PeerState } from "../engine/engine.ts";

/** What one hands out for an address: the same ways in as for the main one; the address alone before there is a way. */
export const linkOfAddress = ({ link, address: main }: PeerState, address: string): string =>
  link?.includes(main) === true ? link.replace(main, address) : address;

/** Enough of an address to see that it is another one. */
export const shortAddress = (address: string): string => `…${address.slice(-6)}`;
