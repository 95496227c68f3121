import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { judgeJournal } from "../../src/run/index.ts";
import { aRun, only, shop } from "../support/a-run.ts";
import { isListening } from "../support/chaos.ts";

describe("a whole run", () => {
  test("starts, loads, injects, lifts, undoes and judges", async () => {
    const { report, events, journalPath, left } = await aRun(shop());
    const order = events.filter(({ kind }) => !["sample", "exchange", "connection", "stall", "starved"].includes(kind)).map((event) => {
      switch (event.kind) {
        case "service-started":
        case "service-ready":
        case "service-exited": return `${event.kind} ${event.service}`;
        case "phase-started":
        case "phase-ended": return `${event.kind} ${event.phase}`;
        case "listening": return `${event.kind} ${event.caller}`;
        default: return event.kind;
      }
    });
    expect(order).toEqual([
      "listening default", "listening shop",
      "service-started stock", "service-ready stock", "service-started shop", "service-ready shop",
      "phase-started warmup", "phase-ended warmup", "phase-started before", "phase-ended before", "baseline",
      "phase-started during", "faults-set", "phase-ended during", "faults-lifted", "phase-started after", "phase-ended after",
      "service-exited shop", "service-exited stock", "ended",
    ]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
    expect(only(events, "service-exited").every(({ expected }) => expected)).toBe(true);
    expect(left).toEqual([]);

    // 50/s for 3.4 s, each numbered once, each known by its trace.
    const samples = only(events, "sample");
    expect(samples.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 170 }, (_, i) => i + 1));
    const traces = only(events, "exchange").map(({ trace }) => trace);
    expect(new Set(traces).size).toBe(traces.length);
    expect(only(events, "exchange").every(({ caller }) => caller === "shop")).toBe(true);
    expect(only(events, "exchange").some(({ faults }) => faults?.some(({ decision }) => decision === "applied") === true)).toBe(true);
    expect(report.faults[0]?.applied).toBeGreaterThan(0);

    // Judged again, from the path and from lines: the same bytes.
    const again = await judgeJournal(journalPath);
    const lines = await judgeJournal(createInterface({ input: createReadStream(journalPath) }));
    expect(JSON.stringify(again)).toBe(JSON.stringify(report));
    expect(JSON.stringify(lines)).toBe(JSON.stringify(report));

    for (const { port } of [...only(events, "listening"), ...only(events, "service-started")]) expect(await isListening(port ?? 0)).toBe(false);
  });

  test("waits for the port of a service that does not say how to tell that it is ready", async () => {
    const text = shop({ phases: "{ warmup: 0s, before: 2s, during: 200ms, after: 600ms }" }).replaceAll(/,? *ready: \{.*?within: 15s \}/g, "").replace("timeout: 1s", "timeout: 10s");
    expect(text).not.toContain("ready:");
    const { events } = await aRun(text);
    expect(only(events, "service-ready").map(({ service }) => service)).toEqual(["stock", "shop"]);
    expect(only(events, "sample").filter(({ failure }) => failure !== undefined)).toEqual([]);
  });

  test("goes on beside another one of the same experiment", async () => {
    const brief = shop({ phases: "{ warmup: 0s, before: 2s, during: 400ms, after: 400ms }" });
    const both = await Promise.all([aRun(brief), aRun(brief)]);
    const ports = both.flatMap(({ events }) => [...only(events, "listening"), ...only(events, "service-started")].map(({ port }) => port));
    expect(new Set(ports).size).toBe(8);
    for (const { events, left } of both) {
      expect(only(events, "failed")).toEqual([]);
      expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true });
      expect(left).toEqual([]);
    }
    expect(new Set(both.map(({ report }) => report.runId)).size).toBe(2);
  });

  test("repeats during and after for each epoch, with a pause between", async () => {
    const { events } = await aRun(shop({ phases: "{ warmup: 0s, before: 2s, during: 300ms, after: 300ms, epochs: 2 }" }));
    expect(only(events, "phase-started").map(({ phase, epoch }) => `${phase} ${epoch}`)).toEqual(["before 1", "during 1", "after 1", "pause 1", "during 2", "after 2"]);
    expect(only(events, "faults-set").map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(only(events, "faults-lifted").map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  test("tells each replica its own listener and port", async () => {
    const text = shop({ phases: "{ warmup: 0s, before: 2s, during: 200ms, after: 200ms }" }).replace("command: [node, caller.mjs]", "command: [node, caller.mjs]\n    replicas: 2");
    const { events, left } = await aRun(text);
    expect(only(events, "listening").map(({ caller }) => caller)).toEqual(["default", "shop", "shop#2"]);
    const started = only(events, "service-started").filter(({ service }) => service === "shop");
    expect(started.map(({ replica }) => replica)).toEqual([1, 2]);
    expect(new Set(started.map(({ port }) => port)).size).toBe(2);
    expect(left).toEqual([]);
  });
});
