/** Adding somebody: a box that takes whatever was pasted, then "who is this?" before anything is sent. */
import { useState } from "preact/hooks";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { ErrorInfo, ParsedWho } from "../engine/engine.ts";
import { friendOf, hasNamesake } from "../model/friends.ts";
import { rowOf } from "../model/rows.ts";
import { go, hashOf } from "../router.ts";
import { Icon } from "../ui/icon.tsx";
import { Identicon } from "../ui/identicon.tsx";
import { Card, CopyButton, ErrorLine, Line } from "../ui/parts.tsx";
import { called, endpointOf, shortId, tidyName } from "../words/names.ts";

/** Characters that a link can have at most; whatever is longer is something else. */
const LONGEST = 2048;

/** Characters of a hello: as UTF-8 they fit into 1 KiB. */
const HELLO_LIMIT = 340;

export function AddBox({ start = "", error: before = null }: { readonly start?: string; readonly error?: ErrorInfo | null }) {
  const engine = useEngine();
  const [text, setText] = useState(start);
  const [error, setError] = useState<ErrorInfo | null>(before);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    const who = engine.parse(text.slice(0, LONGEST));
    if (who.ok) go({ at: "add", text: who.kind === "address" ? `wherry:${text.trim()}` : text.trim() });
    setError(who.ok ? null : who.error);
  };
  return (
    <Card title="Somebody gave you a link?" icon="plus" class="add-box">
      <form class="add-form" onSubmit={submit}>
        <label class="offscreen" htmlFor="add-text">
          Link, address or id
        </label>
        <input
          id="add-text"
          value={text}
          placeholder="Paste link, address or id"
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          enterKeyHint="go"
          onInput={(event) => {
            setText(event.currentTarget.value);
            setError(null);
          }}
          {...(error === null ? {} : { "aria-invalid": true, "aria-describedby": "add-error" })}
        />
        <button type="submit" class="button primary">
          Add
        </button>
      </form>
      <div id="add-error">{error !== null && <ErrorLine error={error} who="Wherry" />}</div>
    </Card>
  );
}

export function AddView({ text }: { readonly text: string }) {
  const engine = useEngine();
  const state = useEngineState();
  if (text === "") {
    return (
      <>
        <h1 class="offscreen">Add somebody</h1>
        <AddBox />
      </>
    );
  }
  if (state.peer === null) return <div class="who card skeleton" aria-busy="true" />;
  const who = engine.parse(whole(text));
  if (!who.ok) {
    return (
      <div class="who">
        <h1>This link does not work</h1>
        <AddBox start={text} error={who.error} />
      </div>
    );
  }
  if (who.peer === state.peer.id) return <ThatIsYou />;
  return <WhoIsThis text={whole(text)} who={who} />;
}

/** `#/add/<address>` alone, in a page that an endpoint served, means: and that endpoint is the way in. */
function whole(text: string): string {
  const bare = !text.includes(":") && !text.startsWith("12D3KooW");
  return bare && location.protocol.startsWith("http") ? `${location.origin}/#/add/${text}` : text;
}

interface WhoProperties {
  readonly text: string;
  readonly who: ParsedWho & { ok: true };
}

function WhoIsThis({ text, who }: WhoProperties) {
  const state = useEngineState();
  if (state.peer === null) return null;
  const friend = friendOf(state, who.peer);
  const known = friend !== null && friend.state !== "stranger" && friend.state !== "declined";
  const row = rowOf(state, state.peer, who.peer);
  const name = tidyName(row.name);
  return (
    <section class="who card" aria-labelledby="who-title">
      <h1 class="eyebrow" id="who-title">
        Who is this?
      </h1>
      <Identicon id={who.peer} size={112} />
      <p class="who-name">{name ?? shortId(who.peer)}</p>
      <p class="hint">
        {name === null ? "No name known yet" : `calls itself so · ${shortId(who.peer)}`} ·{" "}
        {known ? "already in your list" : "not in your list"}
      </p>
      {hasNamesake(state, who.peer, row.name) && (
        <Line tone="warn" text="Somebody else in your list has this name." hint="Compare the patterns and ids." />
      )}
      <dl class="facts">
        <div class="fact">
          <dt>Peer id</dt>
          <dd>
            <code>{who.peer}</code>
          </dd>
        </div>
        <div class="fact">
          <dt>Way in</dt>
          <dd>{who.vias.length > 0 ? who.vias.map(endpointOf).join(", ") : "whoever introduces you is asked"}</dd>
        </div>
      </dl>
      {known ? <Known peer={friend.peer} /> : <Ask text={text} who={who} name={name} />}
    </section>
  );
}

function Known({ peer }: { readonly peer: string }) {
  return (
    <div class="row row-centre">
      <a class="button primary" href={hashOf({ at: "chat", id: peer })}>
        Open
      </a>
      <a class="button" href="#/">
        Not now
      </a>
    </div>
  );
}

/** Asking to be friends, with a word of who one is; or meeting without, as a stranger does. */
function Ask({ text, who, name }: WhoProperties & { readonly name: string | null }) {
  const engine = useEngine();
  const { peer } = useEngineState();
  const [hello, setHello] = useState("");
  const ask = useCommand(engine.friends.add, (id) => go({ at: "chat", id }));
  const connect = useCommand(engine.add.bind(engine), () => go({ at: "peer", id: who.peer }));
  const canAsk = who.kind !== "id"; // an id alone does not carry the word by which one may ask
  const them = name ?? "them";
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (canAsk) ask.run(text, hello.trim());
      }}
    >
      {canAsk ? (
        <>
          <label htmlFor="hello">Say who you are</label>
          <textarea
            id="hello"
            rows={2}
            value={hello}
            maxLength={HELLO_LIMIT}
            placeholder="Hello, it's me, from…"
            dir="auto"
            onInput={(event) => setHello(event.currentTarget.value)}
          />
          <p class="who-tells">
            Nothing has been sent yet. The request tells {them}, and nobody else, your id, your name <strong>{peer?.name}</strong>
            {hello.trim() === "" ? "." : " and these words."}
          </p>
        </>
      ) : (
        <p class="who-tells">
          An id says who somebody is, not that you may ask them to be friends: that takes their link. You can connect all
          the same. Nothing has been sent yet; connecting tells {them} your id, your name <strong>{peer?.name}</strong> and your
          network address.
        </p>
      )}
      <ErrorLine error={ask.error ?? connect.error} who={called(name, who.peer)} />
      <div class="row row-centre">
        {canAsk ? (
          <button type="submit" class="button primary" disabled={ask.busy}>
            <Icon name="send" /> Send request
          </button>
        ) : (
          <button type="button" class="button primary" disabled={connect.busy} onClick={() => connect.run(text)}>
            Connect
          </button>
        )}
        <a class="button" href="#/">
          Not now
        </a>
        {canAsk && (
          <button type="button" class="button quiet" disabled={connect.busy} onClick={() => connect.run(text)}>
            Only connect
          </button>
        )}
      </div>
    </form>
  );
}

function ThatIsYou() {
  const { peer } = useEngineState();
  const link = peer?.link ?? peer?.address ?? "";
  return (
    <section class="who card">
      <h1>That is you</h1>
      {peer !== null && <Identicon id={peer.id} size={112} />}
      <p>This is your own link. Send it to somebody else, or open it on another device.</p>
      <div class="row row-centre">
        <CopyButton text={link} label="Copy link" class="primary" />
        <a class="button" href="#/">
          Back
        </a>
      </div>
    </section>
  );
}
