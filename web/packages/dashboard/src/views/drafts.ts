/** What is being written, by peer: it outlives a look at another chat, though not the page. */
import { signal } from "@preact/signals";
import type { Message } from "../engine/friends.ts";

export const drafts = signal<Readonly<Record<string, string>>>({});

/** The message that is answered. */
export const replying = signal<Readonly<Record<string, Message | undefined>>>({});
