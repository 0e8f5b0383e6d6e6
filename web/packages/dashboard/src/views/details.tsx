/** A friend: who it is, how the connection stands and why, and what can be changed. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { Friend } from "../engine/friends.ts";
import { friendLink, friendOf, friendRows, hasNamesake, type FriendRow } from "../model/friends.ts";
import { isOpen } from "../model/link.ts";
import { go, hashOf } from "../router.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { Card, CopyButton, ErrorLine, Fact, Line } from "../ui/parts.tsx";
import { WayGlyph } from "../ui/way.tsx";
import { blockWords, friendSentence, PRESENCE_WORDS, removeWords } from "../words/friends.ts";
import { linkWords } from "../words/link.ts";
import { NAME_LIMIT, shortId, tidyName } from "../words/names.ts";
import { tidyText } from "../words/text.ts";
import { count, milliseconds, moment } from "../words/units.ts";
import { CompareCard } from "./compare.tsx";
import { Sure } from "./setting.tsx";

/** As a place of its own, where there is no room beside the chat. */
export function DetailsView({ id }: { readonly id: string }) {
  return (
    <div class="details">
      <Details id={id} alone />
    </div>
  );
}

export function DetailsSide({ id }: { readonly id: string }) {
  return (
    <aside class="pane-side" aria-label="About this friend">
      <Details id={id} />
    </aside>
  );
}

function Details({ id, alone = false }: { readonly id: string; readonly alone?: boolean }) {
  const state = useEngineState();
  const friend = friendOf(state, id);
  const row = friendRows(state).find((each) => each.friend === friend);
  if (friend === null || row === undefined) return null;
  const who = row.name ?? shortId(row.id);
  const between = friend.state === "friends";
  return (
    <>
      <PersonCard friend={friend} row={row} who={who} alone={alone} />
      {between && <WayCard friend={friend} row={row} who={who} />}
      {between && <CompareCard friend={friend} who={who} />}
      <LabelCard key={friend.label} friend={friend} who={who} />
      {friend.state !== "blocked" && friend.state !== "received" && <LeaveCard friend={friend} who={who} />}
    </>
  );
}

interface Properties {
  readonly friend: Friend;
  readonly who: string;
}

interface RowProperties extends Properties {
  readonly row: FriendRow;
}

function PersonCard({ friend, row, who, alone }: RowProperties & { readonly alone: boolean }) {
  const state = useEngineState();
  const claimed = tidyName(friend.name);
  const Title = alone ? "h1" : "h2";
  const told = isOpen(row.link) && friend.presence !== "offline" ? PRESENCE_WORDS[friend.presence] : null;
  return (
    <div class="card person">
      {alone && (
        <a class="button quiet square back" href={hashOf({ at: "chat", id: row.id })} aria-label="Back to the chat">
          <Icon name="back" size={24} />
        </a>
      )}
      <Avatar id={row.id} picture={friend.avatar} size={88} />
      <Title class="person-name">{who}</Title>
      <p class="hint">
        {friend.label !== null && claimed !== null && <>calls itself “{claimed}” · </>}
        <code>{shortId(row.id)}</code>
        {told !== null && ` · ${told}`}
      </p>
      {friend.description !== null && friend.description !== "" && (
        <p class="person-about" dir="auto">
          {tidyText(friend.description)}
        </p>
      )}
      {hasNamesake(state, friend.peer, friend.name) && (
        <Line tone="warn" text="Somebody else has this name." hint="Tell them apart by pattern and id." />
      )}
      <details class="fold person-id">
        <summary>Peer id</summary>
        {friend.peers.map((id) => (
          <p key={id}>
            <code>{id}</code>
          </p>
        ))}
        <CopyButton text={friend.peer} label="Copy id" />
      </details>
    </div>
  );
}

/** The way and its because, in ordinary words; the numbers are one click away. */
function WayCard({ friend, row, who }: RowProperties) {
  const state = useEngineState();
  const { link, rttMs } = row;
  const failed = friend.peers.map((id) => state.traces[id]).find((trace) => trace?.outcome === "failed");
  return (
    <Card
      title="Connection"
      action={
        <a class="button quiet" href={hashOf({ at: "peer", id: connectionOf(friend, state.peer?.connections ?? []) })}>
          Details
        </a>
      }
    >
      <p class="way-line">
        <WayGlyph code={link.code} />
        <strong>{linkWords(link, who, now.value)}</strong>
        {rttMs !== null && <span> · {milliseconds(rttMs)}</span>}
      </p>
      <p class="because">{friendSentence(friend, link, failed?.error ?? null, who, now.value)}</p>
      <dl class="facts">
        <Fact name="Mailboxes">{friend.places === null ? null : count(friend.places, "place")}</Fact>
        <Fact name="Friends since">{moment(friend.since, now.value)}</Fact>
      </dl>
    </Card>
  );
}

/** The one of a friend's peers that there is something to say about. */
const connectionOf = (friend: Friend, connections: readonly { readonly peer: string }[]): string =>
  connections.find((each) => friend.peers.includes(each.peer))?.peer ?? friend.peer;

/** What one calls a friend oneself. */
function LabelCard({ friend, who }: Properties) {
  const { friends } = useEngine();
  const [text, setText] = useState(friend.label ?? "");
  const save = useCommand(friends.label);
  const changed = (tidyName(text) ?? "") !== (friend.label ?? "");
  return (
    <Card title="Your name for them" icon="pencil">
      <form
        class="add-form"
        onSubmit={(event) => {
          event.preventDefault();
          save.run(friend.peer, tidyName(text) ?? "");
        }}
      >
        <label class="offscreen" htmlFor="label-text">
          Your name for {who}
        </label>
        <input
          id="label-text"
          value={text}
          maxLength={NAME_LIMIT}
          placeholder={tidyName(friend.name) ?? shortId(friend.peer)}
          autoComplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={!changed || save.busy}>
          Save
        </button>
      </form>
      <p class="hint">Only you see it.</p>
      <ErrorLine error={save.error} who={who} />
    </Card>
  );
}

/** Ending it: what that means is said before it is done. */
function LeaveCard({ friend, who }: Properties) {
  const { friends } = useEngine();
  const state = useEngineState();
  const remove = useCommand(friends.remove, () => go({ at: "friends" }));
  const block = useCommand(friends.block);
  const between = friend.state === "friends";
  const id = friend.peer;
  return (
    <Card title={between ? "Ending it" : "Shutting out"} class="leave">
      {between && (
        <Sure name={`Remove ${who}…`} text={removeWords(who)}>
          <button type="button" class="button danger" disabled={remove.busy} onClick={() => remove.run(id)}>
            Remove {who}
          </button>
        </Sure>
      )}
      <Sure name={`Block ${who}…`} text={blockWords(who)}>
        <button type="button" class="button danger" disabled={block.busy} onClick={() => block.run(id)}>
          <Icon name="block" /> Block {who}
        </button>
      </Sure>
      <ErrorLine error={remove.error ?? block.error} who={who} />
      {friendLink(state, friend).code === "self_offline" && <p class="hint">You are offline: they are told once you are back.</p>}
    </Card>
  );
}
