/** Where the key lives, who served the page that made it, and how to keep a copy. */
import { useRef, useState } from "preact/hooks";
import { save } from "../clipboard.ts";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import { Icon } from "../ui/icon.tsx";
import { CopyButton, ErrorLine } from "../ui/parts.tsx";
import { shortId } from "../words/names.ts";
import { moment } from "../words/units.ts";

/** Characters of a file that is certainly no key: nothing longer is read. */
const LONGEST_KEY = 4096;

export function KeyCard() {
  const { peer, keySaved, home } = useEngineState();
  if (peer === null) return null;
  if (home === "node") return <NodeKey />;
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
      <SaveCopy name={`wherry-${shortId(peer.id).slice(1)}.key`} />
      <Restore />
    </section>
  );
}

/** A node's key is in files, which the page never gets to see. */
function NodeKey() {
  return (
    <section class="card key">
      <header class="card-head">
        <Icon name="key" />
        <h2>Your key lives with your node</h2>
      </header>
      <p>It is in the node's folder on this computer, with your friends and messages. This page only shows them.</p>
      <p class="hint">
        <code>wherry export FILE</code> saves all of it, under a passphrase.
      </p>
    </section>
  );
}

function SaveCopy({ name }: { readonly name: string }) {
  const engine = useEngine();
  const [shown, setShown] = useState(false);
  const [key, setKey] = useState("");
  const show = useCommand(engine.exportKey.bind(engine), (text) => {
    setKey(text);
    save(name, `${text}\n`);
    setShown(true);
  });
  return (
    <>
      <div class="row">
        <button type="button" class="button" disabled={show.busy} onClick={() => show.run()}>
          <Icon name="save" /> Save a copy
        </button>
      </div>
      {shown && (
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

function Restore() {
  const engine = useEngine();
  const file = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const restore = useCommand(engine.importKey.bind(engine));
  const read = async (): Promise<void> => {
    const chosen = file.current?.files?.[0];
    if (chosen !== undefined) setText((await chosen.slice(0, LONGEST_KEY).text()).trim());
  };
  return (
    <details class="fold">
      <summary>Restore from a copy</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          restore.run(text.trim());
        }}
      >
        <p class="hint">You become whoever the copy is. The key that is here now is replaced: save it first.</p>
        <label htmlFor="key-file">The file</label>
        <input id="key-file" type="file" ref={file} accept=".key,text/plain" onChange={() => void read()} />
        <label htmlFor="key-text">or its text</label>
        <input
          id="key-text"
          type="password"
          autoComplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={text.trim() === "" || restore.busy}>
          <Icon name="restore" /> Restore
        </button>
        <ErrorLine error={restore.error} who="Wherry" />
      </form>
    </details>
  );
}
