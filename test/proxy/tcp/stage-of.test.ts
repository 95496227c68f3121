import { expect, it } from "vitest";
import type { Wave } from "../../../src/model/distribution.ts";
import { stageOf } from "../../../src/proxy/tcp/stage-of.ts";
import { Wire } from "../../../src/proxy/tcp/wire.ts";
import { HeldClock } from "../held-clock.ts";

/** When chunks that arrive at these times are released, in ms; the fault takes hold `sinceWindowMs` after its window began. */
function released(shape: Wave["shape"], arrivalsMs: readonly number[], sinceWindowMs = 0): readonly number[] {
  const clock = new HeldClock();
  clock.advance(5000);
  const out: number[] = [];
  const delay = { delayMs: 200, jitterMs: 0, distribution: "uniform", wave: { shape, periodMs: 4000, fromMs: 0, toMs: 400 } } as const;
  const stage = stageOf({ kind: "delay-bytes", direction: "response", delay, sinceWindowMs }, { env: clock, random: () => 0.5, wire: (rate) => new Wire(rate), acted: () => undefined }, () => out.push(clock.nowMs() - 5000));
  for (const ms of arrivalsMs) {
    clock.advance(5000 + ms - clock.nowMs());
    stage.take({ bytes: Buffer.from("x"), atMs: clock.nowMs() });
  }
  clock.advance(10_000);
  return out;
}

it.each([
  ["sine", [0, 1200, 2400, 3200, 4000]],
  ["saw", [0, 1100, 2200, 3300, 4000]],
  ["square", [0, 1000, 2400, 3400, 4000]],
] as const)("bytes come later by what a %s wave says at their arrival", (shape, expected) => {
  released(shape, [0, 1000, 2000, 3000, 4000]).forEach((ms, i) => expect(ms).toBeCloseTo(expected[i] ?? Number.NaN, 6));
});

it("a wave goes on from the start of the window, whenever the fault takes hold of a connection", () => {
  expect(released("saw", [0], 1000)).toEqual([100]);
  expect(released("square", [0], 2500)).toEqual([400]);
});

it("a wave that falls faster than time passes reorders nothing", () => {
  const out = released("saw", [3900, 4000, 4100]);
  expect(out[0]).toBeCloseTo(4290, 6);
  expect(out[1]).toBeCloseTo(4290, 6);
  expect(out[2]).toBeCloseTo(4290, 6);
});
