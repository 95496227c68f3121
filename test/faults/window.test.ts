import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import { isOpenAt, nextEdgeAt, openingAt, windowsOf } from "../../src/faults/window.ts";

type Window = Parameters<typeof isOpenAt>[0];

const spans = (window: Window, duringMs: number): readonly (readonly [number, number])[] => {
  const fault: Fault = { name: "f", type: "drop", layer: "exchange", direction: "both", params: {}, selection: { ...window, after: 0, every: 1, rateShare: 1, per: "fault" } };
  return [...windowsOf(fault, duringMs)].map(({ startMs, endMs }) => [startMs, endMs]);
};

test("without anything said the window is the whole of during, and has no edge", () => {
  expect(isOpenAt({ fromMs: 0 }, 0)).toBe(true);
  expect(isOpenAt({ fromMs: 0 }, 1e9)).toBe(true);
  expect(nextEdgeAt({ fromMs: 0 }, 0)).toBeUndefined();
  expect(spans({ fromMs: 0 }, 5000)).toEqual([[0, 5000]]);
});

describe("from and for", () => {
  const window = { fromMs: 1000, forMs: 500 };

  test("open the window at from, and close it at from + for, the end excluded", () => {
    expect([999, 1000, 1499.9, 1500, 9000].map((t) => isOpenAt(window, t))).toEqual([false, true, true, false, false]);
    expect(spans(window, 5000)).toEqual([[1000, 1500]]);
  });

  test("are its edges, each once", () => {
    expect([0, 999.5, 1000, 1499, 1500, 2000].map((t) => nextEdgeAt(window, t))).toEqual([1000, 1000, 1500, 1500, undefined, undefined]);
  });

  test("what lies behind the end of during is not part of it", () => {
    expect(spans({ fromMs: 1000 }, 800)).toEqual([]);
    expect(spans({ fromMs: 600, forMs: 900 }, 800)).toEqual([[600, 800]]);
  });
});

describe("flap", () => {
  const window = { fromMs: 100, forMs: 700, flap: { onMs: 200, offMs: 100 } };

  test("turns it on and off from its start, and for ends it even while on", () => {
    expect(spans(window, 5000)).toEqual([[100, 300], [400, 600], [700, 800]]);
  });

  test("each opening has its number", () => {
    expect([0, 100, 350, 400, 799].map((t) => openingAt(window, t))).toEqual([0, 1, 1, 2, 3]);
    expect(openingAt({ fromMs: 10 }, 5000)).toBe(1);
  });

  test("without for it goes on for ever", () => {
    expect(nextEdgeAt({ fromMs: 0, flap: { onMs: 1, offMs: 1 } }, 1e7)).toBe(1e7 + 1);
  });
});

test("an edge that a clock computes as a difference is not missed for its last digit", () => {
  // 1234.567 + 3000.1 − 1234.567 is less than 3000.1 in binary.
  for (const setMs of [1234.567, 98_765.4321, 0.1, 77_777.777]) {
    for (const fromMs of [3000.1, 0.3, 1500.7]) {
      const window = { fromMs, forMs: 1000.1, flap: { onMs: 33.3, offMs: 11.1 } };
      let sinceMs = 0;
      for (let edges = 0; edges < 100; edges += 1) {
        const before = isOpenAt(window, sinceMs);
        const edge = nextEdgeAt(window, sinceMs);
        if (edge === undefined) break;
        sinceMs = setMs + edge - setMs;
        expect(isOpenAt(window, sinceMs)).toBe(!before);
      }
      expect(nextEdgeAt(window, sinceMs)).toBeUndefined();
    }
  }
});
