/** The settings in every state, staged. */
import { addressOf } from "./cast.ts";
import type { State } from "./engine.ts";
import { BASE, DAY, friend, message, MINUTE, NOW, YOU } from "./stage-parts.ts";
import type { Step } from "./stages-friends.ts";

interface SettingsStage {
  readonly state: State;
  readonly hash: string;
  readonly steps?: readonly Step[];
}

/** Of other people: whose they are does not show. */
const ADDRESSES: State["addresses"] = [
  { label: "", address: YOU.address },
  { label: "Web site", address: addressOf("Kim") },
  { label: "Business card of the boat yard at the long bend", address: addressOf("Lou") },
  { label: "بطاقة", address: addressOf("Nils") },
];

const ALONE: State = { ...BASE, peer: { ...YOU, keyIsNew: true }, addresses: [{ label: "", address: YOU.address }] };

const SETTLED: State = {
  ...BASE,
  keySaved: NOW - 3 * DAY,
  addresses: ADDRESSES,
  profile: { name: YOU.name, description: "I mend boats, and I write late in the evening.", avatar: null, presence: "away" },
  friends: [
    friend("Bela", { last: message("Bela", "You", NOW - 2 * MINUTE, "Send them, I'm ready") }),
    friend("Cy", { waiting: 2 }),
    friend("Piet", { name: null, state: "blocked", since: NOW - 40 * DAY, seen: null }),
    friend("Eve", { name: "Eve of the long and winding river valley", state: "blocked", since: NOW - 9 * DAY, seen: null }),
  ],
};

const hash = "#/settings";
const NODE: State = { ...SETTLED, home: "node", peer: { ...YOU, link: YOU.pageLink, pageLink: null } };

export const SETTINGS_STAGES: Readonly<Record<string, SettingsStage>> = {
  settings: { state: ALONE, hash },
  "settings-loading": { state: { ...BASE, addresses: null }, hash },
  "settings-addresses": { state: SETTLED, hash, steps: [{ click: ".addresses > .fold summary" }, { type: "#address-label", text: "Web site" }] },
  "settings-rotate": { state: SETTLED, hash, steps: [{ click: ".address:nth-child(2) summary" }] },
  "settings-open": {
    state: SETTLED,
    hash,
    steps: [1, 2, 3].map((n) => ({ click: `.setting:nth-of-type(${n}) summary` })),
  },
  "settings-device": { state: SETTLED, hash, steps: [1, 2, 3].map((n) => ({ click: `.pane-side .setting:nth-of-type(${n}) summary` })) },
  "settings-page": { state: SETTLED, hash, steps: [1, 2].map((n) => ({ click: `.settings > .card:nth-of-type(3) .setting:nth-of-type(${n}) summary` })) },
  "settings-forget": { state: SETTLED, hash, steps: [{ click: ".leave summary" }, { type: "#forget-name", text: "quiet heron" }] },
  "settings-restore": { state: ALONE, hash: "#/settings/restore" },
  "you-away": { state: SETTLED, hash: "#/" },
  "settings-node": { state: NODE, hash },
};
