/** The settings in every state, staged. */
import { addressOf } from "./cast.ts";
import type { ErrorInfo, State } from "./engine.ts";
import { BASE, DAY, friend, message, MINUTE, NOW, YOU } from "./stage-parts.ts";
import type { Step } from "./stages-friends.ts";

interface SettingsStage {
  readonly state: State;
  readonly hash: string;
  readonly steps?: readonly Step[];
  readonly refusal?: ErrorInfo;
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
/** To where everything is saved, and a passphrase typed. */
const SAVE: readonly Step[] = [
  { click: ".pane-side .setting:nth-of-type(1) > summary" },
  { click: ".setting-body > .fold:nth-of-type(2) > summary" },
  { type: "#save-passphrase", text: "the heron stands very still" },
];
const RESTORE: readonly Step[] = [
  { choose: "#key-file", beginning: "WHERRYPF" },
  { type: "#restore-passphrase", text: "the heron stands very still" },
];
const LOCKED: ErrorInfo = {
  code: "EXPORT_LOCKED",
  side: "local",
  message: "The passphrase does not open this file.",
  hint: "Try again.",
  peer: null,
};
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
  "settings-save": { state: SETTLED, hash, steps: [...SAVE, { type: "#save-again", text: "the heron stood very still" }] },
  "settings-saving": {
    state: SETTLED,
    hash,
    steps: [...SAVE, { type: "#save-again", text: "the heron stands very still" }, { click: ".secret .button" }],
  },
  "settings-restore-all": { state: SETTLED, hash: "#/settings/restore", steps: [...RESTORE, { click: ".check input" }] },
  "settings-restore-locked": { state: ALONE, hash: "#/settings/restore", steps: [...RESTORE, { click: ".secret:has(#restore-passphrase) .button" }], refusal: LOCKED },
  "settings-restore": { state: ALONE, hash: "#/settings/restore" },
  "you-away": { state: SETTLED, hash: "#/" },
  "settings-node": { state: NODE, hash },
};
