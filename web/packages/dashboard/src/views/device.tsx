/** What is kept on this device and where; how to leave nothing behind. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { friendsIn, waitingOf } from "../model/friends.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, ErrorLine } from "../ui/parts.tsx";
import { NAME_LIMIT, tidyName } from "../words/names.ts";
import { count, moment } from "../words/units.ts";
import { Copies } from "./copies.tsx";
import { Restore } from "./restore.tsx";
import { Setting } from "./setting.tsx";

export function DeviceCard({ peer }: { readonly peer: PeerState }) {
  const { keySaved, friends } = useEngineState();
  const between = friendsIn(friends);
  return (
    <Card title="This device" icon="key">
      <div>
        <Setting name="Key" value={keySaved === null ? "No copy saved" : `Copy saved ${moment(keySaved, now.value)}`}>
          <p class="hint">
            It lives in this browser only. This page came from <strong>{peer.servedBy}</strong>: whoever runs that host could have read it.
          </p>
          <Copies peer={peer} />
        </Setting>
        <Setting name="Kept here" value={between === 0 ? "Your key" : `Your key, ${count(between, "friend")}`}>
          <p class="hint">
            Key, friends and messages are in this browser's own store, for pages from {peer.servedBy}. Another browser does not have them; whoever
            uses this one can read them; clearing site data loses them.
          </p>
        </Setting>
        <Restore peer={peer} />
      </div>
    </Card>
  );
}

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
