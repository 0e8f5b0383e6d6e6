/** What was said, day by day: it stays at the newest while one looks at that, and where one is otherwise. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useEngine } from "../context.ts";
import type { Chat, Friend, Message } from "../engine/friends.ts";
import { daysOf, excerpt, type Run } from "../model/conversation.ts";
import { found, sought } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { dayWords } from "../words/chat.ts";
import { Said } from "./message.tsx";

interface Properties {
  readonly friend: Friend;
  readonly chat: Chat;
  readonly who: string;
  readonly self: string;
}

/** Pixels from the end within which one is there; from the beginning, within which older ones are loaded. */
const NEAR = 80;

export function Log({ friend, chat, who, self }: Properties) {
  const engine = useEngine();
  const boxRef = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [chosen, setChosen] = useState<string | null>(null);
  const firstNew = useFirstNew(friend, chat);
  const end = (): void => boxRef.current?.scrollTo({ top: boxRef.current.scrollHeight });
  useKept(boxRef, chat, atEnd);
  useSought(friend.peer, setAtEnd);
  const onScroll = (): void => {
    const at = boxRef.current;
    if (at === null) return;
    setAtEnd(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR);
    if (at.scrollTop < NEAR && chat.older && !chat.loading) void engine.messages.loadOlder(friend.peer);
  };
  return (
    <div class="log-frame">
      <div class="log" ref={boxRef} onScroll={onScroll} role="log" aria-live="off" aria-label={`Messages with ${who}`}>
        {chat.older && (
          <button type="button" class="button quiet older" disabled={chat.loading} onClick={() => void engine.messages.loadOlder(friend.peer)}>
            {chat.loading ? "Loading…" : "Older messages"}
          </button>
        )}
        {daysOf(chat.messages, self).map((day) => (
          <section key={day.at} class="day">
            <h2 class="day-name">
              <span>{dayWords(day.at, now.value)}</span>
            </h2>
            {day.runs.map((run) => (
              <RunView
                key={run.key}
                run={run}
                all={chat.messages}
                peer={friend.peer}
                who={who}
                firstNew={firstNew}
                chosen={chosen}
                onChoose={(id) => setChosen(chosen === id ? null : id)}
              />
            ))}
          </section>
        ))}
        {chat.typing && (
          <p class="typing">
            <svg class="way way-connecting" viewBox="8 0 20 18" width="20" height="18" aria-hidden="true" focusable="false">
              <g class="course">
                <circle class="full" cx="12" cy="9" r="1.8" />
                <circle class="full" cx="18" cy="9" r="1.8" />
                <circle class="full" cx="24" cy="9" r="1.8" />
              </g>
            </svg>
            {who} is writing
          </p>
        )}
      </div>
      {!atEnd && (
        <button type="button" class="button square to-end" aria-label="To the newest message" onClick={end}>
          <Icon name="down" />
        </button>
      )}
      <Heard messages={chat.messages} peer={friend.peer} who={who} />
    </div>
  );
}

interface RunProperties {
  readonly run: Run;
  readonly all: readonly Message[];
  readonly peer: string;
  readonly who: string;
  readonly firstNew: string | null;
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}

function RunView({ run, all, peer, who, firstNew, chosen, onChoose }: RunProperties) {
  return (
    <ol class={run.own ? "run run-own" : "run"} aria-label={run.own ? "You" : who}>
      {run.messages.map((message) => (
        <Said
          key={message.id}
          message={message}
          own={run.own}
          peer={peer}
          who={who}
          quoted={message.replyTo === null ? undefined : (all.find((each) => each.id === message.replyTo) ?? null)}
          isFirstNew={message.id === firstNew}
          chosen={chosen === message.id}
          onChoose={() => onChoose(message.id)}
        />
      ))}
    </ol>
  );
}

/** The first message that was unread when the chat was opened; the line above it stays while one is here. */
function useFirstNew({ peer, unread }: Friend, { messages }: Chat): string | null {
  const [then] = useState(unread);
  const [first, setFirst] = useState<string | null>(null);
  useEffect(() => {
    if (then > 0 && first === null) setFirst(messages.filter((each) => each.from === peer).at(-then)?.id ?? null);
  }, [then, first, messages, peer]);
  return first;
}

/** The place of the box: at the end with what is new, and unmoved by what is loaded above. */
function useKept(boxRef: { readonly current: HTMLDivElement | null }, { messages, typing }: Chat, atEnd: boolean): void {
  const beforeRef = useRef({ first: "", height: 0 });
  const first = messages[0]?.id ?? "";
  useLayoutEffect(() => {
    const at = boxRef.current;
    if (at === null) return;
    const before = beforeRef.current;
    if (atEnd) at.scrollTop = at.scrollHeight;
    else if (before.first !== "" && before.first !== first) at.scrollTop += at.scrollHeight - before.height;
    beforeRef.current = { first, height: at.scrollHeight };
  }, [boxRef, messages, first, typing, atEnd]);
  useEffect(() => {
    const at = boxRef.current;
    if (at === null || !atEnd) return undefined;
    const sized = new ResizeObserver(() => (at.scrollTop = at.scrollHeight)); // a keyboard came up, or the box below grew
    sized.observe(at);
    return () => sized.disconnect();
  }, [boxRef, atEnd]);
}

/** Go to the message that was searched for, loading as far back as need be. */
function useSought(peer: string, setAtEnd: (there: boolean) => void): void {
  const { messages } = useEngine();
  const wanted = sought.value;
  useEffect(() => {
    if (wanted?.peer !== peer) return;
    setAtEnd(false);
    const go = async (): Promise<void> => {
      await messages.reach(peer, wanted.id);
      requestAnimationFrame(() => {
        const said = document.getElementById(`m-${wanted.id}`);
        said?.scrollIntoView({ block: "center" });
        said?.classList.add("said-sought");
        setTimeout(() => said?.classList.remove("said-sought"), 2000);
        found();
      });
    };
    void go();
  }, [wanted, peer, messages, setAtEnd]);
}

/** What comes in while one is here, for screen readers; what was there already is not read out. */
function Heard({ messages, peer, who }: { readonly messages: readonly Message[]; readonly peer: string; readonly who: string }) {
  const last = messages.at(-1);
  const [start] = useState(last?.id);
  const fresh = last !== undefined && last.id !== start && last.from === peer;
  return <output class="offscreen">{fresh && `${who}: ${excerpt(last.text, 400)}`}</output>;
}
