/** Friends and messages of the peer in this tab. */
import { WherryError, type Peer } from "@wherry/peer";
import type { Mail } from "./mail.ts";

const unsupported = (): Promise<never> => Promise.reject(new WherryError("UNSUPPORTED"));

/** The peer's own, once it has them. */
export function tabMail(_peer: Peer): Mail {
  return {
    friends: () => Promise.resolve([]),
    profile: unsupported,
    messages: unsupported,
    subscribe: () => () => undefined,
    add: unsupported,
    accept: unsupported,
    decline: unsupported,
    withdraw: unsupported,
    remove: unsupported,
    block: unsupported,
    unblock: unsupported,
    label: unsupported,
    setProfile: unsupported,
    setPresence: unsupported,
    safetyNumber: unsupported,
    compared: unsupported,
    send: unsupported,
    retry: unsupported,
    delete: unsupported,
    read: unsupported,
    typing: unsupported,
    search: () => Promise.resolve([]),
  };
}
