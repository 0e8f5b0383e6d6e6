import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Bytes, gzipped, of all that a visit loads: a phone on a bad network has to get it. Half of it is the peer: a double
 * ratchet, mailboxes and a database are not had for less, and every tab is a whole node. At 400 kbit/s it is there in 3 s.
 */
const BUDGET = 160_000;

/** What the page may do, wherever it is served; an endpoint's own header can only be stricter. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

function policy(): Plugin {
  return {
    name: "wherry-policy",
    apply: "build",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
    ],
  };
}

function budget(): Plugin {
  return {
    name: "wherry-budget",
    apply: "build",
    writeBundle(_options, bundle) {
      const files = Object.values(bundle);
      const assets = files.filter((file) => file.type === "asset" && !file.fileName.endsWith(".map")).map((file) => file.fileName);
      const entry = files.find((file) => file.type === "chunk" && file.isEntry);
      if (entry?.type !== "chunk") return;
      // A visit is the page with the engine of whoever serves it.
      for (const engine of entry.dynamicImports.filter((name) => isEngine(bundle[name]))) {
        const loaded = new Set([...assets, ...needed(bundle, entry.fileName), ...needed(bundle, engine)]);
        const total = [...loaded].reduce((sum, name) => sum + zipped(bundle[name]), 0);
        this.info(`page with ${engine}: ${(total / 1000).toFixed(1)} kB gzipped, of ${BUDGET / 1000}`);
        if (total > BUDGET) this.error("the page is too big");
      }
    },
  };
}

type Bundle = Parameters<Extract<NonNullable<Plugin["writeBundle"]>, (...given: never[]) => unknown>>[1];

const isEngine = (file: Bundle[string] | undefined): boolean =>
  file?.type === "chunk" && file.facadeModuleId?.includes("/src/engine/") === true;

/** A chunk and whatever it loads with it. */
function needed(bundle: Bundle, name: string, found = new Set<string>()): ReadonlySet<string> {
  const file = bundle[name];
  if (file?.type !== "chunk" || found.has(name)) return found;
  found.add(name);
  for (const other of file.imports) needed(bundle, other, found);
  return found;
}

function zipped(file: Bundle[string] | undefined): number {
  return file === undefined ? 0 : gzipSync(file.type === "chunk" ? file.code : file.source).length;
}

/** `vite build` makes what endpoints serve; `vite build --mode staged` the pictures' page, into a folder of its own. */
export default defineConfig(({ mode }) => {
  const staged = mode === "staged";
  return {
    root: import.meta.dirname,
    base: "./",
    plugins: staged ? [policy()] : [policy(), budget()],
    build: {
      target: "es2022",
      outDir: staged ? "../../node_modules/.cache/staged" : "dist",
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rolldownOptions: { input: resolve(import.meta.dirname, staged ? "staged.html" : "index.html") },
    },
    test: { name: "dashboard", environment: "happy-dom", env: { TZ: "UTC" } },
  };
});
