import { describe, expect, it } from "vitest";
import { DelayStage } from "../../../src/proxy/tcp/delay-stage.ts";
import { Line } from "../../../src/proxy/tcp/line.ts";
import { HeldClock } from "../held-clock.ts";

function setUp() {
  const clock = new HeldClock();
  const out: [text: string, atMs: number][] = [];
  const line = new Line((chunk) => out.push(["bytes" in chunk ? Buffer.from(chunk.bytes).toString() : chunk.end, clock.nowMs()]));
  return {
    clock, out, line,
    take: (text: string): void => line.take({ bytes: Buffer.from(text), atMs: clock.nowMs() }),
    delay: (ms: number): DelayStage => line.add((give) => new DelayStage(clock, () => ms, give)),
  };
}

describe("Line", () => {
  it("passes chunks at once while nothing acts on it", () => {
    const { line, take, out } = setUp();
    take("a");
    expect(out).toEqual([["a", 0]]);
    expect(line.open).toBe(true);
    expect(line.heldWeight).toBe(0);
  });

  it("adds the latencies of several stages, and late timers do not add up", () => {
    const { clock, take, delay, out } = setUp();
    delay(100);
    delay(50);
    take("a");
    clock.advance(400, 20);
    expect(out).toEqual([["a", 170]]);
  });

  it("is open again once the last stage has left, and not before it holds nothing", () => {
    const { clock, line, take, delay, out } = setUp();
    const stage = delay(100);
    take("held");
    line.remove(stage, false);
    expect(line.open).toBe(false);
    clock.advance(100);
    expect(line.open).toBe(true);
    expect(out).toEqual([["held", 100]]);
  });

  it("keeps the order when a stage leaves at once while another still holds", () => {
    const { clock, line, take, delay, out } = setUp();
    const first = delay(100);
    take("a");
    clock.advance(10);
    delay(30);
    take("b");
    line.remove(first, true);
    take("c");
    clock.advance(200);
    expect(out).toEqual([["a", 40], ["b", 40], ["c", 40]]);
  });

  it("weighs what it holds, and nothing once it is out", () => {
    const { clock, line, take, delay } = setUp();
    delay(100);
    take("x".repeat(1000));
    expect(line.heldWeight).toBeGreaterThanOrEqual(1000);
    clock.advance(100);
    expect(line.heldWeight).toBe(0);
  });

  it("forgets what it holds when it is emptied, and holds what comes", () => {
    const { clock, line, take, delay, out } = setUp();
    const [, leaving] = [delay(100), delay(200)];
    take("held");
    line.remove(leaving, false);
    line.empty();
    expect(line.heldWeight).toBe(0);
    clock.advance(10);
    take("late");
    clock.advance(1000);
    expect(out).toEqual([["late", 110]]);
    expect([line.heldWeight, clock.armed]).toEqual([0, 0]);
  });

  it("gives nothing out once it is dropped", () => {
    const { clock, line, take, delay, out } = setUp();
    delay(100);
    take("held");
    line.drop();
    take("late");
    delay(5);
    clock.advance(1000);
    expect(out).toEqual([]);
    expect(line.heldWeight).toBe(0);
    expect(clock.armed).toBe(0);
  });
});
