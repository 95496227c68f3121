import { expect, test } from "vitest";
import { tally } from "../../src/hypotheses/figures.ts";
import { assessClaims } from "../../src/hypotheses/steady-state.ts";
import { suffixesThatMeet } from "../../src/hypotheses/steady-suffixes.ts";
import { boundOf, requests } from "../support/hand-made.ts";
import { fc, runs } from "../support/properties.ts";

const claims = [
  { metric: "success", bound: boundOf("share", ">= 80%") },
  { metric: "available", bound: boundOf("share", "50%..95%") },
  { metric: "p95", bound: boundOf("duration", "<= 50ms") },
  { metric: "p50", bound: boundOf("duration", "> 10ms") },
  { metric: "max", bound: boundOf("duration", "20ms..90ms") },
] as const;

test("says of every suffix what the gate would say of it", () => {
  const answer = fc.record({ grade: fc.constantFrom("good", "good", "good", "degraded", "bad", "pending"), latencyMs: fc.constantFrom(5, 10, 20, 50, 90, 100) });
  fc.assert(fc.property(fc.array(answer, { minLength: 15, maxLength: 60 }), fc.constantFrom(...claims), (answers, claim) => {
    const samples = requests("checkout", "during", 20, (_, i) => answers[i] ?? {}).slice(0, answers.length);
    const asked = samples.map((_, i) => (assessClaims([claim], tally(samples.slice(i), 1)).every(({ met }) => met) ? 1 : 0));
    expect([...suffixesThatMeet(samples, [claim])]).toEqual(asked);
  }), runs(300));
});
