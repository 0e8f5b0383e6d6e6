import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Bytes, gzipped, of all that a visit loads: a phone on a bad network has to get it. */
const BUDGET = 120_000;

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
      const sizes = Object.values(bundle).map((file) => gzipSync(file.type === "chunk" ? file.code : file.source).length);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      this.info(`page: ${(total / 1000).toFixed(1)} kB gzipped, of ${BUDGET / 1000}`);
      if (total > BUDGET) this.error("the page is too big");
    },
  };
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
