/** Being told of messages while the page is in the background. Asked for when it makes sense, never on load. */
import { signal } from "@preact/signals";

export interface NotifyChoice {
  readonly on: boolean;
  /** Whether the message itself is shown, on a screen that others may see. */
  readonly text: boolean;
  /** Whether the person was asked, and has answered. */
  readonly asked: boolean;
}

const KEY = "wherry.notify";
const NOT_ASKED: NotifyChoice = { on: false, text: false, asked: false };

export const notifyChoice = signal<NotifyChoice>(NOT_ASKED);

let kept: Storage | null = null;

/** Read what was chosen in this browser. */
export function followNotify(storage: Storage | null): void {
  kept = storage;
  try {
    const { on, text, asked } = JSON.parse(storage?.getItem(KEY) ?? "{}") as Partial<Record<keyof NotifyChoice, unknown>>;
    notifyChoice.value = { on: on === true, text: text === true, asked: asked === true };
  } catch {
    notifyChoice.value = NOT_ASKED; // somebody else wrote it
  }
}

export function chooseNotify(choice: Partial<NotifyChoice>): void {
  notifyChoice.value = { ...notifyChoice.value, ...choice };
  try {
    kept?.setItem(KEY, JSON.stringify(notifyChoice.value));
  } catch {
    // full or forbidden: then the choice lives as long as the page
  }
}

/** Whether the browser can, and has not been told never to. */
export const canNotify = (): boolean => "Notification" in globalThis && window.isSecureContext && Notification.permission !== "denied";

/** Ask the browser's question; false where the answer is no. */
export async function turnOn(): Promise<boolean> {
  const on = canNotify() && (await Notification.requestPermission()) === "granted";
  chooseNotify({ on, asked: true });
  return on;
}

/** Show that somebody has written: one notice for each, replaced by the next. */
export function notify(peer: string, title: string, body: string, open: () => void): void {
  if (!notifyChoice.value.on || !document.hidden || !canNotify()) return;
  try {
    const notice = new Notification(title, { tag: peer, body: notifyChoice.value.text ? body : "A new message" });
    notice.addEventListener("click", () => {
      window.focus();
      open();
      notice.close();
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // some phones let only a service worker show them
  }
}
