/** What the first look at the page does without: it is loaded when that is drawn, see `rest.tsx`. */
export { DetailsSide, DetailsView } from "./details.tsx";
export { MeshSide, MeshView } from "./mesh.tsx";
export { PeerSide, PeerView } from "./peer.tsx";
export { SettingsSide, SettingsView } from "./settings.tsx";
