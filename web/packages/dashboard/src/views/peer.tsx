/** One peer: how it stands, what can be tried with it, and what is known of the connection. */
import type { CandidatePair } from "@wherry/peer";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { PeerState, State } from "../engine/engine.ts";
import { isOpen, type Link } from "../model/link.ts";
import { friendOf } from "../model/friends.ts";
import { rowOf, rowsOf, type Row } from "../model/rows.ts";
import { go, hashOf } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, CopyButton, ErrorLine, Fact, Line } from "../ui/parts.tsx";
import { linkSentence, linkWords } from "../words/link.ts";
import { called, endpointOf, shortId, tidyName } from "../words/names.ts";
import { ago, bytes, count, milliseconds, moment, rate } from "../words/units.ts";
import { ExplainCard } from "./explain.tsx";
import { Crossing } from "./scene.tsx";
import { EchoCard } from "./echo.tsx";
import { MeasureCard } from "./measure.tsx";
import { PingCard } from "./ping.tsx";

export function PeerView({ id }: { readonly id: string }) {
  const state = useEngineState();
  if (state.peer === null) return null;
  const row = rowOf(state, state.peer, id);
  const who = called(row.name, id);
  return (
    <div class="peer">
      <PeerHead state={state} self={state.peer} row={row} who={who} />
      {isOpen(row.link) && (
        <div class="trials">
          <PingCard id={id} who={who} />
          {state.home === "tab" && <EchoCard id={id} who={who} />}
          <MeasureCard id={id} who={who} />
        </div>
      )}
      <ExplainCard trace={state.traces[id] ?? null} who={who} />
    </div>
  );
}

interface HeadProperties {
  readonly state: State;
  readonly self: PeerState;
  readonly row: Row;
  readonly who: string;
}

function PeerHead({ state, self, row, who }: HeadProperties) {
  const { id, link, rttMs } = row;
  const { sentence, advice } = linkSentence(link, who, now.value);
  const explained = !isOpen(link) && state.traces[id]?.outcome === "failed"; // below, whole
  const name = tidyName(row.name);
  const friend = friendOf(state, id);
  const doubled = name !== null && rowsOf(state).some((each) => each.id === id && each.ambiguous);
  return (
    <section class={`peer-head card link-${link.code}`} aria-labelledby="peer-name">
      <a class="button quiet square back" href={friend === null ? "#/friends" : hashOf({ at: "chat", id: friend.peer })} aria-label={friend === null ? "Back to the list" : "Back to the chat"}>
        <Icon name="back" size={24} />
      </a>
      <h1 id="peer-name">{name ?? shortId(id)}</h1>
      {name !== null && (
        <p class="hint">
          {friend === null ? "calls itself so" : "your friend"} · <code>{shortId(id)}</code>
        </p>
      )}
      <Crossing self={self.id} peer={id} link={link} />
      <output class="way-words">
        <strong>{linkWords(link, who, now.value)}</strong>
        {rttMs !== null && <span> · {milliseconds(rttMs)}</span>}
      </output>
      {!explained && (
        <p class="because">
          {sentence} {advice}
        </p>
      )}
      {doubled && <Line tone="warn" text="Somebody else has this name." hint="Tell them apart by pattern and id." />}
      <Actions row={row} link={link} who={who} />
    </section>
  );
}

function Actions({ row, link, who }: { readonly row: Row; readonly link: Link; readonly who: string }) {
  const engine = useEngine();
  const connect = useCommand(engine.connect.bind(engine));
  const disconnect = useCommand(engine.disconnect.bind(engine));
  const forget = useCommand(engine.forget.bind(engine), () => go({ at: "friends" }));
  const trying = link.code === "connecting" || connect.busy;
  return (
    <>
      <div class="row row-centre">
        {isOpen(link) || trying ? (
          <button type="button" class="button" disabled={disconnect.busy} onClick={() => disconnect.run(row.id)}>
            {trying && !isOpen(link) ? "Stop trying" : "Disconnect"}
          </button>
        ) : (
          <button type="button" class="button primary" onClick={() => connect.run(row.id)}>
            {link.code === "known" ? "Connect" : "Try again"}
          </button>
        )}
        {row.added && !trying && (
          <button type="button" class="button quiet" disabled={forget.busy} onClick={() => forget.run(row.id)}>
            Remove from list
          </button>
        )}
      </div>
      {link.code !== "unreachable" && <ErrorLine error={connect.error} who={who} />}
      <ErrorLine error={disconnect.error ?? forget.error} who={who} />
    </>
  );
}

/** What is known of the connection. What is not known is not there. */
export function PeerSide({ id }: { readonly id: string }) {
  const state = useEngineState();
  if (state.peer === null) return null;
  const connection = state.peer.connections.find((each) => each.peer === id);
  const seen = state.peer.peers.find((each) => each.peer === id);
  const open = connection?.state === "open" ? connection : null;
  return (
    <aside class="pane-side" aria-label="What is known">
      {open !== null && (
        <Card title="Connection">
          <dl class="facts">
            <Fact name="Way">{linkWords(rowOf(state, state.peer, id).link, called(seen?.name, id), now.value)}</Fact>
            <Fact name="Round trip">{open.rttMs === null ? null : milliseconds(open.rttMs)}</Fact>
            <Fact name="Open since">{moment(open.since, now.value)}</Fact>
            <Fact name="In">{amount(open.bytesIn, open.rateIn)}</Fact>
            <Fact name="Out">{amount(open.bytesOut, open.rateOut)}</Fact>
            <Fact name="Streams">{streams(open.streams.map((stream) => stream.name))}</Fact>
            {open.links > 1 && <Fact name="Path replaced">{count(open.links - 1, "time")}</Fact>}
          </dl>
          {open.pair !== null && <Pair pair={open.pair} />}
        </Card>
      )}
      <Card title="Peer">
        <dl class="facts">
          <Fact name="Claimed name">{tidyName(seen?.name)}</Fact>
          <Fact name="Heard of">{seen?.seen === null || seen === undefined ? null : ago(seen.seen, now.value)}</Fact>
          <Fact name="Endpoints">
            {seen !== undefined && seen.multiaddrs.length > 0 ? seen.multiaddrs.map(endpointOf).join(", ") : null}
          </Fact>
          <Fact name="Peer id">
            <code>{id}</code>
          </Fact>
        </dl>
        <CopyButton text={id} label="Copy id" />
      </Card>
    </aside>
  );
}

const amount = (total: number, perSecond: number): string =>
  perSecond >= 1 ? `${bytes(total)} · ${rate(perSecond)}` : bytes(total);

/** `2: /wherry/echo/1, /wherry/message/1`; nothing where none is open. */
const streams = (names: readonly string[]): string | null =>
  names.length === 0 ? null : `${names.length}: ${[...new Set(names)].join(", ")}`;

const KINDS: Readonly<Record<CandidatePair["localKind"], string>> = {
  host: "own address",
  srflx: "through a router",
  prflx: "found on the way",
  relay: "relay",
  unknown: "",
};

function Pair({ pair }: { readonly pair: CandidatePair }) {
  return (
    <details class="fold">
      <summary>Candidates</summary>
      <dl class="facts">
        <Fact name="Yours">
          <code>{pair.local}</code> {KINDS[pair.localKind]}
        </Fact>
        <Fact name="Theirs">
          <code>{pair.remote}</code> {KINDS[pair.remoteKind]}
        </Fact>
        <Fact name="Over">{pair.protocol === "unknown" ? null : pair.protocol.toUpperCase()}</Fact>
      </dl>
    </details>
  );
}
