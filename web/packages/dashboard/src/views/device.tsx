/** What is kept on this device and where; how to put a key back; how to leave nothing behind. */
import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { PeerState, State } from "../engine/engine.ts";
import { waitingOf } from "../model/friends.ts";
import { RESTORE, route } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, ErrorLine } from "../ui/parts.tsx";
import { NAME_LIMIT, tidyName } from "../words/names.ts";
import { count, moment } from "../words/units.ts";
import { SaveCopy } from "./key.tsx";
import { Setting } from "./setting.tsx";

/** Characters of a file that is certainly no key: nothing longer is read. */
const LONGEST_KEY = 4096;

export function DeviceCard({ peer }: { readonly peer: PeerState }) {
  const { keySaved, friends } = useEngineState();
  const between = friendsIn(friends);
  return (
    <Card title="This device" icon="key">
      <div>
        <Setting name="Key" value={keySaved === null ? "No copy saved" : `Copy saved ${moment(keySaved, now.value)}`}>
          <p class="hint">
            It lives in this browser only. This page came from <strong>{peer.servedBy}</strong>: whoever runs that host could have read it. A copy
            brings back who you are, not your friends and messages.
          </p>
          <SaveCopy peer={peer} />
        </Setting>
        <Setting name="Kept here" value={between === 0 ? "Your key" : `Your key, ${count(between, "friend")}`}>
          <p class="hint">
            Key, friends and messages are in this browser's own store, for pages from {peer.servedBy}. Another browser does not have them; whoever
            uses this one can read them; clearing site data loses them.
          </p>
        </Setting>
        <Restore />
      </div>
    </Card>
  );
}

const friendsIn = (friends: State["friends"]): number => (friends ?? []).filter((each) => each.state === "friends").length;

/** A node's key is in files, which the page never gets to see. */
export function NodeDeviceCard() {
  return (
    <Card title="This device" icon="key">
      <p>Your key, friends and messages are in your node's folder on this computer. This page only shows them.</p>
      <p class="hint">
        <code>wherry export FILE</code> saves all of it, under a passphrase.
      </p>
    </Card>
  );
}

function Restore() {
  const engine = useEngine();
  const file = useRef<HTMLInputElement>(null);
  const foldRef = useRef<HTMLDetailsElement>(null);
  const [text, setText] = useState("");
  const isSought = route.value.at === "settings" && route.value.part === RESTORE;
  useEffect(() => {
    if (isSought) requestAnimationFrame(() => foldRef.current?.querySelector("summary")?.focus());
  }, [isSought]);
  const restore = useCommand(engine.importKey.bind(engine));
  const read = async (): Promise<void> => {
    const chosen = file.current?.files?.[0];
    if (chosen !== undefined) setText((await chosen.slice(0, LONGEST_KEY).text()).trim());
  };
  return (
    <details class="fold setting" open={isSought} ref={foldRef}>
      <summary>Restore from a copy…</summary>
      <form
        class="setting-body"
        onSubmit={(event) => {
          event.preventDefault();
          restore.run(text.trim());
        }}
      >
        <p class="hint">You become whoever the copy is. The key that is here now is replaced: save it first.</p>
        <label htmlFor="key-file">The file</label>
        <input id="key-file" type="file" ref={file} accept=".key,text/plain" onChange={() => void read()} />
        <label htmlFor="key-text">or its text</label>
        <input id="key-text" type="password" autoComplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit" class="button" disabled={text.trim() === "" || restore.busy}>
          <Icon name="restore" /> Restore
        </button>
        <ErrorLine error={restore.error} who="Wherry" />
      </form>
    </details>
  );
}

/** Names what is lost, and asks for the name: nobody does it by a slip of the finger. */
export function ForgetCard({ peer }: { readonly peer: PeerState }) {
  const engine = useEngine();
  const state = useEngineState();
  const [typed, setTyped] = useState("");
  const forget = useCommand(engine.forgetEverything.bind(engine));
  const between = friendsIn(state.friends);
  const waiting = waitingOf(state);
  const isSure = tidyName(typed)?.toLocaleLowerCase() === tidyName(peer.name)?.toLocaleLowerCase();
  return (
    <Card title="Leaving" class="leave">
      <details class="fold">
        <summary>Forget everything on this device…</summary>
        <p>This is lost, and nobody can bring it back:</p>
        <ul class="lost">
          <li>your key{state.keySaved === null && ", of which no copy has been saved"}: you can no longer be reached as {peer.name}</li>
          <li>{between === 0 ? "your friends" : count(between, "friend")}: they are not told, and keep what you wrote</li>
          <li>all messages{waiting > 0 && `; ${waiting} of yours ${waiting === 1 ? "has" : "have"} not arrived yet, and may never`}</li>
        </ul>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isSure) forget.run();
          }}
        >
          <label htmlFor="forget-name">Type your name, {peer.name}, to go on</label>
          <input
            id="forget-name"
            value={typed}
            maxLength={NAME_LIMIT}
            autoComplete="off"
            autoCapitalize="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <button type="submit" class="button danger" disabled={!isSure || forget.busy}>
            <Icon name="bin" /> {forget.busy ? "Forgetting…" : "Forget everything"}
          </button>
          <ErrorLine error={forget.error} who="Wherry" />
        </form>
      </details>
    </Card>
  );
}
