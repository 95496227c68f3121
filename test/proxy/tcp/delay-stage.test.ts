import { describe, expect, it } from "vitest";
import { DelayStage } from "../../../src/proxy/tcp/delay-stage.ts";
import type { Chunk } from "../../../src/proxy/tcp/stage.ts";
import { HeldClock } from "../held-clock.ts";

function setUp(...draws: readonly number[]) {
  const clock = new HeldClock();
  const out: { readonly text: string; readonly givenMs: number; readonly dueMs: number }[] = [];
  let draw = 0;
  const stage = new DelayStage(
    clock,
    () => draws[Math.min(draw++, draws.length - 1)] ?? 0,
    (chunk) => out.push({ text: "bytes" in chunk ? Buffer.from(chunk.bytes).toString() : chunk.end, givenMs: clock.nowMs(), dueMs: chunk.atMs }),
  );
  const take = (text: string): void => stage.take({ bytes: Buffer.from(text), atMs: clock.nowMs() });
  const end = (): void => stage.take({ end: "fin", atMs: clock.nowMs() } satisfies Chunk);
  return { clock, out, stage, take, end, texts: () => out.map(({ text }) => text) };
}

describe("DelayStage", () => {
  it("releases each chunk at its arrival plus the draw", () => {
    const { clock, take, out } = setUp(100);
    take("a");
    clock.advance(40);
    take("b");
    clock.advance(200);
    expect(out).toEqual([{ text: "a", givenMs: 100, dueMs: 100 }, { text: "b", givenMs: 140, dueMs: 140 }]);
  });

  it("never lets a chunk overtake the one before it", () => {
    const { clock, take, out } = setUp(100, 10);
    take("slow");
    take("quick");
    clock.advance(99);
    expect(out).toEqual([]);
    clock.advance(1);
    expect(out.map(({ text, givenMs }) => [text, givenMs])).toEqual([["slow", 100], ["quick", 100]]);
  });

  it("keeps the end of the stream behind the bytes, delayed as they are", () => {
    const { clock, take, end, out } = setUp(50);
    take("last words");
    end();
    clock.advance(50);
    expect(out.map(({ text, givenMs }) => [text, givenMs])).toEqual([["last words", 50], ["fin", 50]]);
  });

  it("tells the next stage when a chunk was due, not when a late timer let it go", () => {
    const { clock, take, out } = setUp(100);
    take("a");
    clock.advance(300, 30);
    expect(out).toEqual([{ text: "a", givenMs: 130, dueMs: 100 }]);
  });

  it("lets what it holds run out its delay when its fault ends, and delays nothing new", () => {
    const { clock, take, stage, texts } = setUp(100);
    take("held");
    clock.advance(20);
    stage.letGo(false);
    take("later");
    expect(texts()).toEqual([]);
    clock.advance(80);
    expect(texts()).toEqual(["held", "later"]);
    take("passes");
    expect(texts()).toEqual(["held", "later", "passes"]);
  });

  it("lets go at once of what it holds when told to", () => {
    const { clock, take, end, stage, texts } = setUp(100);
    take("held");
    end();
    stage.letGo(true);
    expect(texts()).toEqual(["held", "fin"]);
    expect(stage.idle).toBe(true);
    expect(clock.armed).toBe(0);
  });

  it("forgets what it holds, and its timer, when the connection is gone", () => {
    const { clock, take, stage, texts } = setUp(100);
    take("held");
    stage.drop();
    clock.advance(1000);
    expect(texts()).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it("arms one timer however many chunks it holds", () => {
    const { clock, take, texts } = setUp(100);
    for (let i = 0; i < 1000; i++) take(String(i));
    expect(clock.armed).toBe(1);
    clock.advance(100);
    expect(texts()).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
  });

  it("releases many that are due at once in stretches, so that others have their turn in between", () => {
    const clock = new HeldClock();
    let given = "";
    const stage = new DelayStage(clock, () => 100, (chunk) => {
      given += "bytes" in chunk ? Buffer.from(chunk.bytes).toString() : "";
      clock.advance(1);
    });
    for (const text of "abcdefghij") stage.take({ bytes: Buffer.from(text), atMs: 0 });
    clock.advance(100);
    expect(given.length).toBeLessThan(5);
    clock.advance(20);
    expect(given).toBe("abcdefghij");
  });
});
