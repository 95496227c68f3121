import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build-once.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Two cores, real sockets: more workers only make timing worse.
    maxWorkers: 2,
    watch: false,
  },
});
