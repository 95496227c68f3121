import { access, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chaos, eventsIn, fixture, isListening, isRunning, readReport, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

/** Runs the shop with a defect in the program itself; 60 s of `during` would outlast the test. */
async function sabotaged(sabotage: string, during: string, more: readonly string[] = []) {
  const [journal, report] = [folder.file(`${sabotage}.ndjson`), folder.file(`${sabotage}.json`)];
  const preload = `--import=${fileURLToPath(new URL("../support/sabotage.mjs", import.meta.url))}`;
  const ran = await chaos(["run", fixture("shop.yaml"), "--var", `during=${during}`, "--var", "steady=0%", "--journal", journal, "--report", `json=${report}`, "--report", "text", ...more], {
    cwd: folder.path, env: { NODE_OPTIONS: preload, SABOTAGE: sabotage },
  });
  const events = await eventsIn(journal);
  const started = events.flatMap((event) => (event.kind === "service-started" ? [event] : []));
  const ports = events.flatMap((event) => ((event.kind === "listening" || event.kind === "service-started") && event.port !== undefined ? [event.port] : []));
  expect([started.length, ports.length]).toEqual([2, 4]);
  expect(started.filter(({ pid }) => isRunning(pid))).toEqual([]);
  expect((await Promise.all(ports.map((port) => isListening(port)))).filter(Boolean)).toEqual([]);
  expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
  expect(events.filter(({ kind }) => kind === "faults-lifted")).toHaveLength(1);
  expect(ran.exitCode).toBe(6);
  return { ...ran, events, report };
}

describe("a defect of the program itself, in the middle of a run,", () => {
  test.each([
    ["a rejection that nobody handles", "rejection"],
    ["an exception that nobody catches", "exception"],
    ["an event that cannot be written", "journal"],
  ])("lifts the fault, ends services and the journal, and is told without a stack: %s", async (_claim, sabotage) => {
    const { stdout, stderr, events, report } = await sabotaged(sabotage, "60s");
    expect(readReport(await readFile(report, "utf8"))).toMatchObject({ outcome: "failed", exitCode: 6, because: "chaos itself failed: sabotaged." });
    expect(stdout).toContain("chaos itself failed: sabotaged");
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([{ code: "defect", stack: expect.stringMatching(/^\s+at /m) as string }]);
  });

  test("is told with its stack when asked for", async () => {
    const { stderr } = await sabotaged("rejection", "60s", ["--verbose"]);
    expect(stderr).toMatch(/TypeError: sabotaged\n\s+at /);
  });
});

describe("a defect of the program itself, at the end of a run,", () => {
  test("in the judge is told with the journal's path, and no report is left half-made", async () => {
    const { stdout, stderr, report } = await sabotaged("judge", "1s");
    expect(stderr).toMatch(/error: the run is over and undone, but it could not be judged: sabotaged \[judge-failed\]\n {2}help: .*judge\.ndjson/);
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    await expect(access(report)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("in one reporter keeps the other reports", async () => {
    const { stdout, stderr, report } = await sabotaged("reporter", "1s");
    expect(stderr).toContain("error: the text report could not be given: sabotaged [report-failed]");
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(readReport(await readFile(report, "utf8"))).toMatchObject({ schema: "chaos/report/1" });
  });
});
