import { defineConfig } from "vitest/config";

/** `npm run fuzz` and its like go on for as long as they are told. */
const fuzzMs = Number(process.env["FUZZ_MINUTES"] ?? 0) * 60_000;
const endToEnd = ["test/e2e/**/*.test.ts"];

/** For machines that others use. */
const patience = {
  // Its default, a second, is less than a test may be kept waiting for what is to come.
  expect: { poll: { timeout: 10_000 } },
  // What passes at its second try only is named at the end. None where cases are drawn at random: other cases would hide what was found.
  retry: fuzzMs > 0 ? 0 : 1,
};

export default defineConfig({
  test: {
    // Two cores, real sockets: more workers only make timing worse.
    maxWorkers: 2,
    watch: false,
    reporters: ["default", "./test/second-tries.ts"],
    projects: [
      { test: { name: "rooms", include: ["test/**/*.test.ts"], exclude: [...endToEnd, "test/optional/**"], testTimeout: 20_000 + 2 * fuzzMs, hookTimeout: 20_000, ...patience } },
      // Only these run the published entry point, so only these wait for a build.
      { test: { name: "e2e", include: endToEnd, globalSetup: ["test/build-once.ts"], testTimeout: 60_000, hookTimeout: 60_000, ...patience } },
    ],
  },
});
