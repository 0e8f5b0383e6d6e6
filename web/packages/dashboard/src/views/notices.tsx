/** What is wrong and not over yet, and which tab is at work: lines above the page, never dialogs. */
import { useEngineState } from "../context.ts";
import { Line } from "../ui/parts.tsx";
import { because } from "../words/because.ts";

/** Said by the thin bar and the verdict already. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(["NO_NETWORK"]);

export function Notices() {
  const { peer } = useEngineState();
  if (peer === null) return null;
  const problems = peer.problems.filter((problem) => !SAID_ELSEWHERE.has(problem.code));
  if (problems.length === 0 && peer.tab !== "follower") return null;
  return (
    <div class="notices">
      {peer.tab === "follower" && (
        <Line tone="calm" text="Wherry is open in another tab; this one follows." hint="What you do here is done there." />
      )}
      {problems.map((problem) => {
        const { sentence, advice } = because(problem, "somebody");
        return <Line key={problem.code} tone="warn" text={sentence} hint={advice} />;
      })}
    </div>
  );
}
