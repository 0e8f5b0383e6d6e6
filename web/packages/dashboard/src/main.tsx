/** The page that is served: by an endpoint, around the peer in this tab; by a node to its owner, around that node. */
import { isNodes, nodeEngine, takeToken } from "./engine/node/start.ts";
import { tabEngine } from "./engine/tab.ts";
import { mount, sessionStore, storage } from "./mount.tsx";

const token = takeToken();
mount(token !== null || isNodes() ? nodeEngine(token, sessionStore()) : tabEngine(storage()));
