/** The frame: bar on top, panes side by side where there is room, one at a time and tabs below on a phone. */
import { useEffect, useRef } from "preact/hooks";
import { useEngineState } from "../context.ts";
import { hashOf, route, type Route } from "../router.ts";
import { narrow } from "../screen.ts";
import { theme, THEMES, type Theme } from "../theme.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Wordmark } from "../ui/logo.tsx";
import { barOf } from "../words/verdict.ts";
import { called } from "../words/names.ts";
import { AddView } from "./add.tsx";
import { Failure } from "./failure.tsx";
import { MeshSide, MeshView } from "./mesh.tsx";
import { Notices } from "./notices.tsx";
import { PeerList, PeersView } from "./list.tsx";
import { PeerSide, PeerView } from "./peer.tsx";
import { YouSide, YouView } from "./you.tsx";

export function Shell() {
  const state = useEngineState();
  const at = route.value;
  const main = useRef<HTMLElement>(null);
  const hash = hashOf(at);
  useTitle(at);
  useEffect(() => {
    if (main.current?.dataset["shown"] === undefined) main.current?.setAttribute("data-shown", "");
    else main.current.focus({ preventScroll: true });
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
        {!narrow.value && <PeerList selected={at.at === "peer" ? at.id : null} />}
        <main id="main" class="pane-main" tabIndex={-1} ref={main}>
          <Notices />
          <Main at={at} />
        </main>
        {!(narrow.value && LIST_ONLY.has(at.at)) && <Side at={at} />}
      </div>
      <Places at={at} class="places-below" />
    </div>
  );
}

/** Places that have nothing beside them where there is no room beside. */
const LIST_ONLY: ReadonlySet<Route["at"]> = new Set<Route["at"]>(["peers", "add"]);

function Main({ at }: { readonly at: Route }) {
  switch (at.at) {
    case "peer":
      return <PeerView key={at.id} id={at.id} />;
    case "add":
      return <AddView key={at.text} text={at.text} />;
    case "mesh":
      return <MeshView />;
    case "peers":
      return narrow.value ? <PeersView /> : <YouView />;
    default:
      return <YouView />;
  }
}

function Side({ at }: { readonly at: Route }) {
  switch (at.at) {
    case "peer":
      return <PeerSide id={at.id} />;
    case "mesh":
      return <MeshSide />;
    default:
      return <YouSide />;
  }
}

const PLACES: readonly { readonly at: Route["at"]; readonly name: string; readonly icon: IconName; readonly href: string }[] = [
  { at: "you", name: "You", icon: "ticket", href: "#/" },
  { at: "peers", name: "Peers", icon: "peers", href: "#/peers" },
  { at: "mesh", name: "Mesh", icon: "mesh", href: "#/mesh" },
];

function Places({ at, class: name }: { readonly at: Route; readonly class: string }) {
  const here = at.at === "peer" || at.at === "add" ? "peers" : at.at;
  return (
    <nav class={name} aria-label={name === "places-top" ? "Places" : "Places, below"}>
      {PLACES.map((place) => (
        <a key={place.at} class={`place place-${place.at}`} href={place.href} {...(here === place.at ? { "aria-current": "page" } : {})}>
          <Icon name={place.icon} size={22} />
          <span>{place.name}</span>
        </a>
      ))}
    </nav>
  );
}

const LOOKS: Readonly<Record<Theme, string>> = { system: "as the system", light: "light", dark: "dark" };

function ThemeSwitch() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  const label = `Look: ${LOOKS[theme.value]}. Next: ${LOOKS[next]}`;
  return (
    <button type="button" class="button quiet square" aria-label={label} title={label} onClick={() => (theme.value = next)}>
      <Icon name={theme.value} size={22} />
    </button>
  );
}

/** One's own connection is a thin bar, never a curtain. */
function OwnBar() {
  const state = useEngineState();
  const said = barOf(state.peer, state.online);
  return (
    <output class="own-bar" hidden={said === null}>
      {said}
    </output>
  );
}

function useTitle(at: Route): void {
  const { peer } = useEngineState();
  const named = at.at === "peer" ? called(peer?.peers.find((each) => each.peer === at.id)?.name, at.id) : TITLES[at.at];
  useEffect(() => {
    document.title = named === "" ? "Wherry" : `${named} · Wherry`;
  }, [named]);
}

const TITLES: Readonly<Record<Exclude<Route["at"], "peer">, string>> = {
  you: "",
  peers: "Peers",
  mesh: "Mesh",
  add: "Who is this?",
};
