/** Pings: each reply as it comes, with the way it took. */
import { useCommand, useEngine, useEngineState } from "../context.ts";
import { NO_TRIALS, type PingLine, type PingRun } from "../engine/trials.ts";
import { Card, ErrorLine } from "../ui/parts.tsx";
import { linkWords } from "../words/link.ts";
import { because } from "../words/because.ts";
import { milliseconds } from "../words/units.ts";

export function PingCard({ id, who }: { readonly id: string; readonly who: string }) {
  const engine = useEngine();
  const { ping } = useEngineState().trials[id] ?? NO_TRIALS;
  const command = useCommand(engine.ping.bind(engine));
  const running = ping?.running === true || command.busy;
  return (
    <Card
      title="Ping"
      icon="ping"
      action={
        <button type="button" class="button" disabled={running} onClick={() => command.run(id)}>
          {running ? "Pinging…" : ping === null ? "Ping" : "Again"}
        </button>
      }
    >
      {ping === null ? (
        <p class="hint">Four small messages, and how long each takes there and back.</p>
      ) : (
        <>
          <ol class="replies" aria-live="polite">
            {ping.lines.map((line) => (
              <Reply key={line.n} line={line} slowest={slowestOf(ping)} who={who} />
            ))}
          </ol>
          {!ping.running && <p class="hint">{summaryOf(ping)}</p>}
        </>
      )}
      <ErrorLine error={command.error} who={who} />
    </Card>
  );
}

function Reply({ line, slowest, who }: { readonly line: PingLine; readonly slowest: number; readonly who: string }) {
  if (line.reply === null) return <li class="reply reply-lost">{because(line.error, who).sentence}</li>;
  const { rttMs, path, via, over } = line.reply;
  return (
    <li class="reply">
      <span class="reply-rtt">{milliseconds(rttMs)}</span>
      <svg class="reply-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <path d={`M0 3H${((100 * rttMs) / slowest).toFixed(1)}`} />
      </svg>
      <span class="reply-way">
        {over === "sealed" ? "sealed, through an introducer" : wayWords(path)}
        {via !== "" && <code> {via}</code>}
      </span>
    </li>
  );
}

/** The words of the table, where the code alone gives them. */
function wayWords(path: string): string {
  if (path === "direct" || path === "direct_lan") return linkWords({ code: path }, "", 0);
  if (path === "relayed" || path === "signaling") return linkWords({ code: path, by: null }, "", 0);
  return "";
}

const times = (run: PingRun): number[] => run.lines.flatMap((line) => (line.reply === null ? [] : [line.reply.rttMs]));

const slowestOf = (run: PingRun): number => Math.max(1, ...times(run));

/** `4 of 4 answered · 17 / 18 / 21 ms fastest / middle / slowest` */
export function summaryOf(run: PingRun): string {
  const sorted = times(run).toSorted((one, other) => one - other);
  const answered = `${sorted.length} of ${run.lines.length} answered`;
  const [fastest] = sorted;
  const middle = sorted[Math.floor(sorted.length / 2)];
  const slowest = sorted.at(-1);
  if (fastest === undefined || middle === undefined || slowest === undefined) return answered;
  return `${answered} · fastest ${milliseconds(fastest)}, middle ${milliseconds(middle)}, slowest ${milliseconds(slowest)}`;
}
