/** Searching friends by name, and all that was said by its words. */
import { useEffect, useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useEngine, useEngineState } from "../context.ts";
import type { ErrorInfo } from "../engine/engine.ts";
import type { Message } from "../engine/friends.ts";
import { friendOf, friendRows, nameOf } from "../model/friends.ts";
import { hashOf, seek } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorLine } from "../ui/parts.tsx";
import { lastWords } from "../words/chat.ts";
import { called } from "../words/names.ts";
import { tidyText } from "../words/text.ts";
import { FriendItem } from "./friends.tsx";

/** Milliseconds without a key before the history is asked. */
const REST = 200;

/** Characters of a search: more says nothing more. */
const LONGEST = 200;

interface BoxProperties {
  readonly text: string;
  readonly onText: (text: string) => void;
}

export function SearchBox({ text, onText }: BoxProperties) {
  return (
    <search class="search">
      <label class="offscreen" htmlFor="search">
        Search friends and messages
      </label>
      <Icon name="search" />
      <input
        id="search"
        type="search"
        value={text}
        maxLength={LONGEST}
        placeholder="Search"
        autoComplete="off"
        spellcheck={false}
        enterKeyHint="search"
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && onText("")}
      />
    </search>
  );
}

/** What was found; the names at once, the messages when they come. */
export function Found({ text }: { readonly text: string }) {
  const engine = useEngine();
  const state = useEngineState();
  const [hits, setHits] = useState<readonly Message[] | null>(null);
  const [error, setError] = useState<ErrorInfo | null>(null);
  useEffect(() => {
    let current = true;
    const ask = async (): Promise<void> => {
      const outcome = await engine.messages.search(text.trim());
      if (!current) return;
      setHits(outcome.ok ? outcome.value : []);
      setError(outcome.ok ? null : outcome.error);
    };
    const timer = setTimeout(() => void ask(), REST);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [engine, text]);
  const wanted = text.trim().toLocaleLowerCase();
  const people = friendRows(state).filter((row) =>
    [row.name, row.friend.name].some((name) => name?.toLocaleLowerCase().includes(wanted) === true),
  );
  return (
    <>
      {people.length > 0 && (
        <section>
          <h2 class="group">People</h2>
          <ul>
            {people.map((row) => (
              <li key={row.id}>
                <FriendItem row={row} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {hits !== null && hits.length > 0 && (
        <section>
          <h2 class="group">Messages</h2>
          <ul>
            {hits.map((hit) => (
              <li key={hit.id}>
                <Hit message={hit} words={wanted} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <output class="search-none">{people.length === 0 && hits?.length === 0 && error === null && "Nothing found."}</output>
      <ErrorLine error={error} who="Wherry" />
    </>
  );
}

function Hit({ message, words }: { readonly message: Message; readonly words: string }) {
  const state = useEngineState();
  const own = message.from === state.peer?.id;
  const peer = own ? message.to : message.from;
  const friend = friendOf(state, peer);
  return (
    <a
      class="hit"
      href={hashOf({ at: "chat", id: friend?.peer ?? peer })}
      onClick={() => seek(friend?.peer ?? peer, message.id)}
    >
      <span class="hit-who">
        {own ? `You to ${called(nameOf(friend), peer)}` : called(nameOf(friend), peer)}
        <span class="peer-rtt">{lastWords(message.at, now.value)}</span>
      </span>
      <span class="hit-text" dir="auto">
        <Marked text={around(message.text, words)} words={words} />
      </span>
    </a>
  );
}

/** Characters of a message that stand before the first hit. */
const BEFORE = 30;

/** The part of a text where the words are. */
function around(text: string, words: string): string {
  const line = tidyText(text).replace(/\s+/gu, " ");
  const at = line.toLocaleLowerCase().indexOf(words.split(" ")[0] ?? "");
  return at > BEFORE ? `…${line.slice(at - BEFORE)}` : line;
}

/** The words, marked where they stand. */
function Marked({ text, words }: { readonly text: string; readonly words: string }) {
  const escaped = words
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  if (escaped.length === 0) return <>{text}</>;
  const parts: preact.ComponentChildren[] = [];
  let from = 0;
  for (const { 0: word, index } of text.matchAll(new RegExp(escaped.join("|"), "giu"))) {
    parts.push(text.slice(from, index), <mark key={index}>{word}</mark>);
    from = index + word.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}
