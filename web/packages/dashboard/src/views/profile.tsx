/** Oneself, as friends see it: presence, a picture, a few words. */
import { useRef, useState } from "preact/hooks";
import { useCommand, useEngine } from "../context.ts";
import type { Presence, Profile } from "../engine/friends.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icon.tsx";
import { ErrorLine } from "../ui/parts.tsx";
import { shrunk } from "../ui/picture.ts";
import { PRESENCE_HINTS, PRESENCE_WORDS } from "../words/friends.ts";
import { tidyText } from "../words/text.ts";
import { Choice, Setting } from "./setting.tsx";

/** Characters of a description. */
const LONGEST = 400;

const PRESENCES = Object.keys(PRESENCE_WORDS) as readonly Presence[];

interface Properties {
  readonly profile: Profile;
}

export function ProfileSettings({ profile, id }: Properties & { readonly id: string }) {
  return (
    <>
      <Setting name="Presence" value={PRESENCE_WORDS[profile.presence]}>
        <PresenceChoice profile={profile} />
      </Setting>
      <Setting name="Picture" value={profile.avatar === null ? "The pattern of your key" : "Your own"}>
        <Picture profile={profile} id={id} />
      </Setting>
      <Setting name="About you" value={profile.description === "" ? "Nothing" : tidyText(profile.description)}>
        <About key={profile.description} profile={profile} />
      </Setting>
    </>
  );
}

function PresenceChoice({ profile }: Properties) {
  const { friends } = useEngine();
  const set = useCommand(friends.setPresence);
  return (
    <>
      <Choice name="Presence" values={PRESENCES} words={PRESENCE_WORDS} chosen={profile.presence} choose={set.run} />
      <p class="hint">{PRESENCE_HINTS[profile.presence]}</p>
      <ErrorLine error={set.error} who="Wherry" />
    </>
  );
}

function Picture({ profile, id }: Properties & { readonly id: string }) {
  const { friends } = useEngine();
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
      <Avatar id={id} picture={profile.avatar} size={56} />
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

function About({ profile }: Properties) {
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
      <label class="offscreen" htmlFor="about-you">
        About you
      </label>
      <textarea
        id="about-you"
        rows={2}
        value={text}
        maxLength={LONGEST}
        dir="auto"
        placeholder="A few words, or none"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button" disabled={set.busy || text.trim() === profile.description}>
        <Icon name="check" /> Save
      </button>
      <ErrorLine error={set.error} who="Wherry" />
    </form>
  );
}
