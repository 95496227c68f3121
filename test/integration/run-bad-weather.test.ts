import { describe, expect, test } from "vitest";
import { aRun, half, only, shop, undisturbed } from "../support/a-run.ts";
import type { Outcome } from "../support/a-run.ts";

const brief = "{ warmup: 0s, before: 2s, during: 1200ms, after: 1200ms }";
const breaker = "{ type: circuit-breaker, proxy: stock, probe: shop, opens: { within: 800ms }, whileOpen: { upstream: <= 10% }, closes: { within: 600ms } }";
const patterns = `hypotheses: [${breaker}, { type: retry, proxy: stock, probe: shop, attempts: <= 3 }, { type: timeout, proxy: stock, givesUp: <= 200ms }]`;
const unruly = (mode: string): string => `  unruly: { command: [node, unruly.mjs], port: auto, env: { MODE: ${mode} }, ready: { http: "\${services.unruly.url}/health", within: 15s } }`;

function expectUndone({ events, left }: Outcome): void {
  expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
  expect(left).toEqual([]);
}

describe("a proxy that refuses (down) before a service without a breaker", () => {
  test("leaves every pattern open, unwitnessed, and says what to use instead", { timeout: 120_000 }, async () => {
    // A fault that comes into force late is lifted when it was to be: of 3 s enough is left.
    const phases = "{ warmup: 0s, before: 2s, during: 3s, after: 1200ms }";
    const outcome = await undisturbed(shop({ phases, faults: "[{ proxy: stock, type: down }]", rest: patterns }), ({ report }) => report.hypotheses.every(({ reason }) => reason.includes("unwitnessed")));
    const { report, events } = outcome;
    expect(only(events, "unwitnessed").length).toBeGreaterThan(0);
    expect(report.because).toContain("unwitnessed");
    expect(report).toMatchObject({ outcome: "inconclusive", exitCode: 3 });
    for (const { verdict, reason, nextStep } of report.hypotheses) {
      expect(verdict).toBe("inconclusive");
      expect(reason).toContain("unwitnessed");
      expect(nextStep).toContain("reset at accept");
    }
    expect(report.issues.map(({ code }) => code)).toContain("unwitnessed");
    expect(report.proxies[0]?.unwitnessedMs).toBeGreaterThan(1000);
    expectUndone(outcome);
  });
});

describe("a service that crashes under the fault", () => {
  test("is seen as a crash, and not as a breaker that opened", { timeout: 120_000 }, async () => {
    const crash = '  crash: { type: http, url: "${services.unruly.url}/crash", load: { rate: { warmup: 0/s, before: 0/s, during: 5/s, after: 0/s } } }';
    const outcome = await undisturbed(shop({ services: unruly("frail"), phases: brief, rest: patterns }).replace("steadyState:", `${crash}\nsteadyState:`), ({ report }) => report.hypotheses.every(({ reason }) => reason.includes("continuity")));
    const { report } = outcome;
    expect(report).toMatchObject({ outcome: "violated", exitCode: 1, because: expect.stringMatching(/^unruly ended by itself with exit code 7 at .*, with the fault in force or after it/) as string });
    expect(report.hypotheses.map(({ verdict }) => verdict)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
    for (const { reason } of report.hypotheses) expect(reason).toMatch(/unruly ended by itself.*\(continuity\)/);
    expect(report.services.find(({ name }) => name === "unruly")).toMatchObject({ code: 7, exitedAtMs: expect.any(Number) as number });
    expectUndone(outcome);
  });
});

describe("a probe whose target resets", () => {
  test("counts its requests as bad, says so, and injects nothing", async () => {
    const outcome = await aRun(shop({ services: unruly("resetting"), phases: brief, claim: half }).replace('url: "${services.shop.url}/", timeout: 1s', 'url: "${services.unruly.url}/", timeout: 10s'));
    const { report, events } = outcome;
    expect(new Set(only(events, "sample").filter(({ grade }) => grade !== "pending").map(({ grade, failure }) => `${grade} ${failure}`))).toEqual(new Set(["bad reset"]));
    expect(report).toMatchObject({ outcome: "baseline-not-met", exitCode: 4, because: expect.stringMatching(/^The steady state did not hold before the fault: of shop, success was 0%, expected >= 50%; (\d+) of \1 bad answers: the connection was reset\.$/) as string });
    expect(only(events, "faults-set")).toEqual([]);
    expectUndone(outcome);
  });
});

describe("a proxy that listens beyond loopback", () => {
  test("is reached by the run's own services all the same", async () => {
    const outcome = await aRun(shop({ phases: brief }).replace('upstream: "${services.stock.url}"', 'upstream: "${services.stock.url}", listen: "0.0.0.0:0"'));
    expect(only(outcome.events, "listening").map(({ host }) => host)).toEqual(["0.0.0.0", "0.0.0.0"]);
    expect(outcome.report.proxies[0]?.exchanges).toBeGreaterThan(20);
    expectUndone(outcome);
  });
});
