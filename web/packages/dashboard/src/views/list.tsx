/** A peer who is no friend, as a row: how the connection stands. */
import { now } from "../clock.ts";
import type { Row } from "../model/rows.ts";
import { hashOf } from "../router.ts";
import { Identicon } from "../ui/identicon.tsx";
import { WayGlyph } from "../ui/way.tsx";
import { linkWords } from "../words/link.ts";
import { called, shortId, tidyName } from "../words/names.ts";
import { milliseconds } from "../words/units.ts";

/** What an unconnected peer is to us; the connected ones have a way to say instead. */
const HOW: Readonly<Record<NonNullable<Row["how"]>, string>> = {
  connected: "Not connected",
  introducer: "Introduces you",
  neighbour: "Neighbour",
  invited: "Not connected",
  pinged: "Answered a ping",
  remembered: "Met before",
};

export function PeerRow({ row, selected }: { readonly row: Row; readonly selected: boolean }) {
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
