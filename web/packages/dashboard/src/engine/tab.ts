import { signal } from "@preact/signals";
import { STARTING, type Engine } from "./engine.ts";
import { STAGES } from "./stages.ts";
import { stagedEngine } from "./staged.ts";

export const tabEngine = (): Engine => ({ ...stagedEngine(STAGES["starting"] ?? { state: STARTING, hash: "" }), state: signal(STARTING) });
