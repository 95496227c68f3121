import { defineConfig } from "vitest/config";

/** `npm run fuzz` and its like go on for as long as they are told. */
const fuzzMs = Number(process.env["FUZZ_MINUTES"] ?? 0) * 60_000;
const endToEnd = ["test/e2e/**/*.test.ts"];

/** How long `expect.poll` looks for what is to come; a second, its default, is less than a busy machine may keep a test waiting. */
const expectOptions = { poll: { timeout: 10_000 } };

export default defineConfig({
  test: {
    // Two cores, real sockets: more workers only make timing worse.
    maxWorkers: 2,
    watch: false,
    projects: [
      { test: { name: "rooms", include: ["test/**/*.test.ts"], exclude: [...endToEnd, "test/optional/**"], testTimeout: 20_000 + 2 * fuzzMs, hookTimeout: 20_000, expect: expectOptions } },
      // Only these run the published entry point, so only these wait for a build.
      { test: { name: "e2e", include: endToEnd, globalSetup: ["test/build-once.ts"], testTimeout: 60_000, hookTimeout: 60_000, expect: expectOptions } },
    ],
  },
});
