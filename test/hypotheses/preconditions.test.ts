import { expect, test } from "vitest";
import { exerciseObstacle } from "../../src/hypotheses/preconditions.ts";
import type { Obstacle } from "../../src/hypotheses/preconditions.ts";
import { faultSeen, requests, scopeOf } from "../support/hand-made.ts";

const unfelt = (disturbed: boolean): Obstacle | undefined =>
  exerciseObstacle(scopeOf("recovery", { probe: "checkout", within: "1s" }, { samples: requests("checkout", "before", 20, () => ({ latencyMs: 900, disturbed })), overrides: { faults: [faultSeen({ felt: 0 })] } }), "checkout");

test("a fault that nobody felt is too weak", () => {
  expect(unfelt(false)?.nextStep).toMatch(/Make the fault stronger/);
});

test("a fault that nobody felt beside calls that a starved machine slowed down before is no reason for a stronger one", () => {
  expect(unfelt(true)?.reason).toMatch(/disturbed/);
  expect(unfelt(true)?.nextStep).toMatch(/quieter machine/);
});
