/** The page that endpoints serve: the peer in this tab, shown. */
import { tabEngine } from "./engine/tab.ts";
import { mount, storage } from "./mount.tsx";

mount(tabEngine(storage()));
