import { useMemo } from "preact/hooks";
import { flagsOf, type Flag } from "./flags.ts";

/** Four flags on a square of 24 × 24; for a drawing that is one already. */
export function Flags({ of }: { readonly of: readonly Flag[] }) {
  return (
    <>
      {of.map((flag) => (
        <g key={flag.at} transform={`translate(${flag.at})`}>
          <rect width="12" height="12" fill={flag.field} />
          <path d={flag.pattern} fill={flag.charge} />
        </g>
      ))}
    </>
  );
}

/** The coloured pattern of an id. The id is always near it in text, so screen readers pass it by. */
export function Identicon({ id, size = 40 }: { readonly id: string; readonly size?: number }) {
  const flags = useMemo(() => flagsOf(id), [id]);
  return (
    <svg class="identicon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <Flags of={flags} />
    </svg>
  );
}
