import { expect, test } from "vitest";
import type { EffectKind } from "../../src/model/effect.ts";
import { isFelt, isHold } from "../../src/evidence/felt.ts";

const record = (effect: EffectKind, actedMs = 100) => ({ fault: "f", decision: "applied" as const, effect, actedMs });

test("bytes of a connection that were held, cut or ended were felt, however long the connection was", () => {
  const connection = { method: "", endMs: 110 };
  for (const effect of ["delay-bytes", "throttle", "slice", "lose", "hold-end", "limit", "silence", "admit", "reset"] as const) {
    expect(isFelt(record(effect), connection, 60_000)).toBe(true);
    expect(isFelt({ fault: "f", decision: "applied", effect }, connection, 60_000)).toBe(false);
  }
});

test("a call whose bytes came slowly felt it when it took three times as long as usual", () => {
  expect(isFelt(record("throttle"), { method: "GET", endMs: 129 }, 10)).toBe(false);
  expect(isFelt(record("throttle"), { method: "GET", endMs: 130 }, 10)).toBe(true);
});

test("what keeps a caller waiting is a hold, what ends its connection is none", () => {
  expect((["throttle", "slice", "lose", "hold-end", "silence", "hang"] as const).every(isHold)).toBe(true);
  expect((["limit", "admit", "reset", "close", "respond"] as const).some(isHold)).toBe(false);
});
