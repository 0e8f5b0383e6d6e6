/** Where one writes: what becomes of it, what it answers, the box, and how to send. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { Friend } from "../engine/friends.ts";
import { excerpt } from "../model/conversation.ts";
import { friendLink } from "../model/friends.ts";
import { narrow, touched } from "../screen.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorLine } from "../ui/parts.tsx";
import { awayLine } from "../words/chat.ts";
import { drafts, replying } from "./drafts.ts";

/** Characters of a message: as UTF-8 they fit into the 48 KiB of one text. Longer things are files. */
const LONGEST = 16_000;

/** Milliseconds between two notices that one is writing. */
const TYPING_EVERY = 4000;

export function Composer({ friend, who }: { readonly friend: Friend; readonly who: string }) {
  const engine = useEngine();
  const state = useEngineState();
  const { peer } = friend;
  const boxRef = useRef<HTMLTextAreaElement>(null);
  const text = drafts.value[peer] ?? "";
  const answered = replying.value[peer];
  const setText = (next: string): void => void (drafts.value = { ...drafts.value, [peer]: next });
  const setAnswered = (next: typeof answered): void => void (replying.value = { ...replying.value, [peer]: next });
  const tell = useTyping(peer);
  const send = useCommand(engine.messages.send, () => {
    setText("");
    setAnswered(undefined);
    tell(false);
    boxRef.current?.focus();
  });
  const away = awayLine(friend, friendLink(state, friend), who, now.value, state.gone !== null);
  useLayoutEffect(() => {
    const at = boxRef.current;
    if (at === null) return;
    at.style.height = "auto";
    at.style.height = `${at.scrollHeight + 2}px`; // with its borders; the style sheet says how high it may grow
  }, [text]);
  useEffect(() => {
    if (!narrow.value && !touched.value) boxRef.current?.focus({ preventScroll: true });
  }, [peer]);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== "" && state.gone === null) send.run(peer, text, answered?.id ?? null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setAnswered(undefined);
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing && !touched.value;
    if (sends) submit(event);
  };
  return (
    <form class="composer" onSubmit={submit}>
      {away !== null && <p class="away-line">{away}</p>}
      {answered !== undefined && (
        <div class="answered">
          <p>
            <strong>To {answered.from === peer ? who : "yourself"}</strong> <span dir="auto">{excerpt(answered.text)}</span>
          </p>
          <button type="button" class="button quiet square" aria-label="Do not reply to this message" onClick={() => setAnswered(undefined)}>
            <Icon name="close" />
          </button>
        </div>
      )}
      <ErrorLine error={send.error} who={who} />
      <div class="composer-row">
        <label class="offscreen" htmlFor="message-text">
          Message to {who}
        </label>
        <textarea
          id="message-text"
          ref={boxRef}
          rows={1}
          value={text}
          maxLength={LONGEST}
          placeholder="Write a message…"
          dir="auto"
          enterkeyhint={touched.value ? "enter" : "send"}
          onInput={(event) => {
            setText(event.currentTarget.value);
            tell(event.currentTarget.value !== "");
          }}
          onKeyDown={onKeyDown}
          onBlur={() => tell(false)}
        />
        <button type="submit" class="button primary square send" aria-label={`Send to ${who}`} disabled={text.trim() === "" || send.busy || state.gone !== null}>
          <Icon name="send" size={22} />
        </button>
      </div>
    </form>
  );
}

/** Tells the other side that one is writing, now and then, and that one has stopped. */
function useTyping(peer: string): (typing: boolean) => void {
  const engine = useEngine();
  const toldRef = useRef({ typing: false, at: 0 });
  return (typing) => {
    const { typing: was, at } = toldRef.current;
    if (typing === was && (!typing || Date.now() - at < TYPING_EVERY)) return;
    toldRef.current = { typing, at: Date.now() };
    void engine.messages.typing(peer, typing);
  };
}
