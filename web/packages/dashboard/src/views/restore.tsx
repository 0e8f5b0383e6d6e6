/** Becoming whoever a copy is: a key, or everything under a passphrase; which it is shows in its first bytes. */
import { isProfile } from "@wherry/peer";
import { useEffect, useRef, useState } from "preact/hooks";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { friendsIn } from "../model/friends.ts";
import { RESTORE, route } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorLine } from "../ui/parts.tsx";
import { count } from "../words/units.ts";
import { Passphrase, useWork, Working } from "./passphrase.tsx";

/** Characters of a file that is certainly no key: nothing longer is read. */
const LONGEST_KEY = 4096;

export function Restore({ peer }: { readonly peer: PeerState }) {
  const file = useRef<HTMLInputElement>(null);
  const foldRef = useRef<HTMLDetailsElement>(null);
  const [text, setText] = useState("");
  const [profile, setProfile] = useState<File | null>(null);
  const isSought = route.value.at === "settings" && route.value.part === RESTORE;
  useEffect(() => {
    if (isSought) requestAnimationFrame(() => foldRef.current?.querySelector("summary")?.focus());
  }, [isSought]);
  const read = async (): Promise<void> => {
    const chosen = file.current?.files?.[0];
    if (chosen === undefined) return;
    const beginning = chosen.slice(0, LONGEST_KEY);
    const isWhole = isProfile(new Uint8Array(await beginning.arrayBuffer()));
    setProfile(isWhole ? chosen : null);
    setText(isWhole ? "" : (await beginning.text()).trim());
  };
  return (
    <details class="fold setting" open={isSought} ref={foldRef}>
      <summary>Restore from a copy…</summary>
      <div class="setting-body">
        <p class="hint">You become whoever the copy is. The key that is here now is replaced: save it first.</p>
        <label htmlFor="key-file">The file</label>
        <input id="key-file" type="file" ref={file} onChange={() => void read()} />
        {profile === null ? <RestoreKey text={text} change={setText} /> : <RestoreEverything peer={peer} file={profile} />}
      </div>
    </details>
  );
}

function RestoreKey({ text, change }: { readonly text: string; readonly change: (text: string) => void }) {
  const engine = useEngine();
  const restore = useCommand(engine.importKey.bind(engine));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        restore.run(text.trim());
      }}
    >
      <label htmlFor="key-text">or its text</label>
      <input id="key-text" type="password" autoComplete="off" value={text} onInput={(event) => change(event.currentTarget.value)} />
      <button type="submit" class="button" disabled={text.trim() === "" || restore.busy}>
        <Icon name="restore" /> Restore
      </button>
      <ErrorLine error={restore.error} who="Wherry" />
    </form>
  );
}

function RestoreEverything({ peer, file }: { readonly peer: PeerState; readonly file: File }) {
  const engine = useEngine();
  const between = friendsIn(useEngineState().friends);
  const [passphrase, setPassphrase] = useState("");
  const [isSure, setSure] = useState(between === 0);
  const work = useWork();
  const restore = useCommand(engine.importProfile.bind(engine));
  return (
    <form
      class="secret"
      onSubmit={(event) => {
        event.preventDefault();
        if (isSure && passphrase !== "") restore.run(file, passphrase, work.start());
      }}
    >
      <p>This file has key, friends and messages, under a passphrase.</p>
      <Passphrase id="restore-passphrase" label="Its passphrase" kind="current-password" value={passphrase} change={setPassphrase} />
      {between > 0 && (
        <label class="check">
          <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} />
          Yes, in place of {peer.name} and {count(between, "friend")}
        </label>
      )}
      <button type="submit" class="button" disabled={!isSure || passphrase === "" || restore.busy}>
        <Icon name="restore" /> {restore.busy ? "Restoring…" : "Restore everything"}
      </button>
      {restore.busy && <Working share={work.share} />}
      <ErrorLine error={restore.error} who="Wherry" />
    </form>
  );
}
