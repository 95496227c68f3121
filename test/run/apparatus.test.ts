import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/model/event.ts";
import { Apparatus } from "../../src/run/apparatus.ts";
import { HeldClock } from "../proxy/held-clock.ts";

function watch(): { readonly clock: HeldClock; readonly stalls: () => readonly RunEvent[]; readonly apparatus: Apparatus } {
  const clock = new HeldClock();
  const events: RunEvent[] = [];
  const apparatus = new Apparatus({ env: clock, services: () => new Map([["gone", 2 ** 22 + 1]]), record: (event) => void events.push(event) });
  return { clock, apparatus, stalls: () => events.filter(({ kind }) => kind === "stall") };
}

describe("the apparatus", () => {
  test("tells a loop that was late by more than 25 ms, when it was and by how much", () => {
    const { clock, stalls } = watch();
    clock.advance(95);
    clock.advance(60, 40);
    expect(stalls()[0]).toEqual({ kind: "stall", atMs: 140, thread: "main", lateMs: 40 });
  });

  test("says nothing of a loop that is late by 25 ms", () => {
    const { clock, stalls } = watch();
    clock.advance(3000, 25);
    expect(stalls()).toEqual([]);
  });

  test("leaves no timer when it is stopped", () => {
    const { clock, apparatus } = watch();
    clock.advance(100);
    apparatus.stop();
    expect(clock.armed).toBe(0);
  });
});
