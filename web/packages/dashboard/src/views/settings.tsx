/** Everything that can be set, on one page; each line says how it is now. */
import { useEngineState } from "../context.ts";
import { nameOf } from "../model/friends.ts";
import { hashOf } from "../router.ts";
import { theme, THEMES, THEME_WORDS } from "../theme.ts";
import { Icon } from "../ui/icon.tsx";
import { Card } from "../ui/parts.tsx";
import { called } from "../words/names.ts";
import { AddressCard } from "./addresses.tsx";
import { DeviceCard, ForgetCard, NodeDeviceCard } from "./device.tsx";
import { NotifySetting } from "./notify-setting.tsx";
import { ProfileSettings } from "./profile.tsx";
import { Choice, Setting } from "./setting.tsx";

export function SettingsView() {
  const { peer, profile } = useEngineState();
  return (
    <div class="settings">
      <h1>Settings</h1>
      {peer === null || profile === null ? (
        <div class="card skeleton" aria-busy="true" />
      ) : (
        <>
          <Card title="What friends see" icon="peers">
            <div>
              <a class="setting-line" href="#/">
                <span>Name</span> <span class="setting-value">{peer.name}</span> <Icon name="pencil" size={16} />
                <span class="offscreen">, to be changed on the first page</span>
              </a>
              <ProfileSettings profile={profile} id={peer.id} />
            </div>
          </Card>
          <AddressCard peer={peer} />
        </>
      )}
      <Card title="This page" icon="system">
        <div>
          <NotifySetting />
          <Setting name="Look" value={THEME_WORDS[theme.value]}>
            <Choice name="Look" values={THEMES} words={THEME_WORDS} chosen={theme.value} choose={(look) => (theme.value = look)} />
          </Setting>
        </div>
      </Card>
      <BlockedCard />
    </div>
  );
}

export function SettingsSide() {
  const { peer, home } = useEngineState();
  return (
    <aside class="pane-side" aria-label="This device">
      {home === "node" ? <NodeDeviceCard /> : peer !== null && <DeviceCard peer={peer} />}
      {home === "tab" && peer !== null && <ForgetCard peer={peer} />}
    </aside>
  );
}

/** Who is shut out; it is undone where the chat would be. */
function BlockedCard() {
  const blocked = (useEngineState().friends ?? []).filter((each) => each.state === "blocked");
  return (
    <Card title="Blocked" icon="block">
      <p class="hint">{blocked.length === 0 ? "Nobody." : "Nothing that they send reaches you. Open one to unblock them."}</p>
      {blocked.length > 0 && (
        <ul>
          {blocked.map((each) => (
            <li key={each.peer}>
              <a class="setting-line" href={hashOf({ at: "chat", id: each.peer })}>
                <span>{called(nameOf(each), each.peer)}</span> <Icon name="next" size={16} />
              </a>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
