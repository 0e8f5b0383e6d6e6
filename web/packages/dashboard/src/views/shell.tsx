/** The frame: bar on top, panes side by side where there is room, one at a time and tabs below on a phone. */
import { useEffect, useRef } from "preact/hooks";
import { now } from "../clock.ts";
import { useEngineState } from "../context.ts";
import { hashOf, route, type Route } from "../router.ts";
import { friendOf, nameOf, unreadOf, waitingOf } from "../model/friends.ts";
import { narrow, roomy } from "../screen.ts";
import { theme, THEME_WORDS, THEMES } from "../theme.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Wordmark } from "../ui/logo.tsx";
import { barOf, goneWords } from "../words/verdict.ts";
import { called } from "../words/names.ts";
import { AddView } from "./add.tsx";
import { Failure } from "./failure.tsx";
import { ChatView } from "./chat.tsx";
import { FriendList, FriendsView, Unread } from "./friends.tsx";
import { Notices } from "./notices.tsx";
import { useNotifications } from "./notify.tsx";
import { Rest } from "./rest.tsx";
import { YouSide, YouView } from "./you.tsx";

export function Shell() {
  const state = useEngineState();
  const at = route.value;
  const main = useRef<HTMLElement>(null);
  const hash = hashOf(at);
  useTitle(at);
  useNotifications();
  useEffect(() => {
    const at = main.current;
    if (at?.dataset["shown"] === undefined) at?.setAttribute("data-shown", "");
    else if (!at.contains(document.activeElement)) at.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [hash]);
  if (state.failure !== null) return <Failure error={state.failure} />;
  return (
    <div class="shell" data-at={at.at}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the main part
      </button>
      <header class="top">
        <a class="home" href="#/" aria-label="Wherry, first page">
          <Wordmark />
        </a>
        <Places at={at} class="places-top" />
        <ThemeSwitch />
      </header>
      <OwnBar />
      <div class="panes">
        {!narrow.value && <FriendList selected={"id" in at ? at.id : null} />}
        <main id="main" class="pane-main" tabIndex={-1} ref={main}>
          {!isChat(at) && <Notices />}
          <Main at={at} />
        </main>
        {!(narrow.value && ALONE.has(at.at)) && <Side at={at} />}
      </div>
      <Places at={at} class="places-below" />
    </div>
  );
}

/** Places that have nothing beside them where there is no room beside. */
const ALONE: ReadonlySet<Route["at"]> = new Set<Route["at"]>(["friends", "add"]);

/** A chat brings its own notices: it has the whole height. */
const isChat = (at: Route): boolean => at.at === "chat" || (at.at === "about" && roomy.value);

function Main({ at }: { readonly at: Route }) {
  switch (at.at) {
    case "chat":
      return <ChatView key={at.id} id={at.id} />;
    case "about":
      return roomy.value ? <ChatView key={at.id} id={at.id} /> : <Rest>{(views) => <views.DetailsView key={at.id} id={at.id} />}</Rest>;
    case "peer":
      return <Rest>{(views) => <views.PeerView key={at.id} id={at.id} />}</Rest>;
    case "mesh":
      return <Rest>{(views) => <views.MeshView />}</Rest>;
    case "settings":
      return <Rest>{(views) => <views.SettingsView />}</Rest>;
    case "add":
      return <AddView key={at.text} text={at.text} />;
    case "friends":
      return narrow.value ? <FriendsView /> : <YouView />;
    default:
      return <YouView />;
  }
}

function Side({ at }: { readonly at: Route }) {
  switch (at.at) {
    case "chat":
    case "about":
      return roomy.value ? <Rest aside>{(views) => <views.DetailsSide key={at.id} id={at.id} />}</Rest> : null;
    case "peer":
      return <Rest aside>{(views) => <views.PeerSide id={at.id} />}</Rest>;
    case "mesh":
      return <Rest aside>{(views) => <views.MeshSide />}</Rest>;
    case "settings":
      return <Rest aside>{(views) => <views.SettingsSide />}</Rest>;
    default:
      return <YouSide />;
  }
}

const PLACES: readonly { readonly at: Route["at"]; readonly name: string; readonly icon: IconName; readonly href: string }[] = [
  { at: "you", name: "You", icon: "ticket", href: "#/" },
  { at: "friends", name: "Friends", icon: "chat", href: "#/friends" },
  { at: "mesh", name: "Mesh", icon: "mesh", href: "#/mesh" },
  { at: "settings", name: "Settings", icon: "sliders", href: "#/settings" },
];

function Places({ at, class: name }: { readonly at: Route; readonly class: string }) {
  const unread = unreadOf(useEngineState());
  const here = PLACES.some((place) => place.at === at.at) ? at.at : "friends";
  return (
    <nav class={name} aria-label={name === "places-top" ? "Places" : "Places, below"}>
      {PLACES.map((place) => (
        <a key={place.at} class={`place place-${place.at}`} href={place.href} {...(here === place.at ? { "aria-current": "page" } : {})}>
          <Icon name={place.icon} size={22} />
          <span>{place.name}</span>
          {place.at === "friends" && unread > 0 && <Unread count={unread} />}
        </a>
      ))}
    </nav>
  );
}

function ThemeSwitch() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  const label = `Look: ${THEME_WORDS[theme.value]}. Next: ${THEME_WORDS[next]}`;
  return (
    <button type="button" class="button quiet square" aria-label={label} title={label} onClick={() => (theme.value = next)}>
      <Icon name={theme.value} size={22} />
    </button>
  );
}

/** One's own connection is a thin bar, never a curtain; so is a node that has gone. */
function OwnBar() {
  const state = useEngineState();
  const said = state.gone === null ? barOf(state.peer, state.online, waitingOf(state)) : goneWords(state.gone.retryAt, now.value);
  return (
    <output class="own-bar" hidden={said === null}>
      {said}
    </output>
  );
}

function useTitle(at: Route): void {
  const state = useEngineState();
  const named = "id" in at ? called(nameOf(friendOf(state, at.id)) ?? state.peer?.peers.find((each) => each.peer === at.id)?.name, at.id) : TITLES[at.at];
  const unread = unreadOf(state);
  const title = [unread > 0 ? `(${unread})` : "", named === "" ? "Wherry" : `${named} · Wherry`].filter((part) => part !== "").join(" ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}

const TITLES: Readonly<Record<Exclude<Route["at"], "peer" | "chat" | "about">, string>> = {
  you: "",
  friends: "Friends",
  mesh: "Mesh",
  settings: "Settings",
  add: "Who is this?",
};
