/** Friends and messages of the peer in this tab, or of the tab that it follows. */
import type { Peer } from "@wherry/peer";
import type { Mail, MailEvent } from "./mail.ts";

export function tabMail(peer: Peer): Mail {
  const { friends, messages } = peer;
  return {
    friends: () => friends.list(),
    profile: () => friends.profile(),
    messages: (who, before, limit) => messages.history(who, before, limit),
    subscribe: (listener) => followed(peer, listener),

    add: (text, hello) => friends.add(text, hello),
    accept: (who) => friends.accept(who),
    decline: (who) => friends.decline(who),
    withdraw: (who) => friends.withdraw(who),
    remove: (who) => friends.remove(who),
    block: (who) => friends.block(who),
    unblock: (who) => friends.unblock(who),
    label: (who, text) => friends.label(who, text),
    setProfile: (change) => friends.setProfile(change),
    setPresence: (presence) => friends.setPresence(presence),
    safetyNumber: (who) => friends.safetyNumber(who),
    compared: (who, same) => friends.compared(who, same),
    addresses: () => friends.addresses(),
    newAddress: async (label) => void (await friends.newAddress(label)),
    rotateAddress: async (label) => void (await friends.rotateAddress(label)),

    send: (who, text, replyTo) => messages.send(who, text, replyTo),
    retry: (who, id) => messages.retry(who, id),
    delete: (who, id) => messages.delete(who, id),
    read: (who) => messages.markRead(who),
    typing: (who, typing) => messages.typing(who, typing),
    search: (text) => messages.search(text),
  };
}

/** The peer's events about friends and messages. Another tab that leads has seen what this one may have missed. */
function followed(peer: Peer, listener: (event: MailEvent) => void): () => void {
  let { tab } = peer.state;
  return peer.subscribe((event) => {
    switch (event.type) {
      case "friends":
      case "profile":
      case "message":
      case "deleted":
      case "typing":
        listener(event);
        break;
      case "state":
        if (event.state.tab !== tab) {
          ({ tab } = event.state);
          listener({ type: "gap" });
        }
        break;
      default:
    }
  });
}
