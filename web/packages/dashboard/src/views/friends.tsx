/** Everybody, in a column: who asks, friends, who was asked, and whom one only connected with. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useEngineState } from "../context.ts";
import type { State } from "../engine/engine.ts";
import { sectionsOf, waitingOf, type FriendRow, type Section } from "../model/friends.ts";
import { visitorsOf } from "../model/rows.ts";
import { hashOf } from "../router.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { WayGlyph } from "../ui/way.tsx";
import { lastWords } from "../words/chat.ts";
import { friendWords, SECTION_WORDS, waitingWords } from "../words/friends.ts";
import { shortId } from "../words/names.ts";
import { verdictOf } from "../words/verdict.ts";
import { isOpen } from "../model/link.ts";
import { PeerRow } from "./list.tsx";
import { Beacon } from "./reach.tsx";
import { Moored } from "./scene.tsx";
import { Found, SearchBox } from "./search.tsx";

/** The list as a place of its own, on a phone. */
export function FriendsView() {
  return (
    <>
      <h1 class="offscreen">Friends</h1>
      <FriendList selected={null} />
    </>
  );
}

export function FriendList({ selected }: { readonly selected: string | null }) {
  const state = useEngineState();
  const [sought, setSought] = useState("");
  const sections = sectionsOf(state);
  const searchable = sections.some(({ section }) => section === "friends" || section === "earlier");
  return (
    <nav class="pane-list" aria-label="Friends">
      {searchable && <SearchBox text={sought} onText={setSought} />}
      <div class="list-body">
        {sought.trim() === "" ? <Everybody sections={sections} selected={selected} /> : <Found text={sought} />}
      </div>
      <ListFoot state={state} />
    </nav>
  );
}

interface EverybodyProperties {
  readonly sections: ReturnType<typeof sectionsOf>;
  readonly selected: string | null;
}

function Everybody({ sections, selected }: EverybodyProperties) {
  const state = useEngineState();
  const visitors = visitorsOf(state);
  if (state.friends === null) return <Skeleton />;
  if (sections.length === 0 && visitors.length === 0) return <Nobody />;
  return (
    <>
      {sections.map(({ section, rows }) => (
        <Part key={section} section={section} rows={rows} selected={selected} />
      ))}
      {visitors.length > 0 && (
        <section>
          <h2 class="group">Connections</h2>
          <ul>
            {visitors.map((row) => (
              <li key={row.id}>
                <PeerRow row={row} selected={row.id === selected} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

interface PartProperties {
  readonly section: Section;
  readonly rows: readonly FriendRow[];
  readonly selected: string | null;
}

/** Whoever is blocked stays folded away, unless one is looked at. */
function Part({ section, rows, selected }: PartProperties) {
  const list = (
    <ul>
      {rows.map((row) => (
        <li key={row.id}>
          <FriendItem row={row} selected={selected !== null && row.friend.peers.includes(selected)} />
        </li>
      ))}
    </ul>
  );
  if (section === "blocked") {
    return (
      <details class="fold part-folded" open={rows.some((row) => row.id === selected)}>
        <summary>
          {SECTION_WORDS[section]} · {rows.length}
        </summary>
        {list}
      </details>
    );
  }
  return (
    <section class={`part part-${section}`}>
      <h2 class="group">{SECTION_WORDS[section]}</h2>
      {list}
    </section>
  );
}

/** A friend in the list: who, how it stands now, what is new. */
export function FriendItem({ row, selected = false }: { readonly row: FriendRow; readonly selected?: boolean }) {
  const { friend, link } = row;
  const name = row.name ?? shortId(row.id);
  const said = friendWords(friend, link, name, now.value);
  const between = friend.state === "friends";
  return (
    <a
      class={`peer-row friend-${friend.state} link-${link.code}`}
      href={hashOf({ at: "chat", id: row.id })}
      {...(selected ? { "aria-current": "page" } : {})}
    >
      <Avatar id={row.id} picture={friend.avatar} presence={isOpen(link) ? friend.presence : "offline"} />
      <span class="peer-name">
        <span class="name">{name}</span>
        {row.ambiguous && <code class="short">{shortId(row.id)}</code>}
      </span>
      <span class="peer-rtt">{friend.last !== null && lastWords(friend.last.at, now.value)}</span>
      <span class="peer-way">
        {between && <WayGlyph code={link.code} />}
        <span class="peer-said">{said}</span>
        {between && friend.unread > 0 && <Unread count={friend.unread} />}
      </span>
    </a>
  );
}

export function Unread({ count }: { readonly count: number }) {
  return (
    <span class="unread">
      {count > 99 ? "99+" : count}
      <span class="offscreen"> unread</span>
    </span>
  );
}

/** The two verbs, and how far one is heard oneself. */
function ListFoot({ state }: { readonly state: State }) {
  const verdict = verdictOf(state.peer, state.online, state.gone !== null);
  const waiting = waitingOf(state);
  return (
    <div class="list-foot">
      <div class="row">
        <a class="button primary" href="#/add/">
          <Icon name="plus" /> Add
        </a>
        <a class="button" href="#/">
          <Icon name="ticket" /> Invite
        </a>
      </div>
      <p class="list-you">
        <Beacon code={verdict.code} size={20} />
        <span>
          You: {VERDICTS[verdict.code]}
          {waiting > 0 && verdict.code === "offline" && ` · ${waitingWords(waiting)}`}
        </span>
      </p>
    </div>
  );
}

const VERDICTS: Readonly<Record<ReturnType<typeof verdictOf>["code"], string>> = {
  starting: "starting…",
  anywhere: "reachable",
  network: "reachable on this network",
  outbound: "can call, not be called",
  offline: "offline",
};

function Nobody() {
  return (
    <div class="nobody">
      <Moored />
      <p>
        <strong>Nobody here yet.</strong> Send your link to somebody, or open it on your phone.
      </p>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="nobody skeleton" aria-hidden="true">
      <span class="bone" />
      <span class="bone" />
      <span class="bone" />
    </div>
  );
}
