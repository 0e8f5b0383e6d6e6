/** Small pictures: a moored boat where nobody is, and the crossing between you and a peer. */
import type { Link } from "../model/link.ts";
import { isOpen } from "../model/link.ts";
import { Identicon } from "../ui/identicon.tsx";

export function Moored() {
  return (
    <svg class="scene" viewBox="0 0 200 84" aria-hidden="true" focusable="false">
      <path class="scene-sun" d="M146 50a20 20 0 1 1 40 0z" />
      <path class="scene-far" d="M0 50h200" />
      <g transform="translate(64 8) scale(1.9)">
        <path class="mark-sail" d="M13.2 3.2L24.6 7.8 22.8 19.4 12.4 19.4z" />
        <path class="mark-mast" d="M11.2 4.6V21.4" />
        <path class="mark-hull" d="M2.4 20.2c3.2 1.5 7.6 1.6 13.6 1.6s10.4-.5 13.6-2.2c-.8 3.6-3 5.6-6.2 5.6H8.8c-3.2 0-5.4-1.6-6.4-5z" />
      </g>
      <path class="scene-wave" d="M14 62c8-6 16-6 24 0s16 6 24 0 16-6 24 0 16 6 24 0 16-6 24 0 16 6 24 0 16-6 24 0" />
      <path class="scene-wave faint" d="M44 74c8-6 16-6 24 0s16 6 24 0 16-6 24 0 16 6 24 0" />
    </svg>
  );
}

/** You on one bank, the peer on the other, and how the water between is crossed. */
export function Crossing({ self, peer, link }: { readonly self: string; readonly peer: string; readonly link: Link }) {
  const open = isOpen(link);
  const between = link.code === "relayed" || link.code === "signaling";
  return (
    <div class={`crossing crossing-${link.code}`} aria-hidden="true">
      <Identicon id={self} size={56} />
      <svg class="crossing-water" viewBox="0 0 240 72" focusable="false">
        <path class="scene-wave faint" d={WAVE} transform="translate(0 56)" />
        <path class="scene-wave faint" d={WAVE} transform="translate(-18 66)" />
        {link.code === "direct_lan" && <rect class="crossing-lan" x="3" y="4" width="234" height="64" rx="32" />}
        <path class="crossing-line" d={between ? "M0 36L108 18M132 18L240 36" : COURSES[link.code] ?? "M0 36H240"} />
        {between && <circle class="crossing-relay" cx="120" cy="16" r="7" />}
        {link.code === "unreachable" && <path class="crossing-cut" d="M112 28l16 16M128 28l-16 16" />}
        {(open || link.code === "connecting") && !between && (
          <g class="crossing-boat" transform={open ? "translate(104 9)" : "translate(44 9)"}>
            <path class="mark-sail" d="M13.2 3.2L24.6 7.8 22.8 19.4 12.4 19.4z" />
            <path class="mark-mast" d="M11.2 4.6V21.4" />
            <path class="mark-hull" d="M2.4 20.2c3.2 1.5 7.6 1.6 13.6 1.6s10.4-.5 13.6-2.2c-.8 3.6-3 5.6-6.2 5.6H8.8c-3.2 0-5.4-1.6-6.4-5z" />
          </g>
        )}
      </svg>
      <Identicon id={peer} size={56} />
    </div>
  );
}

const WAVE = "M-20 0c10-6 20-6 30 0s20 6 30 0 20-6 30 0 20 6 30 0 20-6 30 0 20 6 30 0 20-6 30 0 20 6 30 0 20-6 30 0 20 6 30 0";

const COURSES: Readonly<Partial<Record<Link["code"], string>>> = {
  unreachable: "M0 36H104M136 36H240",
  waiting: "M0 36H60",
  self_offline: "M0 36H12",
  known: "M0 36H240",
};
