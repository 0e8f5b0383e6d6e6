/** The peer that runs in this tab, or in the tab that leads: started, and put into an engine. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { eraseBrowser, WherryError, WherryPeer } from "@wherry/peer";
import type { Engine } from "./engine.ts";
import { Forgetting, otherTabs } from "./forgetting.ts";
import { clearKept, Keep } from "./keep.ts";
import { PeerEngine } from "./peer-engine.ts";
import { startingEngine } from "./still.ts";
import { tabMail } from "./tab-mail.ts";

declare global {
  /** The peer of this tab, for the browser's console: `await wherry.ping("12D3KooW…")`. */
  var wherry: WherryPeer | undefined;
}

const BROWSER = {
  clock: () => performance.now(),
  time: () => Date.now(),
  pause: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),
  reload: () => location.reload(),
};

/** An engine that waits at first, and is the peer's own as soon as there is one; or says why there is none. */
export function tabEngine(storage: Storage | null): ReadonlySignal<Engine> {
  const engine = signal<Engine>(startingEngine());
  let peer: WherryPeer | null = null;
  const forgetting = new Forgetting(otherTabs(), {
    ...BROWSER,
    close: async () => peer?.close(),
    erase: async () => {
      if (peer !== null) await eraseBrowser(peer.state.id);
      clearKept(storage);
    },
    reload: () => {
      history.replaceState(null, "", "#/"); // whoever begins anew begins at the beginning
      location.reload();
    },
  });
  const start = async (): Promise<void> => {
    try {
      if (typeof RTCPeerConnection === "undefined") throw new WherryError("ENGINE_MISSING");
      peer = await WherryPeer.start();
      globalThis.wherry = peer;
      const started = new PeerEngine(peer, tabMail(peer), new Keep(storage, peer.state.id), {
        ...BROWSER,
        forgetEverything: () => forgetting.run(),
      });
      followBrowser(started);
      engine.value = started;
    } catch (error) {
      engine.value = startingEngine(WherryError.from(error).info);
    }
  };
  void start();
  return engine;
}

/** What the browser tells: its network, and what other tabs of this page have written. */
function followBrowser(engine: PeerEngine): void {
  const online = (): void => engine.setOnline(navigator.onLine);
  online();
  addEventListener("online", online);
  addEventListener("offline", online);
  addEventListener("storage", () => engine.readAgain());
}
