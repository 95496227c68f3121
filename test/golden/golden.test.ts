import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { Observer } from "../../src/evidence/index.ts";
import { report } from "../../src/hypotheses/report.ts";
import { encodeHeader } from "../../src/journal/codec.ts";
import { readJournal } from "../../src/journal/read.ts";
import type { Report } from "../../src/model/report.ts";
import { findReporter, reporters } from "../../src/reporters/index.ts";
import { lineOf } from "../journal/header.ts";
import { boundOf } from "../support/hand-made.ts";
import { plannedParams } from "../support/planned-params.ts";
import { simulate } from "../support/simulate.ts";

/**
 * One fixed journal, and what every reporter prints of it. To change how reports look: change it, `npx vitest run test/golden -u`, and read the difference.
 * The journal itself stays: it is made anew (by the simulator) only when it is deleted.
 */
const journalFile = fileURLToPath(new URL("journal.ndjson", import.meta.url));

function makeJournal(): string {
  const hypothesis = (type: string, params: Parameters<typeof plannedParams>[1], name = `${type}-1`): { readonly name: string; readonly type: string; readonly params: ReturnType<typeof plannedParams> } => ({ name, type, params: plannedParams(type, params) });
  const { header, events } = simulate({
    seed: "golden", perSecond: 20, health: 5, phases: { warmupMs: 1000, beforeMs: 4000, duringMs: 12_000, afterMs: 9000 }, fault: { kind: "latency", delayMs: 3000 },
    service: { timeoutMs: 400, retry: { attempts: 3, backoff: "exponential", firstMs: 100, jitter: 0.5 }, breaker: { trips: { share: 0.5, volume: 10, windowMs: 10_000 }, coolDownMs: 2000 }, fallback: true },
    steadyState: [{ probe: "checkout", claims: [{ metric: "success", bound: boundOf("share", ">= 99%") }, { metric: "p95", bound: boundOf("duration", "<= 250ms") }], during: [{ metric: "available", bound: boundOf("share", ">= 95%") }], settleMs: 5000 }],
    hypotheses: [
      hypothesis("circuit-breaker", { proxy: "payments", probe: "checkout", opens: { within: "6s" }, whileOpen: { upstream: "<= 10%", answersWithin: "100ms" }, trials: { every: "1.5s..3s", calls: "<= 1" }, closes: { within: "5s" } }),
      hypothesis("retry", { proxy: "payments", probe: "checkout", attempts: "<= 3" }),
      hypothesis("timeout", { proxy: "payments", givesUp: "300ms..500ms", closesConnection: true }),
      hypothesis("fallback", { probe: "checkout", share: ">= 95%" }),
      hypothesis("health-check", { probe: "ready", turnsUnhealthy: { within: "6s" }, turnsHealthy: { within: "5s" }, liveness: "live" }),
      hypothesis("recovery", { probe: "checkout", within: "1s" }),
      hypothesis("claim", { probe: "checkout", available: ">= 99%", p95: "<= 2s" }, "buyers are answered"),
    ],
  });
  const experiment = { ...header.plan.experiment, title: "Checkout survives a slow payment provider", description: "When payments answer slowly, checkout's breaker opens and buyers get the queued answer.", tags: ["checkout"] };
  return [encodeHeader({ ...header, plan: { ...header.plan, experiment } }), ...events.map(lineOf), ""].join("\n");
}

async function judgeJournal(journal: string): Promise<Report> {
  async function* lines(): AsyncIterable<string> {
    yield* journal.split("\n").slice(0, -1);
  }
  const { header, events } = await readJournal(lines());
  const observer = new Observer(header);
  for await (const event of events) observer.add(event);
  return report(observer.finish());
}

describe("the fixed journal", () => {
  let journal: string;
  let seen: Report;

  beforeAll(async () => {
    journal = existsSync(journalFile) ? readFileSync(journalFile, "utf8") : makeJournal();
    seen = await judgeJournal(journal);
  });

  test("is there", async () => {
    await expect(journal).toMatchFileSnapshot("journal.ndjson");
  });

  test("gives the same report when judged again, byte for byte", async () => {
    expect(JSON.stringify(await judgeJournal(journal))).toBe(JSON.stringify(seen));
  });

  test.each([
    ["text", "report.txt", { colour: false, width: 80, verbose: false }],
    ["text", "report-coloured.txt", { colour: true, width: 100, verbose: false }],
    ["text", "report-narrow.txt", { colour: false, width: 44, verbose: false }],
    ["text", "report-verbose.txt", { colour: false, width: 80, verbose: true }],
    ["json", "report.json", { colour: false, width: 80, verbose: false }],
    ["junit", "report.xml", { colour: false, width: 80, verbose: false }],
  ])("is printed by %s as %s", async (format, file, options) => {
    await expect(findReporter(format)?.render([seen], options)).toMatchFileSnapshot(file);
  });

  test("has a golden file for every reporter", () => {
    expect(reporters.map(({ format }) => format)).toEqual(["text", "json", "junit"]);
  });
});
