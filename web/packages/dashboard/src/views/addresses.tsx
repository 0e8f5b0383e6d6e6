/** What one hands out: an address for each place, each copied as a link, each changed without the others. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { ErrorInfo, PeerState } from "../engine/engine.ts";
import type { LabelledAddress } from "../engine/friends.ts";
import { linkOfAddress, shortAddress } from "../model/addresses.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, CopyButton, ErrorLine } from "../ui/parts.tsx";
import { NAME_LIMIT, tidyName } from "../words/names.ts";

export function AddressCard({ peer }: { readonly peer: PeerState }) {
  const { addresses: commands } = useEngine();
  const { addresses } = useEngineState();
  const [error, setError] = useState<ErrorInfo | null>(null);
  useEffect(() => {
    const load = async (): Promise<void> => {
      const outcome = await commands.load();
      setError(outcome.ok ? null : outcome.error);
    };
    const again = (): void => void load();
    again();
    addEventListener("focus", again); // another tab, or the command line, may have changed them
    return () => removeEventListener("focus", again);
  }, [commands]);
  return (
    <Card title="Your addresses" icon="ticket" class="addresses">
      <p class="hint">Whoever has the link of one of them can ask to be your friend.</p>
      <ErrorLine error={error} who="Wherry" />
      {addresses === null ? (
        <span class="bone" />
      ) : (
        <>
          <ul>
            {addresses.map((each) => (
              <AddressItem key={each.label} each={each} peer={peer} />
            ))}
          </ul>
          <NewAddress taken={addresses} />
        </>
      )}
    </Card>
  );
}

function AddressItem({ each, peer }: { readonly each: LabelledAddress; readonly peer: PeerState }) {
  const { addresses } = useEngine();
  const [rotated, setRotated] = useState(false);
  const foldRef = useRef<HTMLDetailsElement>(null);
  const rotate = useCommand(addresses.rotate, () => {
    setRotated(true);
    if (foldRef.current === null) return;
    foldRef.current.open = false;
    foldRef.current.querySelector("summary")?.focus(); // the button that had it is folded away
  });
  const name = tidyName(each.label);
  return (
    <li class="address">
      <h3>{name === null ? "Main address" : <bdi>{name}</bdi>}</h3>
      <code class="short">{shortAddress(each.address)}</code>
      <CopyButton text={linkOfAddress(peer, each.address)} label="Copy link" />
      <details class="fold" ref={foldRef}>
        <summary>Rotate…</summary>
        <p class="hint">The old one stops working for new people. Friends stay.</p>
        <button type="button" class="button" disabled={rotate.busy} onClick={() => rotate.run(each.label)}>
          <Icon name="again" /> Rotate
        </button>
        <ErrorLine error={rotate.error} who="Wherry" />
      </details>
      <output class="hint">{rotated && "This is the new one: hand out its link."}</output>
    </li>
  );
}

function NewAddress({ taken }: { readonly taken: readonly LabelledAddress[] }) {
  const { addresses } = useEngine();
  const [text, setText] = useState("");
  const [made, setMade] = useState("");
  const add = useCommand(addresses.add, () => {
    setMade(tidyName(text) ?? "");
    setText("");
  });
  const label = tidyName(text);
  const inUse = taken.some((each) => each.label === label);
  const submit = (event: Event): void => {
    event.preventDefault();
    setMade("");
    if (label !== null && !inUse) add.run(label);
  };
  return (
    <details class="fold">
      <summary>New address…</summary>
      <p class="hint">One for each place where you publish it: should strangers bother you, rotate that one alone.</p>
      <form onSubmit={submit}>
        <label htmlFor="address-label">Where will it stand?</label>
        <input
          id="address-label"
          value={text}
          maxLength={NAME_LIMIT}
          placeholder="Web site, business card, …"
          autoComplete="off"
          aria-describedby="address-said"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={label === null || inUse || add.busy}>
          <Icon name="plus" /> Make it
        </button>
        <output id="address-said" class="hint">
          {inUse ? "There is one with this name already." : made !== "" && `The address for “${made}” is in the list.`}
        </output>
        <ErrorLine error={add.error} who="Wherry" />
      </form>
    </details>
  );
}
