import { defineProject } from "vitest/config";

/** Property tests take seconds where many tests run beside them on two cores. */
export default defineProject({ test: { testTimeout: 60_000 } });
