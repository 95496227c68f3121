import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeRequestKey } from "../../src/math/request-key.ts";
import { createTakenCount, mostWaiting, tookRecords } from "../../src/proxy/record-credit.ts";
import { createEnvFrom } from "../../src/proxy/worker-env.ts";
import { chaos, eventOf, eventsIn, eventually, fixture, isRunning, readReport, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

/** Runs the shop, with something done to the threads of the program beside its main one: so many ms after their start, or once the fault is in force. */
async function shopWith(inThreads: string, after: number | "faults-set", vars: readonly string[] = []) {
  const journal = folder.file(`${inThreads}.ndjson`);
  const report = folder.file(`${inThreads}.json`);
  const preload = `--import=${fileURLToPath(new URL("../support/in-threads.mjs", import.meta.url))}`;
  const when = folder.file(`${inThreads}.now`);
  const running = chaos(["run", fixture("shop.yaml"), "--var", "steady=0%", ...vars, "--journal", journal, "--report", `json=${report}`], {
    cwd: folder.path, env: { NODE_OPTIONS: preload, IN_THREADS: inThreads, ...(after === "faults-set" ? { IN_THREADS_WHEN: when } : { IN_THREADS_AFTER_MS: String(after) }) },
  });
  if (after === "faults-set") {
    await eventOf(journal, "faults-set");
    await writeFile(when, "");
  }
  const ran = await running;
  return { ...ran, journal, report: readReport(await readFile(report, "utf8")), events: await eventsIn(journal) };
}

function theOther(workerData: object): Worker {
  return new Worker(new URL("../support/one-clock.mjs", import.meta.url), { workerData, execArgv: [] });
}

describe("the thread of the proxies", () => {
  test("has one clock with the main thread: what happens later has a later time, whichever thread tells it", async () => {
    const startNs = process.hrtime.bigint();
    const env = createEnvFrom(startNs);
    const thread = theOther({ startNs, taken: createTakenCount() });
    for (let round = 0; round < 100; round += 1) {
      const beforeMs = env.nowMs();
      const answered = once(thread, "message");
      thread.postMessage({});
      const [{ nowMs }] = await answered as [{ nowMs: number }];
      expect(nowMs).toBeGreaterThanOrEqual(beforeMs);
      expect(nowMs).toBeLessThanOrEqual(env.nowMs());
    }
    await thread.terminate();
  });

  test("stands still while 16,384 records wait, and goes on as they are taken", async () => {
    const taken = createTakenCount();
    const sent = createTakenCount();
    const thread = theOther({ startNs: 0n, taken, sent });
    thread.postMessage({ batches: 1000 });
    await eventually(() => (Atomics.load(sent, 0) === mostWaiting ? true : undefined));
    tookRecords(taken, 64);
    await eventually(() => (Atomics.load(sent, 0) > mostWaiting ? true : undefined));
    expect(Atomics.load(sent, 0)).toBe(mostWaiting + 64);
    while (Atomics.load(sent, 0) < 64_000) {
      tookRecords(taken, 4096);
      await eventually(() => (Atomics.load(sent, 0) === Math.min(64_000, Atomics.load(taken, 0) + mostWaiting) ? true : undefined));
    }
    await thread.terminate();
  });

  test("that dies of an exception ends the run with 6 and its message, and everything is cleaned up", async () => {
    const { exitCode, report, events } = await shopWith("throw", "faults-set", ["--var", "during=60s"]);
    expect(exitCode).toBe(6);
    expect(report).toMatchObject({ outcome: "failed", exitCode: 6 });
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([{ code: "data-plane-died", message: expect.stringContaining("sabotaged") as string }]);
    expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
    const pids = events.flatMap((event) => (event.kind === "service-started" ? [event.pid] : []));
    expect(pids).toHaveLength(2);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("writes down where its own loop stood still", async () => {
    const { events } = await shopWith("block", 2000);
    const stalls = events.filter((event) => event.kind === "stall");
    expect(stalls.find(({ thread, lateMs }) => thread === "data-plane" && lateMs >= 250)).toBeDefined();
  });

  test("witnesses each call between the sending and the end of the sample that it was made for", async () => {
    const { events } = await shopWith("nothing", 60_000);
    const samples = new Map(events.flatMap((event) => (event.kind === "sample" && event.sentMs !== undefined && event.endMs !== undefined ? [[event.n, { sentMs: event.sentMs, endMs: event.endMs }]] : [])));
    const calls = events.flatMap((event) => {
      const n = event.kind === "exchange" ? decodeRequestKey("e2e", event.trace?.slice(16) ?? "")?.n : undefined;
      const sample = n === undefined ? undefined : samples.get(n);
      return event.kind === "exchange" && sample !== undefined ? [{ ...sample, startMs: event.startMs, headMs: event.headMs }] : [];
    });
    expect(calls.length).toBeGreaterThan(50);
    expect(calls.filter(({ sentMs, startMs, endMs }) => startMs <= sentMs || startMs >= endMs)).toEqual([]);
  });
});
