/** A stream to try: every line that is typed comes back from the other side. */
import { useState } from "preact/hooks";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import { NO_TRIALS } from "../engine/trials.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, ErrorLine } from "../ui/parts.tsx";
import { milliseconds } from "../words/units.ts";

/** Characters of a line; an echo is a test, not a place to write letters. */
const LONGEST = 400;

const STREAM = { opening: "opening…", open: "stream open", closed: "stream closed" } as const;

export function EchoCard({ id, who }: { readonly id: string; readonly who: string }) {
  const engine = useEngine();
  const { echo } = useEngineState().trials[id] ?? NO_TRIALS;
  const [text, setText] = useState("");
  const send = useCommand(engine.echo.bind(engine));
  const close = useCommand(engine.closeEcho.bind(engine));
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    send.run(id, text);
    setText("");
  };
  return (
    <Card
      title="Echo"
      icon="echo"
      action={
        echo?.stream === "open" ? (
          <button type="button" class="button quiet" onClick={() => close.run(id)}>
            Close stream
          </button>
        ) : (
          echo !== null && <span class="hint">{STREAM[echo.stream]}</span>
        )
      }
    >
      {echo === null || echo.lines.length === 0 ? (
        <p class="hint">Opens a stream. {who} sends back each line you type.</p>
      ) : (
        <ol class="echoes" aria-live="polite">
          {echo.lines.map((line) => (
            <li key={line.n} class="echo-line">
              <span class="echo-text">{line.text}</span>
              <span class="echo-back">
                {line.backMs === null ? (
                  "under way"
                ) : (
                  <>
                    <Icon name="check" size={16} /> back in {milliseconds(line.backMs)}
                  </>
                )}
              </span>
            </li>
          ))}
        </ol>
      )}
      <form class="add-form" onSubmit={submit}>
        <label class="offscreen" htmlFor="echo-text">
          A line to send
        </label>
        <input
          id="echo-text"
          value={text}
          maxLength={LONGEST}
          placeholder="Type a line"
          autoComplete="off"
          enterKeyHint="send"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={send.busy}>
          Send
        </button>
      </form>
      <ErrorLine error={echo?.error ?? send.error ?? close.error} who={who} />
    </Card>
  );
}
