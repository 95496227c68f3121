import { describe, expect, test } from "vitest";
import type { Experiment } from "../../src/model/experiment.ts";
import type { Sample } from "../../src/model/observation.ts";
import { claim } from "../../src/hypotheses/claim.ts";
import { exerciseObstacle } from "../../src/hypotheses/preconditions.ts";
import { tellIssues } from "../../src/hypotheses/issues.ts";
import { experimentOf, faultSeen, observe, probeNamed, requests, scopeOf } from "../support/hand-made.ts";
import type { Answered, HandMade } from "../support/hand-made.ts";

const [payments] = experimentOf().proxies;
if (payments === undefined) throw new Error("expected a proxy");

const remote: Partial<Experiment> = { proxies: [{ ...payments, remote: { api: "http://127.0.0.1:8474", name: "payments", witness: false } }] };
/** Its toxics were there from 5 to 20 s. */
const seen = faultSeen({ eligible: 0, applied: 0, felt: 0, away: [{ startMs: 5005, endMs: 20_000 }] });
const { firstAppliedMs: _first, lastAppliedMs: _last, ...unseen } = seen;

function made(during: (sinceMs: number, i: number) => Answered, before: (sinceMs: number, i: number) => Answered = () => ({}), experiment: Partial<Experiment> = {}): HandMade {
  const samples: readonly Sample[] = [...requests("checkout", "before", 20, before), ...requests("checkout", "during", 20, during)];
  return { samples, experiment: { ...remote, ...experiment }, overrides: { faults: [unseen] } };
}

function obstacle(given: HandMade): string | undefined {
  return exerciseObstacle(scopeOf("claim", { probe: "checkout", available: ">= 90%" }, given), "checkout")?.reason;
}

const degraded = (): Answered => ({ grade: "degraded", latencyMs: 500 });

describe("a fault of a remote proxy that nobody watches", () => {
  test("is proved by requests that go another way than before, when nothing else has changed", () => {
    expect(obstacle(made(degraded))).toBeUndefined();
    expect(obstacle(made(() => ({ latencyMs: 200 })))).toBeUndefined();
    const { claims } = claim.judge(scopeOf("claim", { probe: "checkout", available: ">= 90%" }, made(degraded)).hypothesis.params as never, scopeOf("claim", { probe: "checkout", available: ">= 90%" }, made(degraded)));
    expect(claims.map(({ verdict }) => verdict)).toEqual(["held"]);
  });

  test("proves nothing where requests go as before, so that nothing holds of it", () => {
    expect(obstacle(made(() => ({})))).toMatch(/0 of 299 requests of checkout were bad, degraded or slow while it was in force, 0 of 100 before, which is no proof that it bit/);
    const scope = scopeOf("claim", { probe: "checkout", available: ">= 90%" }, made(() => ({})));
    expect(claim.judge(scope.hypothesis.params as never, scope).claims.map(({ verdict }) => verdict)).toEqual(["inconclusive"]);
  });

  test.each([
    ["they went wrong as often before", made((_, i) => (i % 5 === 0 ? { grade: "bad" } : {}), (_, i) => (i % 5 === 0 ? { grade: "bad" } : {})), /no proof/],
    ["only two did", made((_, i) => (i === 7 || i === 8 ? { grade: "bad" } : {})), /2 of 299/],
    ["too few came before", { ...made(degraded), samples: [...requests("checkout", "before", 2), ...requests("checkout", "during", 20, degraded)] }, /only 10 undisturbed requests/],
    ["another fault may be the reason", made(degraded, undefined, { faults: [...experimentOf().faults, ...experimentOf().faults.map((fault) => ({ ...fault, name: "other", proxy: "else" }))] }), /another fault/],
    ["the load changes with the fault", made(degraded, undefined, { probes: [{ ...probeNamed("checkout"), load: { ...probeNamed("checkout").load, steps: [20, 40] } }] }), /the load/],
    ["it was never in force", { ...made(degraded), overrides: { faults: [{ ...unseen, away: [] }] } }, /never in force/],
    ["the machine was crowded while they were slow", { ...made(() => ({ latencyMs: 200 })), overrides: { faults: [unseen], strains: [{ startMs: 5000, endMs: 20_500, what: "a busy machine" }] } }, /no proof/],
    ["the machine stood still", made(() => ({ grade: "bad", disturbed: true })), /0 of 0/],
  ])("is not proved where %s", (_why, given, reason) => {
    expect(obstacle(given)).toMatch(reason);
  });

  test("needs such a proof also where bytes are all that a witness sees", () => {
    const bytes: Partial<Experiment> = { proxies: [{ ...payments, lane: "tcp", remote: { api: "http://127.0.0.1:8474", name: "payments", witness: true } }] };
    expect(obstacle(made(() => ({}), undefined, bytes))).toMatch(/does not tell what it did/);
    expect(obstacle(made(degraded, undefined, bytes))).toBeUndefined();
  });

  test("is not told to be too weak", () => {
    expect(tellIssues(observe(made(degraded))).map(({ code }) => code)).not.toContain("fault-not-felt");
  });
});
