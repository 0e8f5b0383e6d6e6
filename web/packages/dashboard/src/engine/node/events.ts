/** A node's events as they come, through sockets that break and are opened again. */
import type { NodeApi } from "./api.ts";
import { number, object, text, type Json } from "./json.ts";

export interface NodeEvent {
  readonly type: string;
  readonly data: Json;
}

interface Handlers {
  readonly onEvent: (event: NodeEvent) => void;
  /** The socket is open; `missed`: it had been before. */
  readonly onOpen: (missed: boolean) => void;
  /** It broke; it is tried again in `ms`. */
  readonly onLost: (ms: number) => void;
  /** The node has answered that the session is over. */
  readonly onRefused: () => void;
}

/** Milliseconds before another try: at once where it was only restarted, then rarer. */
const PAUSES = [500, 1000, 2000, 4000, 8000, 15_000] as const;

/** How a node closes a socket whose token it does not know. */
const REFUSED = 4401;

/** Follow until the returned function is called. */
export function followEvents(api: NodeApi, pause: (ms: number) => Promise<void>, handlers: Handlers): () => void {
  let stopped = false;
  let socket: WebSocket | null = null;
  let since = 0;
  let tries = 0;
  let met = false;
  const open = (): void => {
    if (stopped) return;
    socket = api.follow(since);
    socket.addEventListener("open", () => {
      handlers.onOpen(met);
      met = true;
    });
    socket.addEventListener("message", (message: MessageEvent<unknown>) => {
      if (typeof message.data !== "string") return;
      const view = object(parsed(message.data));
      tries = 0;
      since = Math.max(since, number(view["seq"]));
      const type = text(view["type"]);
      if (type !== "") handlers.onEvent({ type, data: object(view["data"]) });
    });
    socket.addEventListener("close", (event) => {
      socket = null;
      if (stopped) return;
      if (event.code === REFUSED) {
        handlers.onRefused();
        return;
      }
      const wait = PAUSES[Math.min(tries, PAUSES.length - 1)] ?? 15_000;
      tries += 1;
      handlers.onLost(wait);
      void pause(wait).then(open);
    });
  };
  open();
  return () => {
    stopped = true;
    socket?.close();
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
