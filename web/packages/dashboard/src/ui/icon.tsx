/** Our own icons, drawn on a 24 × 24 grid with one pen. They go with words, so they are hidden from screen readers. */

const PATHS = {
  ticket: "M4 7h16v3.2a1.8 1.8 0 0 0 0 3.6V17H4v-3.2a1.8 1.8 0 0 0 0-3.6zM14 7v2M14 11v2M14 15v2",
  peers: "M8.5 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19c.3-3.3 2.5-5 5.5-5s5.2 1.7 5.5 5M15.5 11.5a2.5 2.5 0 1 0-1-4.8M16.5 14.2c2.5.2 4.2 1.8 4.5 4.8",
  mesh: "M12 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.5 19.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18.5 19.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM11 7.3l-4.5 8.5M13 7.3l4.5 8.5M7.5 17.5h9",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  share: "M12 15V4M8 7.5L12 3.5l4 4M6 12H5v8.5h14V12h-1",
  check: "M5 12.5l4.5 4.5L19 7",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM13.5 7.5l3 3",
  plus: "M12 5v14M5 12h14",
  back: "M14.5 5l-7 7 7 7",
  next: "M9.5 5l7 7-7 7",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  dark: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  sliders: "M4 7h7M17 7h3M14 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM4 17h3M13 17h7M10 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  ping: "M12 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.8 13.5a6 6 0 0 1 8.4 0M4.5 10a10.6 10.6 0 0 1 15 0",
  echo: "M4 9h13M13.5 5.5L17 9l-3.5 3.5M20 15H7M10.5 11.5L7 15l3.5 3.5",
  gauge: "M4 17a8.5 8.5 0 1 1 16 0M12 15l4-5M12 16.2a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4z",
  key: "M8 15.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 11.5h9M18 11.5v3M15 11.5v2",
  warn: "M12 4L2.8 19.5h18.4zM12 10v4.5M12 17v.3",
  info: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 11v5M12 8v.3",
  save: "M12 4v10.5M8 11l4 4 4-4M4.5 17v3h15v-3",
  restore: "M12 15.5V5M8 8.5l4-4 4 4M4.5 17v3h15v-3",
  close: "M6 6l12 12M18 6L6 18",
  anchor: "M12 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM12 7.5V20M8 11h8M4.5 14c.5 4 3.5 6 7.5 6s7-2 7.5-6",
  globe: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17",
  chat: "M4.5 5h15v11H11l-4.5 4v-4h-2z",
  send: "M12 19V5.5M6.5 11L12 5.5l5.5 5.5",
  reply: "M9.5 7L4.5 12l5 5M5 12h8c4 0 6.5 2 6.5 6",
  bin: "M5 7h14M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 10.5v6M13.5 10.5v6",
  again: "M5 12a7 7 0 1 0 2.2-5.1M7.5 3v4.2h4.2",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20.5 20.5",
  down: "M12 5v13M6 12.5l6 6 6-6",
  bell: "M6 16.5V11a6 6 0 1 1 12 0v5.5l1.5 1.5h-15zM10.5 20.5h3",
  equal: "M5 9.5h14M5 14.5h14",
  block: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.3M4 12h.3M4 18h.3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
