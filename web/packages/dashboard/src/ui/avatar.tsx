import type { TheirPresence } from "../engine/friends.ts";
import { Identicon } from "./identicon.tsx";

interface Properties {
  readonly id: string;
  readonly picture: string | null;
  readonly size?: number;
  /** What the friend has told, while there is a connection. */
  readonly presence?: TheirPresence;
}

/** The picture that somebody chose, else the pattern of the id; and what presence was told, as a shape in the corner. */
export function Avatar({ id, picture, size = 40, presence = "offline" }: Properties) {
  return (
    <span class="face">
      {picture === null ? (
        <Identicon id={id} size={size} />
      ) : (
        <img class="avatar" src={picture} alt="" width={size} height={size} />
      )}
      {presence !== "offline" && <Pip presence={presence} />}
    </span>
  );
}

/** Whole: here. A moon: away. A bar: busy. The words stand beside it. */
function Pip({ presence }: { readonly presence: Exclude<TheirPresence, "offline"> }) {
  return (
    <svg class={`pip pip-${presence}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <circle class="pip-edge" cx="8" cy="8" r="7.5" />
      {presence === "away" ? (
        <path class="pip-shape" d="M10.8 12.4A5.3 5.3 0 1 1 9 2.8a4.6 4.6 0 0 0 1.8 9.6z" />
      ) : (
        <circle class="pip-shape" cx="8" cy="8" r="5" />
      )}
      {presence === "busy" && <path class="pip-bar" d="M5.6 8h4.8" />}
    </svg>
  );
}
