/** One's own reachability: verdict, because, and who introduces. */
import { useEngineState } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { Fact } from "../ui/parts.tsx";
import { called, tidyName } from "../words/names.ts";
import { ago, count, duration, milliseconds, moment } from "../words/units.ts";
import { verdictOf } from "../words/verdict.ts";
import { now } from "../clock.ts";

export function ReachCard() {
  const { peer, online, gone } = useEngineState();
  const verdict = verdictOf(peer, online, gone !== null);
  return (
    <section class="card reach">
      <header class="card-head">
        <Beacon code={verdict.code} />
        <h2>{verdict.title}</h2>
      </header>
      {verdict.because !== "" && <p class="because">{verdict.because}</p>}
      {peer !== null && gone === null && peer.introducers.length > 0 && <Introducers peer={peer} />}
      {peer !== null && <Numbers peer={peer} />}
    </section>
  );
}

/** A buoy with rings: how far one is heard. */
export function Beacon({ code, size = 28 }: { readonly code: string; readonly size?: number }) {
  return (
    <svg class={`beacon beacon-${code}`} viewBox="0 0 28 28" width={size} height={size} aria-hidden="true" focusable="false">
      <circle class="core" cx="14" cy="14" r="4" />
      <circle class="ring near" cx="14" cy="14" r="8" />
      <circle class="ring far" cx="14" cy="14" r="12.5" />
      <path class="bar" d="M5 23L23 5" />
    </svg>
  );
}

const STATES = { reserved: "introduces you", connecting: "connecting…", lost: "lost" } as const;

function Introducers({ peer }: { readonly peer: PeerState }) {
  return (
    <ul class="introducers" aria-label="Introducers">
      {peer.introducers.map((each) => {
        const name = peer.peers.find((seen) => seen.peer === each.peer)?.name;
        return (
          <li key={each.multiaddr} class={`introducer introducer-${each.state}`}>
            <span class="introducer-name">{each.peer === "" ? each.authority : called(name, each.peer)}</span>
            <span class="introducer-state">
              {STATES[each.state]}
              {each.state === "lost" && ` ${ago(each.since, now.value)}`}
            </span>
            <span class="introducer-rtt">{each.rttMs !== null && each.state === "reserved" && milliseconds(each.rttMs)}</span>
            {each.because !== null && each.state === "lost" && <span class="introducer-because">{each.because}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** Numbers for engineers, one click away. */
function Numbers({ peer }: { readonly peer: PeerState }) {
  const { published, clockOffsetMs } = peer;
  return (
    <details class="fold">
      <summary>Details</summary>
      <dl class="facts">
        <Fact name="Name">{tidyName(peer.name)}</Fact>
        <Fact name="Peer id">
          <code>{peer.id}</code>
        </Fact>
        <Fact name="Endpoints">
          {peer.introducers.length > 0 && peer.introducers.map((each) => <code key={each.multiaddr}>{each.authority} </code>)}
        </Fact>
        <Fact name="Record">
          {published === null
            ? "not published yet"
            : [
                `number ${published.sequence}`,
                published.at === 0 ? "" : `published ${moment(published.at, now.value)}`, // a node does not tell when
                `${duration(published.expires - now.value)} left`,
              ]
                .filter((part) => part !== "")
                .join(", ")}
        </Fact>
        <Fact name="Clock">{clockOffsetMs === null ? null : `${milliseconds(Math.abs(clockOffsetMs))} off`}</Fact>
        <Fact name="Known">{count(peer.peers.length, "peer")}</Fact>
      </dl>
    </details>
  );
}
