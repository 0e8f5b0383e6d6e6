/** One conversation: who it is and the way there, what was said, and what one writes. */
import { useEffect } from "preact/hooks";
import { now } from "../clock.ts";
import { useEngine, useEngineState } from "../context.ts";
import { EMPTY_CHAT, type Friend } from "../engine/friends.ts";
import { friendLink, friendOf, friendRows, type FriendRow } from "../model/friends.ts";
import { isOpen } from "../model/link.ts";
import { hashOf } from "../router.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { WayGlyph } from "../ui/way.tsx";
import { friendWords } from "../words/friends.ts";
import { shortId } from "../words/names.ts";
import { milliseconds } from "../words/units.ts";
import { Composer } from "./composer.tsx";
import { Log } from "./log.tsx";
import { Notices } from "./notices.tsx";
import { NotifyAsk } from "./notify.tsx";
import { Crossing } from "./scene.tsx";
import { NoFriend, StandingCard } from "./standing.tsx";

export function ChatView({ id }: { readonly id: string }) {
  const state = useEngineState();
  if (state.peer === null || state.friends === null) return <ChatSkeleton />;
  const friend = friendOf(state, id);
  const row = friendRows(state).find((each) => each.friend === friend);
  if (friend === null || row === undefined) return <NoFriend id={id} />;
  return <Chat key={friend.peer} friend={friend} row={row} />;
}

function Chat({ friend, row }: { readonly friend: Friend; readonly row: FriendRow }) {
  const engine = useEngine();
  const state = useEngineState();
  const chat = state.chats[friend.peer] ?? EMPTY_CHAT;
  const who = row.name ?? shortId(row.id);
  const between = friend.state === "friends";
  const silent = chat.messages.length === 0;
  const { peer } = friend;
  useEffect(() => void engine.messages.open(peer), [engine, peer]);
  useRead(friend.peer, friend.unread);
  return (
    <section class="chat" aria-labelledby="chat-name">
      <ChatHead row={row} who={who} />
      <Notices />
      {silent ? (
        <div class="log log-empty">
          {between ? <Beginning friend={friend} who={who} loading={chat.loading} /> : <StandingCard friend={friend} who={who} />}
        </div>
      ) : (
        <Log friend={friend} chat={chat} who={who} self={state.peer?.id ?? ""} />
      )}
      <footer class="chat-foot">
        {between && <NotifyAsk friend={friend} who={who} />}
        {between && <Composer friend={friend} who={who} />}
        {!between && !silent && <StandingCard friend={friend} who={who} />}
      </footer>
    </section>
  );
}

/** What is open and seen has been read. */
function useRead(peer: string, unread: number): void {
  const engine = useEngine();
  useEffect(() => {
    const look = (): void => {
      if (!document.hidden && document.hasFocus() && unread > 0) void engine.messages.markRead(peer);
    };
    look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [engine, peer, unread]);
}

function ChatHead({ row, who }: { readonly row: FriendRow; readonly who: string }) {
  const { friend, link, rttMs } = row;
  const between = friend.state === "friends";
  const words = friendWords({ ...friend, waiting: 0 }, link, who, now.value);
  return (
    <header class={`chat-head link-${link.code}`}>
      <a class="button quiet square back" href="#/friends" aria-label="Back to the list">
        <Icon name="back" size={24} />
      </a>
      <Avatar id={row.id} picture={friend.avatar} presence={isOpen(link) ? friend.presence : "offline"} />
      <div class="chat-who">
        <h1 id="chat-name">
          <span class="name">{who}</span>
          {row.ambiguous && <code class="short">{shortId(row.id)}</code>}
        </h1>
        <output class="chat-way">
          {between && <WayGlyph code={link.code} />}
          <span>
            {words}
            {rttMs !== null && ` · ${milliseconds(rttMs)}`}
          </span>
        </output>
      </div>
      <a class="button quiet square chat-about" href={hashOf({ at: "about", id: row.id })} aria-label={`About ${who}`}>
        <Icon name="info" size={24} />
      </a>
    </header>
  );
}

/** Before the first word. */
function Beginning({ friend, who, loading }: { readonly friend: Friend; readonly who: string; readonly loading: boolean }) {
  const state = useEngineState();
  if (loading) return <LogSkeleton />;
  return (
    <div class="beginning">
      <Crossing self={state.peer?.id ?? ""} peer={friend.peer} link={friendLink(state, friend)} />
      <p>
        <strong>You and {who} are friends.</strong> Only the two of you can read what is written here.
      </p>
    </div>
  );
}

function ChatSkeleton() {
  return (
    <section class="chat" aria-busy="true">
      <h1 class="offscreen">Getting your friends…</h1>
      <div class="chat-head skeleton" aria-hidden="true">
        <span class="bone bone-face" />
        <span class="bone bone-name" />
      </div>
      <div class="log">
        <LogSkeleton />
      </div>
    </section>
  );
}

function LogSkeleton() {
  return (
    <div class="skeleton log-bones" aria-hidden="true">
      <span class="bone" />
      <span class="bone bone-own" />
      <span class="bone" />
    </div>
  );
}
