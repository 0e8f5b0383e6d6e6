/** The page that is served: by an endpoint, around the peer in this tab; by a node to its owner, around that node. */
import { isNodes, takeToken } from "./engine/home.ts";
import { mount, sessionStore, storage } from "./mount.tsx";

const token = takeToken();

async function start(): Promise<void> {
  if (token !== null || isNodes()) {
    const { nodeEngine } = await import("./engine/node/start.ts");
    mount(nodeEngine(token, sessionStore()));
  } else {
    const { tabEngine } = await import("./engine/tab.ts");
    mount(tabEngine(storage()));
  }
}

void start();
