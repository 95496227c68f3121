import type { Event, JournalHeader } from "../../src/model/event.ts";
import { encodeEvent } from "../../src/journal/codec.ts";
import { JsonLines } from "../../src/journal/json-lines.ts";

/** The smallest header there can be. */
export const header: JournalHeader = {
  schema: "chaos/journal/1",
  runId: "20260101-000000-abcdef",
  startedAt: "2026-01-01T00:00:00.000Z",
  tracePrefix: "0123456789abcdef",
  tool: { version: "0.1.0", node: "20.19.0" },
  plan: {
    schema: "chaos/plan/1",
    file: "x.yaml",
    document: 0,
    seed: "s",
    seedGiven: true,
    digest: "0".repeat(64),
    experiment: {
      version: 1, title: "t", tags: [], confidence: 0.99, secrets: {}, services: [], proxies: [], probes: [], steadyState: [],
      phases: { warmupMs: 0, beforeMs: 0, duringMs: 0, afterMs: 0, epochs: 1 }, faults: [], hypotheses: [], guards: [],
    },
    schedule: [],
    listeners: [],
  },
};

/** The line of a journal that an event is, without its line break. */
export function lineOf(event: Event): string {
  const lines = new JsonLines(256);
  encodeEvent(event, lines);
  return Buffer.from(lines.take()).toString().slice(0, -1);
}
