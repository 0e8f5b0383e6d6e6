/** Why it is as it is: a sentence, what to do, and what was tried. */
import type { Trace } from "@wherry/peer";
import { useEngineState } from "../context.ts";
import { phasesOf, reportOf, type Result } from "../model/explain.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, CopyButton } from "../ui/parts.tsx";
import { called, shortId } from "../words/names.ts";
import { milliseconds } from "../words/units.ts";

export function ExplainCard({ trace, who }: { readonly trace: Trace | null; readonly who: string }) {
  if (trace === null) return null;
  return (
    <Card title={TITLES[trace.outcome](who)} icon="info" class="explain">
      {trace.outcome !== "open" && <p class="explain-sentence">{trace.summary.replaceAll(shortId(trace.peer), who)}</p>}
      {trace.advice !== null && (
        <p class="explain-advice">
          <strong>What to do:</strong> {trace.advice}
        </p>
      )}
      <details class="fold" open={trace.outcome === "failed"}>
        <summary>What was tried, step by step</summary>
        <Steps trace={trace} />
        <CopyButton text={reportOf(trace)} label="Copy report" />
      </details>
    </Card>
  );
}

const TITLES: Readonly<Record<Trace["outcome"], (who: string) => string>> = {
  running: (who) => `On the way to ${who}`,
  open: (who) => `How you got to ${who}`,
  failed: (who) => `Why ${who} cannot be reached`,
};

/** Traces name introducers by their short id; where one has told a name, that reads better. */
function useCalled(): (way: string) => string {
  const peers = useEngineState().peer?.peers ?? [];
  return (way) => way.replaceAll(/…\w{6}/g, (short) => {
    const seen = peers.find((each) => shortId(each.peer) === short);
    return seen === undefined ? short : called(seen.name, seen.peer);
  });
}

const MARKS: Readonly<Record<Result, string>> = { ok: "ok", failed: "failed", noted: "" };

function Steps({ trace }: { readonly trace: Trace }) {
  const named = useCalled();
  return (
    <ol class="steps">
      {phasesOf(trace, named).map((phase) => (
        <li key={phase.key} class="step-phase">
          <h3>{phase.name}</h3>
          <ol>
            {phase.rows.map((row) => (
              <li key={row.key} class={`step step-${row.result}`}>
                <span class="step-time">{milliseconds(row.ms)}</span>
                <span class="step-text">
                  {row.text} {row.facts !== "" && <span class="step-facts">{row.facts}</span>}
                </span>
                <span class="step-result">
                  {row.result !== "noted" && <Icon name={row.result === "ok" ? "check" : "close"} size={16} />}
                  {MARKS[row.result]}
                </span>
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}
