/** The mesh around you, as a graph, and as a list that says the same. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useEngineState } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { middleOf, MOST, placesOn, TALL, WIDE, type Point } from "../model/layout.ts";
import { isOpen } from "../model/link.ts";
import { rowsOf, type Row } from "../model/rows.ts";
import { hashOf } from "../router.ts";
import { narrow } from "../screen.ts";
import { flagsOf } from "../ui/flags.ts";
import { Flags } from "../ui/identicon.tsx";
import { Icon } from "../ui/icon.tsx";
import { Card } from "../ui/parts.tsx";
import { WayGlyph } from "../ui/way.tsx";
import { linkWords } from "../words/link.ts";
import { called, shortId, tidyName } from "../words/names.ts";
import { bytes, count, milliseconds } from "../words/units.ts";
import { Moored } from "./scene.tsx";
import { ReachCard } from "./reach.tsx";

export function MeshView() {
  const state = useEngineState();
  const [look, setLook] = useState<"graph" | "list">("graph");
  const { peer } = state;
  if (peer === null) return null;
  const rows = rowsOf(state);
  const introducers = new Set(peer.introducers.filter((each) => each.state === "reserved").map((each) => each.peer));
  return (
    <section class="card mesh" aria-labelledby="mesh-title">
      <header class="mesh-head">
        <div>
          <h1 id="mesh-title">Mesh</h1>
          <p class="hint">
            {count(rows.filter((row) => isOpen(row.link)).length, "connection")} · {count(introducers.size, "introducer")} ·{" "}
            {rows.length} known
          </p>
        </div>
        {rows.length > 0 && (
          <fieldset class="switch">
            <legend class="offscreen">Show as</legend>
            {(["graph", "list"] as const).map((each) => (
              <label key={each}>
                <input type="radio" name="look" checked={look === each} onChange={() => setLook(each)} />
                <span>
                  <Icon name={each === "graph" ? "mesh" : "list"} /> {each === "graph" ? "Graph" : "List"}
                </span>
              </label>
            ))}
          </fieldset>
        )}
      </header>
      {rows.length === 0 ? (
        <div class="nobody">
          <Moored />
          <p>
            <strong>Nobody in sight yet.</strong> Whoever introduces you appears here first.
          </p>
        </div>
      ) : look === "graph" ? (
        <Graph peer={peer} rows={rows} introducers={introducers} />
      ) : (
        <List rows={rows} introducers={introducers} />
      )}
    </section>
  );
}

export function MeshSide() {
  return (
    <aside class="pane-side" aria-label="Your connection">
      <ReachCard />
      <Card title="Reading the graph">
        <ul class="legend">
          <li>
            <WayGlyph code="direct" /> direct
          </li>
          <li>
            <WayGlyph code="relayed" /> relayed
          </li>
          <li>
            <WayGlyph code="connecting" /> trying
          </li>
          <li>
            <svg class="way" viewBox="0 0 36 18" width="36" height="18" aria-hidden="true">
              <path class="introduces" d="M3 9h30" />
            </svg>
            introduces you
          </li>
        </ul>
      </Card>
    </aside>
  );
}

interface Properties {
  readonly rows: readonly Row[];
  readonly introducers: ReadonlySet<string>;
}

function Graph({ peer, rows, introducers }: Properties & { readonly peer: PeerState }) {
  const shown = rows.slice(0, MOST);
  const sheet = narrow.value ? TALL : WIDE;
  const middle = middleOf(sheet);
  const places = placesOn(sheet, shown.length);
  const placed = shown.map((row, n) => ({ row, place: places[n] ?? middle }));
  return (
    <figure aria-label="You and your peers; each is a link to its page">
      <svg class="graph" viewBox={`0 0 ${sheet.width} ${sheet.height}`}>
        {placed.map(({ row, place }) => (
          <path
            key={row.id}
            class={`edge edge-${edgeOf(row, introducers)}`}
            d={`M${middle.x} ${middle.y}L${place.x} ${place.y}`}
          />
        ))}
        {placed.map(({ row, place }) => (
          <a key={row.id} href={hashOf({ at: "peer", id: row.id })} class="graph-peer" aria-label={labelOf(row, introducers)}>
            <circle class="graph-hit" cx={place.x} cy={place.y} r="28" />
            <Tile id={row.id} at={place} size={36} />
            <text x={place.x} y={place.y + 36}>
              {clipped(called(row.name, row.id))}
            </text>
          </a>
        ))}
        <Tile id={peer.id} at={middle} size={52} you />
        <text class="graph-you" x={middle.x} y={middle.y + 46}>
          You
        </text>
      </svg>
      {rows.length > MOST && <p class="hint">{rows.length - MOST} more are in the list.</p>}
    </figure>
  );
}

function Tile({ id, at, size, you = false }: { readonly id: string; readonly at: Point; readonly size: number; readonly you?: boolean }) {
  const scale = size / 24;
  return (
    <g transform={`translate(${at.x - size / 2} ${at.y - size / 2}) scale(${scale})`} aria-hidden="true">
      <rect class={you ? "tile tile-you" : "tile"} x="-3" y="-3" width="30" height="30" rx="7" />
      <Flags of={flagsOf(id)} />
    </g>
  );
}

function List({ rows, introducers }: Properties) {
  const { peer } = useEngineState();
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            <th scope="col">Peer</th>
            <th scope="col">Way</th>
            <th scope="col" class="number">
              Round trip
            </th>
            <th scope="col" class="number wide-only">
              In
            </th>
            <th scope="col" class="number wide-only">
              Out
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const open = peer?.connections.find((each) => each.peer === row.id && each.state === "open");
            return (
              <tr key={row.id}>
                <th scope="row">
                  <a href={hashOf({ at: "peer", id: row.id })}>{tidyName(row.name) ?? shortId(row.id)}</a>
                </th>
                <td>
                  <span class="cell-way">
                    <WayGlyph code={row.link.code} />
                    {wayOf(row, introducers)}
                  </span>
                </td>
                <td class="number">{row.rttMs !== null && milliseconds(row.rttMs)}</td>
                <td class="number wide-only">{open !== undefined && bytes(open.bytesIn)}</td>
                <td class="number wide-only">{open !== undefined && bytes(open.bytesOut)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const edgeOf = (row: Row, introducers: ReadonlySet<string>): string =>
  row.link.code === "known" && introducers.has(row.id) ? "introduces" : row.link.code;

function wayOf(row: Row, introducers: ReadonlySet<string>): string {
  const words = linkWords(row.link, called(row.name, row.id), now.value);
  if (!introducers.has(row.id)) return words;
  return row.link.code === "known" ? "Introduces you" : `${words} · introduces you`;
}

const labelOf = (row: Row, introducers: ReadonlySet<string>): string =>
  `${clipped(called(row.name, row.id))}: ${wayOf(row, introducers)}`;

/** Characters under a node, before names run into each other. */
const clipped = (name: string): string => ([...name].length > 11 ? `${[...name].slice(0, 10).join("")}…` : name);
