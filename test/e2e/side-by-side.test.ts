import { afterAll, beforeAll, expect, test } from "vitest";
import { chaosUndisturbed, fixture, readReport, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

test("two runs of one experiment at once share no port and no file", async () => {
  const both = await Promise.all([0, 1].map(() => chaosUndisturbed(["run", fixture("shop.yaml"), "--report", "json"], { cwd: folder.path })));
  const reports = both.map(({ stdout }) => readReport(stdout));
  expect(reports.map(({ outcome }) => outcome)).toEqual(["held", "held"]);
  expect(reports[0]?.runId).not.toBe(reports[1]?.runId);
});
