/** Asking whether to be told of messages, after the first one has come; and telling. */
import { useEffect, useRef } from "preact/hooks";
import { useEngineState } from "../context.ts";
import type { Friend } from "../engine/friends.ts";
import { excerpt } from "../model/conversation.ts";
import { nameOf } from "../model/friends.ts";
import { canNotify, chooseNotify, notify, notifyChoice, turnOn } from "../notify.ts";
import { go } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { called } from "../words/names.ts";

/** A line in the chat, once, when somebody has written for the first time. */
export function NotifyAsk({ friend, who }: { readonly friend: Friend; readonly who: string }) {
  const hasWritten = friend.last !== null && friend.last.from === friend.peer;
  if (notifyChoice.value.asked || !hasWritten || !canNotify()) return null;
  return (
    <div class="ask-line">
      <Icon name="bell" />
      <p>Be told when {who} writes while this page is in the background?</p>
      <div class="row">
        <button type="button" class="button" onClick={() => void turnOn()}>
          Turn on
        </button>
        <button type="button" class="button quiet" onClick={() => chooseNotify({ asked: true })}>
          Not now
        </button>
      </div>
    </div>
  );
}

/** Tells of each message that comes in while nobody looks. */
export function useNotifications(): void {
  const { friends } = useEngineState();
  const knownRef = useRef<ReadonlyMap<string, string> | null>(null);
  useEffect(() => {
    if (friends === null) return;
    const before = knownRef.current;
    knownRef.current = new Map(friends.flatMap((each) => (each.last === null ? [] : [[each.peer, each.last.id] as const])));
    if (before === null) return;
    for (const friend of friends) {
      const { last, peer } = friend;
      if (last === null || last.from !== peer || friend.unread === 0 || before.get(peer) === last.id) continue;
      notify(peer, called(nameOf(friend), peer), excerpt(last.text), () => go({ at: "chat", id: peer }));
    }
  }, [friends]);
}
