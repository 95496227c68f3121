import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventOf, eventsIn, eventually, fixture, isRunning, scratchFolder, start } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

/** Whether a process stands still (T). Linux only. */
function standsStill(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

describe("while a service stands still", () => {
  test.each([["SIGINT", 130, true], ["SIGTERM", 143, true], ["SIGKILL", undefined, false]] as const)("%s leaves no process, still or not", async (signal, code, isTold) => {
    const journal = folder.file(`${signal}.ndjson`);
    const child = start(["run", fixture("frozen.yaml"), "--journal", journal], { cwd: folder.path });
    await eventOf(journal, "service-faulted");
    const pids = (await eventsIn(journal)).flatMap((event) => (event.kind === "service-started" ? [event.pid] : []));
    expect(pids.length).toBe(2);
    await eventually(() => (pids.some((pid) => standsStill(pid)) ? true : undefined));
    child.kill(signal);
    const { exitCode } = await child;
    expect(exitCode).toBe(code);
    await eventually(() => (pids.some(isRunning) ? undefined : true));
    expect(pids.filter(isRunning)).toEqual([]);
    const kinds = (await eventsIn(journal)).map(({ kind }) => kind);
    expect([kinds.includes("service-restored"), kinds.includes("ended")]).toEqual([isTold, isTold]);
  });
});
