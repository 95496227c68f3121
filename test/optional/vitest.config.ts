import { defineConfig } from "vitest/config";

/** Suites that need servers of the system: `npm run test:optional`. What is not there is skipped, and the title says what it needs. */
export default defineConfig({
  test: { name: "optional", include: ["test/optional/**/*.test.ts"], watch: false, maxWorkers: 1, reporters: ["verbose"], testTimeout: 60_000, hookTimeout: 60_000 },
});
