/** Where the key lives, who served the page that made it, and how to keep a copy. */
import { useState } from "preact/hooks";
import { save } from "../clipboard.ts";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { hashOf, RESTORE } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { CopyButton, ErrorLine } from "../ui/parts.tsx";
import { shortId } from "../words/names.ts";
import { moment } from "../words/units.ts";

/** On the first page of a tab: its key is made without a word, so where it is has to be said. */
export function KeyCard() {
  const { peer, keySaved, home } = useEngineState();
  if (peer === null || home === "node") return null;
  return (
    <section class="card key">
      <header class="card-head">
        <Icon name="key" />
        <h2>Your key lives in this browser only</h2>
      </header>
      <p>
        {peer.keyIsNew ? "It was made just now. " : ""}
        With it are your friends and messages: cleared site data means all of it is lost. This page came from <strong>{peer.servedBy}</strong>: whoever runs that host
        could have read the key.
      </p>
      <p class="hint">{keySaved === null ? "No copy of the key has been saved." : `A copy of the key was saved ${moment(keySaved, now.value)}.`}</p>
      <SaveCopy peer={peer}>
        <a class="button quiet" href={hashOf({ at: "settings", part: RESTORE })}>
          Restore
        </a>
      </SaveCopy>
    </section>
  );
}

interface Properties {
  readonly peer: PeerState;
  /** Another button beside the one that saves. */
  readonly children?: preact.ComponentChildren;
}

export function SaveCopy({ peer, children }: Properties) {
  const engine = useEngine();
  const [key, setKey] = useState<string | null>(null);
  const name = `wherry-${shortId(peer.id).slice(1)}.key`;
  const show = useCommand(engine.exportKey.bind(engine), (text) => {
    setKey(text);
    save(name, `${text}\n`);
  });
  return (
    <>
      <div class="row">
        <button type="button" class="button" disabled={show.busy} onClick={() => show.run()}>
          <Icon name="save" /> Save a copy
        </button>
        {children}
      </div>
      {key !== null && (
        <div class="saved">
          <output>
            Saved as <code>{name}</code>. Whoever has it can be you: keep it where you keep passwords.
          </output>
          <CopyButton text={key} label="Copy the key" />
        </div>
      )}
      <ErrorLine error={show.error} who="Wherry" />
    </>
  );
}
