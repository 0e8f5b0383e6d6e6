/** Everybody, in a column: who is connected or was added, then who else is within reach. */
import { now } from "../clock.ts";
import { useEngineState } from "../context.ts";
import { groupsOf, type Row } from "../model/rows.ts";
import { hashOf } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { Identicon } from "../ui/identicon.tsx";
import { WayGlyph } from "../ui/way.tsx";
import { linkWords } from "../words/link.ts";
import { called, shortId, tidyName } from "../words/names.ts";
import { milliseconds } from "../words/units.ts";
import { Moored } from "./scene.tsx";

/** The list as a place of its own, on a phone. */
export function PeersView() {
  return (
    <>
      <h1 class="offscreen">Peers</h1>
      <PeerList selected={null} />
    </>
  );
}

export function PeerList({ selected }: { readonly selected: string | null }) {
  const state = useEngineState();
  const groups = groupsOf(state);
  const yours = groups.some((group) => group.title === "Your peers");
  return (
    <nav class="pane-list" aria-label="Peers">
      {!yours && (state.peer === null ? <Skeleton /> : <Nobody />)}
      {groups.map((group) => (
        <section key={group.title}>
          <h2 class="group">{group.title}</h2>
          <ul>
            {group.rows.map((row) => (
              <li key={row.id}>
                <PeerRow row={row} selected={row.id === selected} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      <a class="button add-link" href="#/add/">
        <Icon name="plus" /> Add somebody
      </a>
    </nav>
  );
}

/** What an unconnected peer is to us; the connected ones have a way to say instead. */
const HOW: Readonly<Record<NonNullable<Row["how"]>, string>> = {
  connected: "Not connected",
  introducer: "Introduces you",
  neighbour: "Neighbour",
  invited: "Not connected",
  pinged: "Answered a ping",
  remembered: "Met before",
};

function PeerRow({ row, selected }: { readonly row: Row; readonly selected: boolean }) {
  const who = called(row.name, row.id);
  const said = row.link.code === "known" && row.how !== null ? HOW[row.how] : linkWords(row.link, who, now.value);
  return (
    <a class={`peer-row link-${row.link.code}`} href={hashOf({ at: "peer", id: row.id })} {...(selected ? { "aria-current": "page" } : {})}>
      <Identicon id={row.id} />
      <span class="peer-name">
        <span class="name">{tidyName(row.name) ?? shortId(row.id)}</span>
        {row.ambiguous && <code class="short">{shortId(row.id)}</code>}
      </span>
      <span class="peer-rtt">{row.rttMs !== null && milliseconds(row.rttMs)}</span>
      <span class="peer-way">
        <WayGlyph code={row.link.code} />
        <span>{said}</span>
      </span>
    </a>
  );
}

function Nobody() {
  return (
    <div class="nobody">
      <Moored />
      <p>
        <strong>Nobody here yet.</strong> Send your link to somebody, or open it on your phone.
      </p>
      <a class="button" href="#/">
        <Icon name="ticket" /> Invite
      </a>
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
