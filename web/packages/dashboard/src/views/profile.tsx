/** Oneself, as friends see it: presence, a few words, a picture. */
import { useRef, useState } from "preact/hooks";
import { useCommand, useEngine, useEngineState } from "../context.ts";
import type { Presence, Profile } from "../engine/friends.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { Card, ErrorLine } from "../ui/parts.tsx";
import { shrunk } from "../ui/picture.ts";
import { PRESENCE_HINTS, PRESENCE_WORDS } from "../words/friends.ts";

/** Characters of a description. */
const LONGEST = 400;

const PRESENCES = Object.keys(PRESENCE_WORDS) as readonly Presence[];

export function ProfileCard() {
  const { profile, friends } = useEngineState();
  if (profile === null || friends === null || friends.length === 0) return null; // there is one thing to do first
  return (
    <Card title="What friends see" icon="peers" class="profile">
      <PresenceChoice profile={profile} />
      <Picture profile={profile} />
      <About key={profile.description} profile={profile} />
    </Card>
  );
}

function PresenceChoice({ profile }: { readonly profile: Profile }) {
  const { friends } = useEngine();
  const set = useCommand(friends.setPresence);
  return (
    <>
      <fieldset class="switch">
        <legend class="offscreen">Presence</legend>
        {PRESENCES.map((each) => (
          <label key={each}>
            <input type="radio" name="presence" checked={profile.presence === each} onChange={() => set.run(each)} />
            <span>{PRESENCE_WORDS[each]}</span>
          </label>
        ))}
      </fieldset>
      <p class="hint">{PRESENCE_HINTS[profile.presence]}</p>
      <ErrorLine error={set.error} who="Wherry" />
    </>
  );
}

function Picture({ profile }: { readonly profile: Profile }) {
  const { friends } = useEngine();
  const { peer } = useEngineState();
  const set = useCommand(friends.setProfile);
  const [refused, setRefused] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const read = async (): Promise<void> => {
    const chosen = file.current?.files?.[0];
    if (chosen === undefined) return;
    const avatar = await shrunk(chosen);
    setRefused(avatar === null);
    if (avatar !== null) set.run({ avatar });
  };
  return (
    <div class="profile-picture">
      <Avatar id={peer?.id ?? ""} picture={profile.avatar} size={56} />
      <div class="row">
        <input type="file" hidden accept="image/*" ref={file} onChange={() => void read()} />
        <button type="button" class="button" disabled={set.busy} onClick={() => file.current?.click()}>
          {profile.avatar === null ? "Add a picture" : "Another picture"}
        </button>
        {profile.avatar !== null && (
          <button type="button" class="button quiet" disabled={set.busy} onClick={() => set.run({ avatar: null })}>
            Take it away
          </button>
        )}
      </div>
      <output class="hint">{refused && "This file is no picture that the browser can read."}</output>
      <ErrorLine error={set.error} who="Wherry" />
    </div>
  );
}

function About({ profile }: { readonly profile: Profile }) {
  const { friends } = useEngine();
  const [text, setText] = useState(profile.description);
  const set = useCommand(friends.setProfile);
  return (
    <form
      class="profile-about"
      onSubmit={(event) => {
        event.preventDefault();
        set.run({ description: text.trim() });
      }}
    >
      <label htmlFor="about-you">About you</label>
      <textarea
        id="about-you"
        rows={2}
        value={text}
        maxLength={LONGEST}
        dir="auto"
        placeholder="A few words, or none"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {text.trim() !== profile.description && (
        <button type="submit" class="button" disabled={set.busy}>
          <Icon name="check" /> Save
        </button>
      )}
      <ErrorLine error={set.error} who="Wherry" />
    </form>
  );
}
