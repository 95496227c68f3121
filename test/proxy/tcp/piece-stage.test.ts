import { describe, expect, it } from "vitest";
import { PieceStage } from "../../../src/proxy/tcp/piece-stage.ts";
import type { Pacer } from "../../../src/proxy/tcp/piece-stage.ts";
import { Slicer } from "../../../src/proxy/tcp/slicer.ts";
import { Wire } from "../../../src/proxy/tcp/wire.ts";
import { HeldClock } from "../held-clock.ts";

function setUp(pacer: Pacer, clock = new HeldClock()) {
  const out: { readonly text: string; readonly givenMs: number; readonly dueMs: number; readonly more: boolean }[] = [];
  const stage = new PieceStage(clock, pacer, (chunk, more = false) => out.push({ text: "bytes" in chunk ? Buffer.from(chunk.bytes).toString() : chunk.end, givenMs: clock.nowMs(), dueMs: chunk.atMs, more }));
  const take = (text: string): void => stage.take({ bytes: Buffer.from(text), atMs: clock.nowMs() });
  const end = (): void => stage.take({ end: "fin", atMs: clock.nowMs() });
  return { clock, out, stage, take, end, given: () => out.map(({ text, givenMs }) => [text, Math.round(givenMs)]) };
}

const never = (): number => {
  throw new Error("nothing is random here");
};
const sliced = (bytes: number, everyMs: number): Slicer => new Slicer({ bytes, everyMs, variationBytes: 0 }, never);

describe("PieceStage on a wire", () => {
  it("gives each piece when its last byte has been sent", () => {
    const { clock, take, given } = setUp(new Wire(500));
    take("abcdefghijkl");
    clock.advance(100);
    expect(given()).toEqual([["abcde", 10], ["fghij", 20], ["kl", 24]]);
  });

  it("sends one byte at a time where the rate is low", () => {
    const { clock, take, given } = setUp(new Wire(10));
    take("abc");
    clock.advance(1000);
    expect(given()).toEqual([["a", 100], ["b", 200], ["c", 300]]);
  });

  it("is not slowed down by late timers", () => {
    const { clock, take, given, out } = setUp(new Wire(1000));
    take("x".repeat(100));
    clock.advance(200, 7);
    expect(given().at(-1)?.[1]).toBeLessThanOrEqual(107);
    expect(out.map(({ text }) => text).join("")).toBe("x".repeat(100));
  });

  it("does not save up what it did not send", () => {
    const { clock, take, given } = setUp(new Wire(1000));
    clock.advance(5000);
    take("x".repeat(20));
    clock.advance(100);
    expect(given()).toEqual([["x".repeat(10), 5010], ["x".repeat(10), 5020]]);
  });

  it("shared by two, gives each its turn", () => {
    const clock = new HeldClock();
    const wire = new Wire(1000);
    const [one, two] = [setUp(wire, clock), setUp(wire, clock)];
    one.take("a".repeat(30));
    two.take("b".repeat(20));
    clock.advance(100);
    expect(one.given().map(([, ms]) => ms)).toEqual([10, 30, 50]);
    expect(two.given().map(([, ms]) => ms)).toEqual([20, 40]);
  });
});

describe("PieceStage with a slicer", () => {
  it("gives pieces of a size, so long apart", () => {
    const { clock, take, given } = setUp(sliced(4, 10));
    take("abcdefghij");
    clock.advance(100);
    expect(given()).toEqual([["abcd", 0], ["efgh", 10], ["ij", 20]]);
  });

  it("never lets two come closer, however late the one before was", () => {
    const { clock, take, given } = setUp(sliced(2, 10));
    take("abcdef");
    clock.advance(100, 6);
    expect(given()).toEqual([["ab", 0], ["cd", 16], ["ef", 32]]);
  });

  it("keeps the end behind the last piece, and says of each piece whether more follows", () => {
    const { clock, take, end, out } = setUp(sliced(2, 10));
    take("abc");
    end();
    clock.advance(100);
    expect(out.map(({ text, more }) => [text, more])).toEqual([["ab", true], ["c", false], ["fin", false]]);
  });
});

describe("PieceStage", () => {
  it("gives the rest of what it holds at once when its fault is over, and holds nothing new", () => {
    const { clock, take, end, stage, given } = setUp(sliced(2, 1000));
    take("abcdef");
    take("ghi");
    end();
    stage.letGo();
    take("later");
    expect(given()).toEqual([["ab", 0], ["cdef", 0], ["ghi", 0], ["fin", 0], ["later", 0]]);
    expect(stage.idle).toBe(true);
    expect(clock.armed).toBe(0);
  });

  it("passes an empty chunk on in its place", () => {
    const { clock, take, given } = setUp(sliced(2, 10));
    take("abcd");
    take("");
    take("e");
    clock.advance(100);
    expect(given()).toEqual([["ab", 0], ["cd", 10], ["", 10], ["e", 20]]);
  });

  it("gives tiny pieces without pauses in stretches, so that others have their turn in between", () => {
    const clock = new HeldClock();
    const { take, given } = setUp({ next: () => (clock.advance(1), { length: 1, dueMs: 0 }) }, clock);
    take("abcdefghij");
    expect(given().length).toBeLessThan(5);
    clock.advance(20);
    expect(given().map(([text]) => text).join("")).toBe("abcdefghij");
  });

  it("forgets what it holds, and its timer, when the connection is gone", () => {
    const { clock, take, stage, out } = setUp(sliced(1, 10));
    take("abc");
    stage.drop();
    clock.advance(100);
    expect(out.length).toBe(1);
    expect(clock.armed).toBe(0);
    expect(stage.idle).toBe(true);
  });
});
