/** How fast it goes: some MiB there and back through one stream, every byte compared. */
import { useState } from "preact/hooks";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import { NO_TRIALS, type Measurement } from "../engine/trials.ts";
import { Card, ErrorLine } from "../ui/parts.tsx";
import { bytes, duration, rate } from "../words/units.ts";

/** MiB to choose from: what others echo to strangers ends at 16 MiB a minute. */
const SIZES = [1, 4, 8, 16] as const;

export function MeasureCard({ id, who }: { readonly id: string; readonly who: string }) {
  const engine = useEngine();
  const { measurement } = useEngineState().trials[id] ?? NO_TRIALS;
  const [mib, setMib] = useState<number>(4);
  const start = useCommand(engine.measure.bind(engine));
  const stop = useCommand(engine.stopMeasuring.bind(engine));
  const running = measurement?.state === "running" || measurement?.state === "opening";
  return (
    <Card
      title="Throughput"
      icon="gauge"
      action={
        running ? (
          <button type="button" class="button" onClick={() => stop.run(id)}>
            Stop
          </button>
        ) : (
          <button type="button" class="button" disabled={start.busy} onClick={() => start.run(id, mib)}>
            {measurement === null ? "Measure" : "Again"}
          </button>
        )
      }
    >
      {measurement === null ? (
        <p class="hint">Sends data to {who}, gets it back, and compares every byte.</p>
      ) : (
        <Progress measurement={measurement} />
      )}
      {!running && (
        <fieldset class="sizes">
          <legend class="offscreen">How much to send</legend>
          {SIZES.map((size) => (
            <label key={size} class="size">
              <input type="radio" name="size" checked={mib === size} onChange={() => setMib(size)} />
              <span>{size} MiB</span>
            </label>
          ))}
        </fieldset>
      )}
      <ErrorLine error={measurement?.error ?? start.error ?? stop.error} who={who} />
    </Card>
  );
}

function Progress({ measurement }: { readonly measurement: Measurement }) {
  return (
    <div class={`measure measure-${measurement.state}`}>
      <progress max={measurement.total} value={measurement.back} aria-label="Bytes that came back" />
      <p class="measure-words">{measureWords(measurement)}</p>
    </div>
  );
}

/** `5.2 MB of 8.4 MB · 14 MB/s · 3 s left` */
export function measureWords({ state, total, back, rate: speed, elapsedMs }: Measurement): string {
  const done = `${bytes(back)} of ${bytes(total)}`;
  switch (state) {
    case "opening":
      return "Opening a stream…";
    case "running": {
      const left = speed > 0 ? ` · ${duration(Math.max(1000, ((total - back) / speed) * 1000))} left` : "";
      return `${done} · ${rate(speed)}${left}`;
    }
    case "done":
      return `${bytes(total)} there and back, all equal · ${rate(speed)} · ${(elapsedMs / 1000).toFixed(1)} s`;
    case "stopped":
      return `Stopped at ${done}`;
    case "failed":
      return `Ended at ${done}`;
  }
}
