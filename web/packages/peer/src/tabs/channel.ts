/** What the tabs of one page say to each other, over a BroadcastChannel. */

import type { ConnectionState, ErrorInfo, PeerEvent, PeerState, PingReply, Trace } from "../types.ts";

/** A stream or flow that the leading tab has opened, and the number by which it is named. */
export interface Opened {
  readonly number: number;
  readonly peer: string;
}

/** What a following tab may ask the leading one to do; arguments and results are plain data. */
export interface Calls {
  snapshot: [[], { readonly state: PeerState; readonly traces: readonly Trace[] }];
  connect: [[who: string], ConnectionState];
  disconnect: [[peer: string], null];
  ping: [[who: string], PingReply];
  setName: [[name: string], null];
  exportKey: [[], string];
  importKey: [[text: string], null];
  exportProfile: [[passphrase: string], Blob];
  importProfile: [[file: Blob, passphrase: string], null];
  /** Open a stream; the result is the number by which the other calls name it. */
  openStream: [[who: string, name: string], Opened];
  write: [[number: number, data: Uint8Array], null];
  read: [[number: number], Uint8Array | null];
  finish: [[number: number], null];
  reset: [[number: number, code: number], null];
  stop: [[number: number, code: number], null];
  openDatagrams: [[who: string, name: string], Opened & { readonly maxBytes: number }];
  send: [[number: number, data: Uint8Array], boolean];
  receive: [[number: number], Uint8Array | null];
  close: [[number: number], null];
  /** Something of one of the peer's rooms. */
  feature: [[room: Room, name: string, args: readonly unknown[]], unknown];
}

export type Room = "friends" | "messages" | "invitations";

export type Method = keyof Calls;
export type Arguments<M extends Method> = Calls[M][0];
export type Result<M extends Method> = Calls[M][1];

export type TabMessage =
  /** Is anybody leading? */
  | { readonly type: "who"; readonly from: string }
  /** I lead; of two who do, the later term counts. */
  | { readonly type: "leads"; readonly from: string; readonly term: number }
  /** I want to lead, where nobody does. */
  | { readonly type: "claim"; readonly from: string }
  | { readonly type: "bye"; readonly from: string }
  | {
      readonly type: "call";
      readonly from: string;
      readonly id: number;
      readonly method: Method;
      readonly args: readonly unknown[];
    }
  | { readonly type: "result"; readonly to: string; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly to: string; readonly id: number; readonly error: ErrorInfo }
  | { readonly type: "event"; readonly event: PeerEvent };

/** One tab's end of the channel. */
export interface Channel {
  /** This tab, among the others. */
  readonly id: string;
  post(message: TabMessage): void;
  listen(listener: (message: TabMessage) => void): void;
  close(): void;
}

/** The browser's channel, or null where there is none: then this tab is alone. */
export function openChannel(id: string): Channel | null {
  if (typeof BroadcastChannel === "undefined") return null;
  const channel = new BroadcastChannel("wherry");
  let open = true;
  return {
    id,
    post: (message) => {
      if (open) channel.postMessage(message);
    },
    // other tabs of the same page wrote it: the origin is the same, and so is the program
    listen: (listener) => channel.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => listener(data)),
    close: () => {
      open = false;
      channel.close();
    },
  };
}
