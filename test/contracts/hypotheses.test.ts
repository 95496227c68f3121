import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { findHypothesisType, hypothesisTypes } from "../../src/hypotheses/index.ts";
import { experimentOf, faultSeen, hypothesisOf, observe, probeNamed } from "../support/hand-made.ts";
import { simulate } from "../support/simulate.ts";

const stories: readonly { readonly file: string; readonly outcome: string; readonly names?: readonly string[] }[] = JSON.parse(readFileSync(new URL("../stories/stories.json", import.meta.url), "utf8"));

test("every type has a name of its own", () => {
  const names = hypothesisTypes.map(({ type }) => type);
  expect(new Set(names).size).toBe(names.length);
  expect(findHypothesisType("telepathy")).toBeUndefined();
});

describe.each(hypothesisTypes.map((type) => [type.type, type] as const))("%s", (name, type) => {
  const example = parse(type.example);
  const params = type.params.parse(example);
  const hypothesis = hypothesisOf(name, example, { faults: ["fault"] });

  test("lives in the file of its name and is found by it", () => {
    expect(existsSync(new URL(`../../src/hypotheses/${name}.ts`, import.meta.url))).toBe(true);
    expect(findHypothesisType(name)).toBe(type);
  });

  test("is shown by an experiment that holds and by a broken switch that violates it", () => {
    const uses = (file: string): boolean => new RegExp(`type: ${name}\\b`).test(readFileSync(new URL(`../../experiments/${file}.yaml`, import.meta.url), "utf8"));
    expect(stories.some(({ file, outcome }) => outcome === "held" && uses(file))).toBe(true);
    expect(stories.some(({ outcome, names = [] }) => outcome === "violated" && names.includes(name))).toBe(true);
  });

  test("has a summary and a sentence that say something in the words of the example", () => {
    expect(type.summary).toMatch(/^[A-Z][^\n]{20,120}[^.]$/);
    const sentence = type.explain(params);
    expect(sentence).not.toMatch(/undefined|NaN|\[object|\n/);
    for (const needed of [...type.probes(params)].slice(0, 1)) expect(sentence).toContain(needed);
  });

  test("refuses junk, unknown keys, and a hypothesis that claims nothing", () => {
    const accepted = [undefined, null, 3, "text", [], { nonsense: 1 }, { ...example, nonsense: 1 }, { probe: 7 }, { probe: "checkout" }].filter((junk) => type.params.safeParse(junk).success);
    expect(accepted).toEqual([]);
  });

  test("has parameters that a JSON Schema can tell", () => {
    expect(() => z.toJSONSchema(type.params, { io: "input", unrepresentable: "any" })).not.toThrow();
  });

  test("names the probes and proxies that it needs", () => {
    expect([...type.probes(params), ...type.proxies(params)].length).toBeGreaterThan(0);
  });

  test("never says held when nothing was sent, nor when the fault touched no request", () => {
    const experiment = experimentOf({ faults: [] });
    const silent = observe({ experiment, overrides: { faults: [] } });
    const untouched = simulate({ perSecond: 40, health: 5, fault: { kind: "error", rateShare: 0 }, service: { timeoutMs: 500 } }).observations;
    for (const observations of [silent, untouched]) {
      const { claims } = type.judge(params, { hypothesis, observations, epoch: 1, confidence: 0.99 });
      expect(claims.length).toBeGreaterThan(0);
      expect(claims.filter(({ verdict }) => verdict !== "inconclusive")).toEqual([]);
    }
  });

  test("says of every open claim why, and what would decide it", () => {
    const observations = observe({ overrides: { faults: [faultSeen({ eligible: 0, applied: 0, felt: 0 })] } });
    for (const { reason, nextStep } of type.judge(params, { hypothesis, observations, epoch: 1, confidence: 0.99 }).claims) {
      expect(reason).toMatch(/^[A-Z].+\.$/);
      expect(nextStep ?? "").toMatch(/^[A-Z].+\.$/);
    }
  });

  test("says the same of the same run", () => {
    const { observations } = simulate({ perSecond: 20, health: 5, service: { timeoutMs: 300, fallback: true, breaker: { trips: { consecutive: 5 }, coolDownMs: 1000 } } });
    const scope = { hypothesis, observations, epoch: 1, confidence: 0.99 };
    expect(type.judge(params, scope)).toEqual(type.judge(params, scope));
  });

  test("warns of a load that cannot decide it, in words with a way out", () => {
    const idle = experimentOf({ probes: [...new Set(["checkout", "ready", "live", ...type.probes(params)])].map((probe) => probeNamed(probe, 0.1)) });
    const advice = type.advise(params, hypothesis, idle);
    expect(advice.length).toBeGreaterThan(0);
    for (const { code, message, hint } of advice) {
      expect(code).toMatch(/^[a-z-]+$/);
      expect([message, hint].join(" ")).not.toMatch(/undefined|NaN|Infinity/);
    }
  });
});
