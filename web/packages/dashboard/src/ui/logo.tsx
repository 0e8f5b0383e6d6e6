/** The mark: a Norfolk wherry, one tall sail over a long low hull, and the river. */

export function Mark({ size = 32 }: { readonly size?: number }) {
  return (
    <svg class="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <path class="mark-sail" d="M13.2 3.2L24.6 7.8 22.8 19.4 12.4 19.4z" />
      <path class="mark-mast" d="M11.2 4.6V21.4" />
      <path class="mark-hull" d="M2.4 20.2c3.2 1.5 7.6 1.6 13.6 1.6s10.4-.5 13.6-2.2c-.8 3.6-3 5.6-6.2 5.6H8.8c-3.2 0-5.4-1.6-6.4-5z" />
      <path class="mark-water" d="M2 28.6c2.3-1.7 4.7-1.7 7 0s4.7 1.7 7 0 4.7-1.7 7 0 4.7 1.7 7 0" />
    </svg>
  );
}

export function Wordmark() {
  return (
    <span class="brand">
      <Mark />
      <span class="wordmark">Wherry</span>
    </span>
  );
}
