/** Copies to keep elsewhere: the key alone, or everything under a passphrase. */
import { useState } from "preact/hooks";
import { save } from "../clipboard.ts";
import { useCommand, useEngine } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorLine } from "../ui/parts.tsx";
import { shortId } from "../words/names.ts";
import { SaveCopy } from "./key.tsx";
import { Passphrase, useWork, Working } from "./passphrase.tsx";
import { Sure } from "./setting.tsx";

export function Copies({ peer }: { readonly peer: PeerState }) {
  return (
    <>
      <Sure name="Save the key alone…" text="It brings back who you are, not your friends and messages.">
        <SaveCopy peer={peer} />
      </Sure>
      <Sure
        name="Save everything…"
        text="Key, friends and messages in one file, for another browser or a node. Nobody can open it without the passphrase, not even you."
      >
        <SaveEverything peer={peer} />
      </Sure>
    </>
  );
}

function SaveEverything({ peer }: { readonly peer: PeerState }) {
  const engine = useEngine();
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [isSaved, setSaved] = useState(false);
  const work = useWork();
  const name = `wherry-${shortId(peer.id).slice(1)}.wherry`;
  const saving = useCommand(engine.exportProfile.bind(engine), (file) => {
    save(name, file);
    setSaved(true);
    setPassphrase("");
    setAgain("");
  });
  const differs = again !== "" && again !== passphrase;
  return (
    <form
      class="secret"
      onSubmit={(event) => {
        event.preventDefault();
        if (passphrase === "" || again !== passphrase) return;
        setSaved(false);
        saving.run(passphrase, work.start());
      }}
    >
      <Passphrase id="save-passphrase" label="A passphrase" kind="new-password" value={passphrase} change={setPassphrase} />
      <Passphrase id="save-again" label="Once more" kind="new-password" value={again} change={setAgain} said="save-said" />
      {differs && (
        <output class="hint" id="save-said">
          The two are not the same.
        </output>
      )}
      <button type="submit" class="button" disabled={passphrase === "" || again !== passphrase || saving.busy}>
        <Icon name="save" /> {saving.busy ? "Saving…" : "Save everything"}
      </button>
      {saving.busy && <Working share={work.share} />}
      {isSaved && (
        <output>
          Saved as <code>{name}</code>. “Restore from a copy” takes it, and so does <code>wherry import</code>.
        </output>
      )}
      <ErrorLine error={saving.error} who="Wherry" />
    </form>
  );
}
