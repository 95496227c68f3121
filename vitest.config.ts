import { defineConfig } from "vitest/config";

const endToEnd = ["test/e2e/**/*.test.ts"];

export default defineConfig({
  test: {
    // Two cores, real sockets: more workers only make timing worse.
    maxWorkers: 2,
    watch: false,
    projects: [
      { test: { name: "rooms", include: ["test/**/*.test.ts"], exclude: [...endToEnd, "test/optional/**"], testTimeout: 20_000, hookTimeout: 20_000 } },
      // Only these run the published entry point, so only these wait for a build.
      { test: { name: "e2e", include: endToEnd, globalSetup: ["test/build-once.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
  },
});
