import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chaos, eventOf, eventsIn, eventually, fixture, isListening, isRunning, readReport, scratchFolder, start } from "../support/chaos.ts";
import { processesWith } from "../support/processes.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

/** A long run whose fault has just been put in force. */
async function runningWithFault(name: string) {
  const journal = folder.file(`${name}.ndjson`);
  const report = folder.file(`${name}.json`);
  const child = start(["run", fixture("shop.yaml"), "--var", "during=60s", "--var", "steady=0%", "--journal", journal, "--report", `json=${report}`], { cwd: folder.path });
  await eventOf(journal, "faults-set");
  const events = await eventsIn(journal);
  const found = {
    pids: events.flatMap((event) => (event.kind === "service-started" ? [event.pid] : [])),
    ports: events.flatMap((event) => ((event.kind === "listening" || event.kind === "service-started") && event.port !== undefined ? [event.port] : [])),
  };
  // Two services with their ports, and the proxy with one listener of its own for the caller.
  expect([found.pids.length, found.ports.length]).toEqual([2, 4]);
  return { child, journal, report, ...found };
}

/** What of a run is still there once its processes had time to end. */
async function leftOf({ pids, ports }: { readonly pids: readonly number[]; readonly ports: readonly number[] }): Promise<readonly number[]> {
  await eventually(() => (pids.some(isRunning) ? undefined : true));
  const listening = await Promise.all(ports.map((port) => isListening(port)));
  return ports.filter((_, i) => listening[i]);
}

describe("while a fault is in force", () => {
  test.each([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const)("%s lifts it, ends every process, frees every port, reports, and ends with %i", async (signal, code) => {
    const run = await runningWithFault(signal);
    run.child.kill(signal);
    const { exitCode, stderr } = await run.child;
    expect(exitCode).toBe(code);
    expect(stderr).toContain("stopping");
    expect(await leftOf(run)).toEqual([]);
    const events = await eventsIn(run.journal);
    expect(events.map(({ kind }) => kind)).toContain("faults-lifted");
    expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
    const report = readReport(await readFile(run.report, "utf8"));
    expect(report).toMatchObject({ outcome: "interrupted", exitCode: code });
  });

  test("a second Ctrl-C while the clean stop waits ends it at once with 130, and leaves no process and no port", async () => {
    const journal = folder.file("twice.ndjson");
    const mark = randomUUID();
    const child = start(["run", fixture("stubborn.yaml"), "--journal", journal], { cwd: folder.path, env: { CHAOS_TEST_MARK: mark } });
    const { pid, port = 0 } = await eventOf(journal, "service-started");
    await eventOf(journal, "faults-set");
    child.kill("SIGINT");
    await eventOf(journal, "faults-lifted");
    // What follows at once is taken for the same Ctrl-C; by now it has heard the first one, however late.
    const heardMs = performance.now();
    await eventually(() => (performance.now() - heardMs > 400 ? true : undefined));
    child.kill("SIGINT");
    expect((await child).exitCode).toBe(130);
    expect(isRunning(pid), "it was not waited for").toBe(true);
    await eventually(() => (processesWith("CHAOS_TEST_MARK", mark).length === 0 ? true : undefined));
    // It has ended; until its new parent has heard so it still has its number.
    await eventually(() => (isRunning(pid) ? undefined : true));
    expect(await isListening(port)).toBe(false);
    // The journal tells that it was cut off.
    const { exitCode, stdout } = await chaos(["report", journal, "--report", "json"], { cwd: folder.path });
    expect(readReport(stdout)).toMatchObject({ outcome: "failed", because: expect.stringContaining("no end") as string });
    expect(exitCode).toBe(6);
  });

  test("kill -9 leaves no process and no port either", async () => {
    const run = await runningWithFault("SIGKILL");
    run.child.kill("SIGKILL");
    await run.child;
    expect(await leftOf(run)).toEqual([]);
  });

  test("an interrupt ends a series", async () => {
    const report = folder.file("series.json");
    const child = start(["run", fixture("shop.yaml"), "--var", "during=60s", "--var", "steady=0%", "--repeat", "3", "--report", `json=${report}`], { cwd: folder.path });
    await eventually(() => (isRunning(child.pid ?? 0) ? true : undefined));
    let said = "";
    await new Promise((resolve) => { child.stderr.on("data", (text) => { if ((said += String(text)).includes("before")) resolve(said); }); });
    child.kill("SIGINT");
    expect((await child).exitCode).toBe(130);
    expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({ schema: "chaos/suite/1", exitCode: 130, reports: [{ outcome: "interrupted" }] });
  });
});
