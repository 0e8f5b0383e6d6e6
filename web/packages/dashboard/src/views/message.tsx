/** One message: what it says, when, how far it is; and what can be done with it, once it is chosen. */
import { useState } from "preact/hooks";
import { copy } from "../clipboard.ts";
import { now } from "../clock.ts";
import { useCommand, useEngine } from "../context.ts";
import type { Message } from "../engine/friends.ts";
import { excerpt } from "../model/conversation.ts";
import { hashOf, seek } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { StateMark } from "../ui/marks.tsx";
import { ErrorLine } from "../ui/parts.tsx";
import { failedWords, STATE_WORDS, stateSentence } from "../words/chat.ts";
import { cutOf, linked, partsUntil } from "../words/linked.ts";
import { directionOf, tidyText } from "../words/text.ts";
import { bytes, moment } from "../words/units.ts";
import { replying } from "./drafts.ts";

interface Properties {
  readonly message: Message;
  readonly own: boolean;
  readonly peer: string;
  readonly who: string;
  /** What it answers; null where that is not loaded, or gone. */
  readonly quoted: Message | null | undefined;
  readonly isFirstNew: boolean;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

export function Said(properties: Properties) {
  const { message, own, peer, who, quoted, isFirstNew, chosen, onChoose } = properties;
  const time = clockOf(message.at);
  const text = tidyText(message.text);
  const [whole, setWhole] = useState(false);
  const isLong = message.data === null && cutOf(text) !== null;
  const fold = (event: { readonly currentTarget: HTMLElement }): void => {
    const { currentTarget } = event;
    setWhole(!whole);
    if (whole) requestAnimationFrame(() => currentTarget.scrollIntoView({ block: "nearest" })); // it was far below
  };
  const choose = (event: MouseEvent): void => {
    const onLink = event.target instanceof Element && event.target.closest("a, button") !== null;
    if (!onLink && getSelection()?.isCollapsed !== false) onChoose();
  };
  return (
    <li class={`said said-${own ? message.state : "theirs"}`} id={`m-${message.id}`}>
      {isFirstNew && <p class="first-new">New</p>}
      {/* The button within does the same for the keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <div class="bubble" onClick={choose}>
        {quoted !== undefined && <Quote quoted={quoted} peer={peer} who={who} />}
        <p class="said-text" id={`t-${message.id}`} dir={directionOf(text)}>
          {message.data === null ? <Text text={text} whole={whole} /> : <em>{bytes(message.data.length)} of data from an application</em>}
        </p>
        {isLong && (
          <button type="button" class="button said-all" aria-expanded={whole} aria-controls={`t-${message.id}`} onClick={fold}>
            {whole ? "Show less" : "Show all"}
          </button>
        )}
        <button type="button" class="said-meta" aria-expanded={chosen} onClick={onChoose}>
          <time dateTime={new Date(message.at).toISOString()}>{time}</time>
          {own && <StateMark state={message.state} />}
          <span class="offscreen">What can be done with this message</span>
        </button>
      </div>
      {message.state === "failed" && own && <Failed message={message} peer={peer} who={who} />}
      {chosen && <Actions message={message} own={own} peer={peer} who={who} onDone={onChoose} />}
    </li>
  );
}

/** `14:02`; the day stands above. */
const clockOf = (at: number): string => moment(at, at);

/** A link is read from left to right and apart from what is around it: so what one sees is where it leads. */
function Text({ text, whole }: { readonly text: string; readonly whole: boolean }) {
  const cut = whole ? null : cutOf(text);
  const parts = linked(text);
  return (
    <>
      {(cut === null ? parts : partsUntil(parts, cut)).map((part) => {
        if (part.kind === "text") return part.text;
        if (part.kind === "invite") {
          return (
            <a key={part.at} dir="ltr" href={hashOf({ at: "add", text: part.text })}>
              {part.text}
            </a>
          );
        }
        return (
          <a key={part.at} dir="ltr" href={part.href} target="_blank" rel="noopener noreferrer">
            {part.text}
          </a>
        );
      })}
      {cut !== null && "…"}
    </>
  );
}

interface QuoteProperties {
  readonly quoted: Message | null;
  readonly peer: string;
  readonly who: string;
}

function Quote({ quoted, peer, who }: QuoteProperties) {
  if (quoted === null) return <p class="quote quote-gone">An earlier message</p>;
  return (
    <button type="button" class="quote" onClick={() => seek(peer, quoted.id)}>
      <strong>{quoted.from === peer ? who : "You"}</strong>
      <span dir="auto">{excerpt(quoted.text)}</span>
    </button>
  );
}

interface OneProperties {
  readonly message: Message;
  readonly peer: string;
  readonly who: string;
}

function Failed({ message, peer, who }: OneProperties) {
  const { messages } = useEngine();
  const retry = useCommand(messages.retry);
  const remove = useCommand(messages.delete);
  return (
    <div class="said-failed">
      <p>{failedWords(message.reason, who)}</p>
      <div class="row">
        <button type="button" class="button" disabled={retry.busy} onClick={() => retry.run(peer, message.id)}>
          <Icon name="again" /> Retry
        </button>
        <button type="button" class="button quiet" disabled={remove.busy} onClick={() => remove.run(peer, message.id)}>
          Delete
        </button>
      </div>
      <ErrorLine error={retry.error ?? remove.error} who={who} />
    </div>
  );
}

function Actions({ message, own, peer, who, onDone }: OneProperties & { readonly own: boolean; readonly onDone: () => void }) {
  const { messages } = useEngine();
  const remove = useCommand(messages.delete);
  const [copied, setCopied] = useState(false);
  const reply = (): void => {
    replying.value = { ...replying.value, [peer]: message };
    onDone();
    document.getElementById("message-text")?.focus();
  };
  return (
    <div class="said-more">
      {own && message.state !== "failed" && (
        <p>
          <strong>{STATE_WORDS[message.state]}.</strong> {stateSentence(message, who, now.value)}
        </p>
      )}
      <div class="row">
        <button type="button" class="button quiet" onClick={reply}>
          <Icon name="reply" /> Reply
        </button>
        <button type="button" class="button quiet" onClick={() => void copy(tidyText(message.text)).then(setCopied)}>
          <Icon name={copied ? "check" : "copy"} /> <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
        </button>
        {message.state !== "failed" && (
          <button type="button" class="button quiet" disabled={remove.busy} onClick={() => remove.run(peer, message.id)}>
            <Icon name="bin" /> Delete here
          </button>
        )}
      </div>
      <ErrorLine error={remove.error} who={who} />
    </div>
  );
}
