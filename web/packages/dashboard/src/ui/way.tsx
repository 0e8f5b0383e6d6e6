/**
 * How a way looks: two banks and what is between them. The shape says it without its colour, the words beside it say it
 * without the shape.
 */
import type { LinkCode } from "../model/link.ts";

const BETWEEN: Readonly<Record<LinkCode, () => preact.JSX.Element>> = {
  direct: () => <path d="M7 9h22" />,
  direct_lan: () => (
    <>
      <path d="M7 9h22" />
      <rect class="thin" x="1" y="2" width="34" height="14" rx="7" />
    </>
  ),
  relayed: () => (
    <>
      <path d="M6.5 7.5L15.5 4.6M20.5 4.6l9 2.9" />
      <circle class="full" cx="18" cy="4" r="2.5" />
    </>
  ),
  signaling: () => (
    <>
      <path class="dashes" d="M6.5 7.5L15.5 4.6M20.5 4.6l9 2.9" />
      <rect class="full" x="15.8" y="1.8" width="4.4" height="4.4" />
    </>
  ),
  connecting: () => (
    <g class="course">
      <circle class="full" cx="12" cy="9" r="1.3" />
      <circle class="full" cx="18" cy="9" r="1.3" />
      <circle class="full" cx="24" cy="9" r="1.3" />
    </g>
  ),
  waiting: () => <path class="thin" d="M7 9h4M14 9h1" />,
  unreachable: () => <path d="M7 9h6M15.5 5.5l5 7M20.5 5.5l-5 7" />,
  self_offline: () => <path d="M13.5 15l9-12" />,
  known: () => <path class="thin" d="M9 9h2M14 9h2M19 9h2M24 9h2" />,
};

const REACHED: ReadonlySet<LinkCode> = new Set<LinkCode>(["direct", "direct_lan", "relayed", "signaling"]);

export function WayGlyph({ code }: { readonly code: LinkCode }) {
  const Between = BETWEEN[code];
  return (
    <svg class={`way way-${code}`} viewBox="0 0 36 18" width="36" height="18" aria-hidden="true" focusable="false">
      <circle class={code === "self_offline" ? "bank" : "bank full"} cx="4.5" cy="9" r="2.5" />
      <Between />
      <circle class={REACHED.has(code) ? "bank full" : "bank"} cx="31.5" cy="9" r="2.5" />
    </svg>
  );
}
