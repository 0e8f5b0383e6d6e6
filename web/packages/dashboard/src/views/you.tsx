/** The first page: who you are, how others find you, and what to do with a link that somebody gave you. */
import { useEffect, useRef, useState } from "preact/hooks";
import { canShare, share } from "../clipboard.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { PeerState } from "../engine/engine.ts";
import { Icon } from "../ui/icon.tsx";
import { Identicon } from "../ui/identicon.tsx";
import { CopyButton, ErrorLine } from "../ui/parts.tsx";
import { QrCode } from "../ui/qr.tsx";
import { PRESENCE_WORDS } from "../words/friends.ts";
import { NAME_LIMIT, shortId, tidyName } from "../words/names.ts";
import { AddBox } from "./add.tsx";
import { KeyCard } from "./key.tsx";
import { ReachCard } from "./reach.tsx";

export function YouView() {
  const { peer } = useEngineState();
  return (
    <div class="you">
      {peer === null ? <TicketSkeleton /> : <Ticket peer={peer} />}
      <AddBox />
    </div>
  );
}

export function YouSide() {
  return (
    <aside class="pane-side" aria-label="Your connection and key">
      <ReachCard />
      <KeyCard />
    </aside>
  );
}

function Ticket({ peer }: { readonly peer: PeerState }) {
  return (
    <section class="ticket" aria-label="Your invite">
      <div class="ticket-who">
        <Identicon id={peer.id} size={64} />
        <div>
          <p class="eyebrow">Hello, you are</p>
          <OwnName name={peer.name} />
          <p class="eyebrow">
            <code>{shortId(peer.id)}</code> · others see this pattern
          </p>
          <OwnPresence />
        </div>
      </div>
      <div class="ticket-code">
        {peer.link === null ? (
          <output class="qr-waits">Your code appears as soon as somebody introduces you.</output>
        ) : (
          <QrCode text={peer.link} label="QR code of your link" />
        )}
      </div>
      <div class="ticket-link">
        <h2>Your link</h2>
        <p class="hint">Whoever has it can ask to be your friend.</p>
        <Links peer={peer} />
      </div>
    </section>
  );
}

function Links({ peer }: { readonly peer: PeerState }) {
  const link = peer.link ?? peer.address;
  return (
    <>
      <p class="link-text">
        <code>{link}</code>
      </p>
      <div class="row">
        <CopyButton text={link} label="Copy link" class="primary" />
        {canShare() && (
          <button type="button" class="button" onClick={() => void share("Meet me on Wherry", link)}>
            <Icon name="share" /> Share
          </button>
        )}
      </div>
      {peer.pageLink !== null && <WebLink link={peer.pageLink} />}
    </>
  );
}

/** Said where it is not the usual one, so that nobody stays invisible for having forgotten it. */
function OwnPresence() {
  const presence = useEngineState().profile?.presence ?? "online";
  if (presence === "online") return null;
  return (
    <p class="eyebrow">
      Presence: <a href="#/settings">{PRESENCE_WORDS[presence]}</a>
    </p>
  );
}

/** The same as a web address: easy to open, but then somebody else's page makes the key. */
function WebLink({ link }: { readonly link: string }) {
  return (
    <details class="fold">
      <summary>As a web link</summary>
      <p class="hint">
        For somebody who has no Wherry yet. It opens the page of <strong>{hostOf(link)}</strong>, not yours: their key is
        then made by that page.
      </p>
      <p class="link-text">
        <code>{link}</code>
      </p>
      <CopyButton text={link} label="Copy web link" />
    </details>
  );
}

const hostOf = (link: string): string => (URL.canParse(link) ? new URL(link).host : link);

function OwnName({ name }: { readonly name: string }) {
  const engine = useEngine();
  const [draft, setDraft] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const leave = (): void => {
    setDraft(null);
    requestAnimationFrame(() => opener.current?.focus());
  };
  const rename = useCommand(engine.rename.bind(engine), leave);
  const editing = draft !== null;
  useEffect(() => field.current?.select(), [editing]);
  if (draft === null) {
    return (
      <h1 class="own-name">
        <button type="button" ref={opener} onClick={() => setDraft(name)} aria-label={`${name}. Change your name`}>
          <span>{name}</span> <Icon name="pencil" />
        </button>
      </h1>
    );
  }
  const submit = (event: Event): void => {
    event.preventDefault();
    const chosen = tidyName(draft);
    if (chosen === null || chosen === name) leave();
    else rename.run(chosen);
  };
  return (
    <form class="own-name-form" onSubmit={submit}>
      <h1 class="offscreen">{name}</h1>
      <label class="offscreen" htmlFor="own-name">
        Your name
      </label>
      <input
        id="own-name"
        ref={field}
        value={draft}
        maxLength={NAME_LIMIT}
        autoComplete="off"
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && leave()}
      />
      <button type="submit" class="button primary" disabled={rename.busy}>
        Save
      </button>
      <ErrorLine error={rename.error} who="Wherry" />
    </form>
  );
}

function TicketSkeleton() {
  return (
    <section class="ticket skeleton" aria-busy="true" aria-label="Your invite">
      <div class="ticket-who">
        <span class="bone bone-square" />
        <div>
          <h1 class="eyebrow">Getting your key ready…</h1>
          <span class="bone bone-title" />
        </div>
      </div>
      <div class="ticket-code">
        <div class="qr-waits" />
      </div>
      <div class="ticket-link">
        <span class="bone" />
        <span class="bone" />
      </div>
    </section>
  );
}
