import { useMemo } from "preact/hooks";
import { flagsOf } from "./flags.ts";

/** The coloured pattern of an id. The id is always near it in text, so screen readers pass it by. */
export function Identicon({ id, size = 40 }: { readonly id: string; readonly size?: number }) {
  const flags = useMemo(() => flagsOf(id), [id]);
  return (
    <svg class="identicon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      {flags.map((flag, n) => (
        <g key={n} transform={`translate(${(n % 2) * 12} ${Math.floor(n / 2) * 12})`}>
          <rect width="12" height="12" fill={flag.field} />
          <path d={flag.pattern} fill={flag.charge} />
        </g>
      ))}
    </svg>
  );
}
