/** Where a chat would be, while there is no friendship: what holds, what it means, and what can be done. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { Friend } from "../engine/friends.ts";
import { hasNamesake, nameOf } from "../model/friends.ts";
import { rowOf } from "../model/rows.ts";
import { go, hashOf } from "../router.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { Identicon } from "../ui/identicon.tsx";
import { ErrorLine, Line } from "../ui/parts.tsx";
import { standingOf } from "../words/friends.ts";
import { called, shortId } from "../words/names.ts";
import { tidyText } from "../words/text.ts";

export function StandingCard({ friend, who }: { readonly friend: Friend; readonly who: string }) {
  const state = useEngineState();
  const { title, text } = standingOf(friend, who, now.value);
  const received = friend.state === "received";
  return (
    <section class={`standing standing-${friend.state}`} aria-labelledby="standing-title">
      <Avatar id={friend.peer} picture={friend.avatar} size={received ? 112 : 72} />
      <h2 id="standing-title">{title}</h2>
      {received && (
        <p class="hint">
          {nameOf(friend) === null ? "No name known" : "calls itself so"} · <code>{shortId(friend.peer)}</code>
        </p>
      )}
      {received && hasNamesake(state, friend.peer, friend.name) && (
        <Line tone="warn" text="Somebody else in your list has this name." hint="Compare the patterns and ids." />
      )}
      {friend.hello !== null && friend.hello !== "" && (received || friend.state === "sent") && (
        <blockquote class="hello" dir="auto">
          {tidyText(friend.hello)}
        </blockquote>
      )}
      <p class="standing-text">{text}</p>
      <Choices friend={friend} who={who} />
    </section>
  );
}

function Choices({ friend, who }: { readonly friend: Friend; readonly who: string }) {
  const { friends } = useEngine();
  const accept = useCommand(friends.accept);
  const decline = useCommand(friends.decline, () => go({ at: "friends" }));
  const withdraw = useCommand(friends.withdraw, () => go({ at: "friends" }));
  const block = useCommand(friends.block);
  const unblock = useCommand(friends.unblock);
  const remove = useCommand(friends.remove, () => go({ at: "friends" }));
  const { peer } = friend;
  return (
    <>
      <div class="row row-centre">
        {friend.state === "received" && (
          <>
            <button type="button" class="button primary" disabled={accept.busy} onClick={() => accept.run(peer)}>
              <Icon name="check" /> Accept
            </button>
            <button type="button" class="button" disabled={decline.busy} onClick={() => decline.run(peer)}>
              Decline
            </button>
            <button type="button" class="button quiet" disabled={block.busy} onClick={() => block.run(peer)}>
              <Icon name="block" /> Block
            </button>
          </>
        )}
        {friend.state === "sent" && (
          <button type="button" class="button" disabled={withdraw.busy} onClick={() => withdraw.run(peer)}>
            Withdraw
          </button>
        )}
        {friend.state === "declined" && (
          <>
            {friend.reason === "old_address" ? (
              <a class="button primary" href="#/add/">
                <Icon name="plus" /> Add a fresh link
              </a>
            ) : (
              <AskAgain friend={friend} />
            )}
            <button type="button" class="button quiet" disabled={remove.busy} onClick={() => remove.run(peer)}>
              Remove from list
            </button>
          </>
        )}
        {friend.state === "stranger" && <AskAgain friend={friend} />}
        {friend.state === "blocked" && (
          <button type="button" class="button" disabled={unblock.busy} onClick={() => unblock.run(peer)}>
            Unblock
          </button>
        )}
      </div>
      <ErrorLine error={accept.error ?? decline.error ?? withdraw.error ?? block.error ?? unblock.error ?? remove.error} who={who} />
    </>
  );
}

/** The same request once more, by the address that is known here. */
function AskAgain({ friend }: { readonly friend: Friend }) {
  const { friends } = useEngine();
  const again = useCommand(friends.add);
  return (
    <>
      <button type="button" class="button primary" disabled={again.busy} onClick={() => again.run(friend.peer, friend.hello ?? "")}>
        Ask again
      </button>
      <ErrorLine error={again.error} who={shortId(friend.peer)} />
    </>
  );
}

/** Somebody whose page was opened by an id that is in no list. */
export function NoFriend({ id }: { readonly id: string }) {
  const state = useEngineState();
  const [link, setLink] = useState("");
  if (state.peer === null) return null;
  const row = rowOf(state, state.peer, id);
  const who = called(row.name, id);
  return (
    <section class="who card" aria-labelledby="who-title">
      <h1 id="who-title">{who} is not your friend</h1>
      <Identicon id={id} size={112} />
      <p class="hint">
        <code>{shortId(id)}</code>
      </p>
      <p>To write to each other, one of you sends a request: by the other's link, since an id alone does not let anybody ask.</p>
      <form
        class="add-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (link.trim() !== "") go({ at: "add", text: link.trim() });
        }}
      >
        <label class="offscreen" htmlFor="friend-link">
          Link of {who}
        </label>
        <input id="friend-link" value={link} placeholder="Paste their link" autoComplete="off" onInput={(event) => setLink(event.currentTarget.value)} />
        <button type="submit" class="button primary">
          Add
        </button>
      </form>
      <a class="button" href={hashOf({ at: "peer", id })}>
        Connection with {who}
      </a>
    </section>
  );
}
