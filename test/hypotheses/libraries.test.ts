import { describe, expect, test } from "vitest";
import { knownLibraries, tellLibrary } from "../../src/hypotheses/libraries.ts";
import { circuitBreakers } from "../../src/hypotheses/libraries/circuit-breakers.ts";
import { otherTraps } from "../../src/hypotheses/libraries/others.ts";
import { retries } from "../../src/hypotheses/libraries/retries.ts";
import { timeouts } from "../../src/hypotheses/libraries/timeouts.ts";

const tables = { "circuit-breaker": circuitBreakers, retry: retries, timeout: timeouts, ...otherTraps };

describe("libraries", () => {
  test.each(Object.entries(tables).flatMap(([type, table]) => Object.keys(table).map((library) => [type, library] as const)))("%s by %s is told in sentences", (type, library) => {
    expect(knownLibraries).toContain(library);
    expect(tellLibrary({ type, library })).toMatch(new RegExp(`^(By default )?${library} [a-z].*\\.$|^$`));
    expect(tellLibrary({ type, library })).not.toMatch(/undefined|; it it|\.\.| {2}/);
  });

  test("are known whatever their case, and say nothing of patterns that they do not carry out", () => {
    expect(tellLibrary({ type: "circuit-breaker", library: "Polly" })).toBe("By default Polly opens after 100 calls at the earliest in 30s, when 10% fail, rests 5s, tries with one call. It never opens below 100 calls in 30s (3.4/s); it closes when the caller of a trial cancels it: an outcome that is not handled counts as success.");
    expect(tellLibrary({ type: "retry", library: "go-retryablehttp" })).toContain("repeats by itself what a reused connection lost: judge its retries by faults that answer");
    expect(tellLibrary({ type: "fallback", library: "opossum" })).toBe("");
    expect(tellLibrary({ type: "circuit-breaker", library: "constructor" })).toBe("");
    expect(tellLibrary({ type: "retry" })).toBe("");
  });
});
