/** How far a message is: clock, one tick, two ticks, two ticks filled, and a sign where it failed. */
import type { MessageState } from "../engine/friends.ts";
import { STATE_WORDS } from "../words/chat.ts";

const ONE = "M4.5 8.5l3.2 3.2L14.5 5";
const TWO = "M2 8.5l3.2 3.2L12 5M9.8 11.5l.2.2L17 5";

const SHAPES: Readonly<Record<MessageState, () => preact.JSX.Element>> = {
  queued: () => (
    <>
      <circle cx="9.5" cy="8" r="5.6" />
      <path d="M9.5 4.8V8l2.2 1.5" />
    </>
  ),
  held: () => <path d={ONE} />,
  delivered: () => <path d={TWO} />,
  read: () => (
    <>
      <rect class="mark-fill" x="-1.5" y="0.8" width="22" height="14.6" rx="7.3" />
      <path class="mark-cut" d={TWO} />
    </>
  ),
  failed: () => (
    <>
      <circle cx="9.5" cy="8" r="6" />
      <path d="M9.5 4.8V8.6M9.5 11v.2" />
    </>
  ),
};

/** The mark with its word, on hover and for screen readers. */
export function StateMark({ state }: { readonly state: MessageState }) {
  const Shape = SHAPES[state];
  return (
    <span class={`state-mark state-${state}`} title={STATE_WORDS[state]}>
      <svg viewBox="-2 0 23 16" width="23" height="16" aria-hidden="true" focusable="false">
        <Shape />
      </svg>
      <span class="offscreen">{STATE_WORDS[state]}</span>
    </span>
  );
}
