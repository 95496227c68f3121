import { afterAll, beforeAll, expect, test } from "vitest";
import { chaos, fixture, readReport, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

test("two runs of one experiment at once share no port and no file", async () => {
  const both = await Promise.all([0, 1].map(() => chaos(["run", fixture("shop.yaml"), "--var", "steady=0%", "--report", "json"], { cwd: folder.path })));
  const reports = both.map(({ stdout }) => readReport(stdout));
  // Two at once may leave each other too little of this machine to be judged.
  for (const { outcome, issues } of reports) expect(issues.some(({ code }) => code === "disturbed") ? ["held", "inconclusive"] : ["held"]).toContain(outcome);
  expect(reports[0]?.runId).not.toBe(reports[1]?.runId);
});
