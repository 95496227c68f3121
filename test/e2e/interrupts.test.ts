import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/model/report.ts";
import { eventOf, eventsIn, eventually, fixture, isListening, isRunning, scratchFolder, start } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

/** A long run whose fault has just been put in force. */
async function runningWithFault(name: string) {
  const journal = folder.file(`${name}.ndjson`);
  const report = folder.file(`${name}.json`);
  const child = start(["run", fixture("shop.yaml"), "--var", "during=60s", "--journal", journal, "--report", `json=${report}`], { cwd: folder.path });
  await eventOf(journal, "faults-set");
  const events = await eventsIn(journal);
  return {
    child, journal, report,
    pids: events.flatMap((event) => (event.kind === "service-started" ? [event.pid] : [])),
    ports: events.flatMap((event) => (event.kind === "listening" ? [event.port] : event.kind === "service-started" && event.port !== undefined ? [event.port] : [])),
  };
}

async function nothingIsLeft({ pids, ports }: { readonly pids: readonly number[]; readonly ports: readonly number[] }): Promise<void> {
  expect(pids).toHaveLength(2);
  expect(ports.length).toBeGreaterThanOrEqual(3);
  await eventually(() => (pids.some(isRunning) ? undefined : true));
  for (const port of ports) expect(await isListening(port)).toBe(false);
}

describe("while a fault is in force", () => {
  test.each([["SIGINT", 130], ["SIGTERM", 143]] as const)("%s lifts it, ends every process, frees every port, reports, and ends with %i", async (signal, code) => {
    const run = await runningWithFault(signal);
    run.child.kill(signal);
    const { exitCode, stderr } = await run.child;
    expect(exitCode).toBe(code);
    expect(stderr).toContain("stopping");
    await nothingIsLeft(run);
    const events = await eventsIn(run.journal);
    expect(events.map(({ kind }) => kind)).toContain("faults-lifted");
    expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
    const report = JSON.parse(await readFile(run.report, "utf8")) as Report;
    expect(report).toMatchObject({ outcome: "interrupted", exitCode: code });
  });

  test("kill -9 leaves no process and no port either", async () => {
    const run = await runningWithFault("SIGKILL");
    run.child.kill("SIGKILL");
    await run.child;
    await nothingIsLeft(run);
  });

  test("an interrupt ends a series", async () => {
    const report = folder.file("series.json");
    const child = start(["run", fixture("shop.yaml"), "--var", "during=60s", "--repeat", "3", "--report", `json=${report}`], { cwd: folder.path });
    await eventually(() => (isRunning(child.pid ?? 0) ? true : undefined));
    await new Promise((resolve) => { child.stderr.on("data", (text) => { if (String(text).includes("before")) resolve(text); }); });
    child.kill("SIGINT");
    expect((await child).exitCode).toBe(130);
    expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({ schema: "chaos/suite/1", exitCode: 130, reports: [{ outcome: "interrupted" }] });
  });
});
