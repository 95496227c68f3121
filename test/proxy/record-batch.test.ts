import { describe, expect, it } from "vitest";
import type { WitnessRecord } from "../../src/model/event.ts";
import { RecordBatch } from "../../src/proxy/record-batch.ts";
import { HeldClock } from "./held-clock.ts";

function setUp() {
  const clock = new HeldClock();
  const sent: number[] = [];
  const batch = new RecordBatch(clock, (records) => sent.push(records.length));
  const record: WitnessRecord = { kind: "unwitnessed", atMs: 0, proxy: "edge", startMs: 0, endMs: 0 };
  return { clock, sent, batch, add: (n: number): void => Array.from({ length: n }).forEach(() => batch.add(record)) };
}

describe("RecordBatch", () => {
  it("sends what has gathered after 100 ms", () => {
    const { clock, sent, add } = setUp();
    add(3);
    clock.advance(99);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual([3]);
  });

  it("sends 64 records at once", () => {
    const { sent, add } = setUp();
    add(150);
    expect(sent).toEqual([64, 64]);
  });

  it("has no timer while there is nothing to send", () => {
    const { clock, sent, batch, add } = setUp();
    expect(clock.armed).toBe(0);
    add(1);
    expect(clock.armed).toBe(1);
    batch.flush();
    expect(clock.armed).toBe(0);
    batch.flush();
    expect(sent).toEqual([1]);
  });
});
