import { describe, expect, it } from "vitest";
import { DelayStage } from "../../../src/proxy/tcp/delay-stage.ts";
import { Line } from "../../../src/proxy/tcp/line.ts";
import { LossStage } from "../../../src/proxy/tcp/loss-stage.ts";
import { PieceStage } from "../../../src/proxy/tcp/piece-stage.ts";
import { Wire } from "../../../src/proxy/tcp/wire.ts";
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

  it("lets a stage take the place of another: what that held waits as the new one says, from when it came", () => {
    const { clock, line, take, delay, out } = setUp();
    const old = delay(1000);
    delay(5);
    take("a");
    clock.advance(10);
    take("b");
    clock.advance(10);
    line.replace(old, (give) => new DelayStage(clock, () => 100, give));
    take("c");
    clock.advance(200);
    expect(out).toEqual([["a", 105], ["b", 115], ["c", 125]]);
    expect(line.heldWeight).toBe(0);
  });

  it("hands on what a wire held, pieces of it and in order, when another takes its place", () => {
    const { clock, line, take, out } = setUp();
    const wire = line.add((give) => new PieceStage(clock, new Wire(0), give));
    take("abc");
    take("def");
    clock.advance(1000);
    expect([out, clock.armed]).toEqual([[], 0]);
    const next = line.replace(wire, (give) => new PieceStage(clock, new Wire(200, clock.nowMs()), give));
    clock.advance(12);
    expect(out.map(([text]) => text).join("")).toBe("ab");
    line.remove(next, true);
    expect(out.map(([text]) => text).join("")).toBe("abcdef");
    expect([line.heldWeight, line.open]).toEqual([0, true]);
  });

  it("forgets what is lost on its way, and tells that less is held", () => {
    const clock = new HeldClock();
    let eased = 0;
    const line = new Line(() => undefined, () => (eased += 1));
    line.add((give) => new DelayStage(clock, () => 10, give));
    line.add(() => new LossStage((chunk) => line.lost(chunk)));
    line.take({ bytes: Buffer.from("gone"), atMs: 0 });
    expect(line.heldWeight).toBeGreaterThan(0);
    clock.advance(10);
    expect([line.heldWeight, eased]).toEqual([0, 1]);
  });
});
