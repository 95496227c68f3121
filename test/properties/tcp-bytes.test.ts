import { describe, expect, it } from "vitest";
import { keyedRandom } from "../../src/math/random.ts";
import { Line } from "../../src/proxy/tcp/line.ts";
import { stageOf } from "../../src/proxy/tcp/stage-of.ts";
import type { StageEffect } from "../../src/proxy/tcp/stage-of.ts";
import type { Chunk, Stage } from "../../src/proxy/tcp/stage.ts";
import { Wire } from "../../src/proxy/tcp/wire.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { fc, runs } from "../support/properties.ts";

const direction = "both" as const;
const delay = fc.record({ delayMs: fc.nat(200), jitterMs: fc.nat(100), distribution: fc.constant("uniform" as const) });
const effect: fc.Arbitrary<StageEffect> = fc.oneof(
  delay.map((delay) => ({ kind: "delay-bytes" as const, direction, delay })),
  delay.map((delay) => ({ kind: "hold-end" as const, direction, delay })),
  fc.record({ bytesPerSecond: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 20, max: 5000 }) }, fc.constant(0)), shared: fc.boolean() }).map((rest) => ({ kind: "throttle" as const, direction, ...rest })),
  fc.record({ bytes: fc.integer({ min: 3, max: 20 }), everyMs: fc.nat(20), variationBytes: fc.nat(2) }).map((rest) => ({ kind: "slice" as const, direction, ...rest })),
  fc.record({ lossShare: fc.double({ min: 0.01, max: 0.5, noNaN: true }), burstPackets: fc.integer({ min: 1, max: 4 }), retransmitMs: fc.integer({ min: 1, max: 30 }) }).map((rest) => ({ kind: "lose" as const, direction, ...rest })),
);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), bytes: fc.uint8Array({ maxLength: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(120), lateMs: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("add" as const), effect }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("replace" as const), which: fc.nat(), effect }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), which: fc.nat(), now: fc.boolean() }) },
);

describe("the bytes of a tcp direction", () => {
  it("come out as they went in, whatever the chunks, and whatever stages come, go and take each other's place meanwhile", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const clock = new HeldClock();
        const stages: { readonly stage: Stage; readonly effect: StageEffect }[] = [];
        const went: number[] = [];
        const came: (number | "fin")[] = [];
        const sharedWire = new Wire(1000);
        let made = 0;
        const line = new Line((chunk) => came.push(...("bytes" in chunk ? chunk.bytes : ["fin" as const])));
        const maker = (effect: StageEffect): ((give: (chunk: Chunk, more?: boolean) => void) => Stage) => {
          const wire = (rate: number): Wire => (effect.kind === "throttle" && effect.shared === true && rate > 0 ? sharedWire : new Wire(rate, clock.nowMs()));
          return (give) => stageOf(effect, { env: clock, random: keyedRandom("bytes", (made += 1)), wire, acted: () => undefined }, give);
        };
        for (const step of steps) {
          if (step.do === "send") {
            went.push(...step.bytes);
            line.take({ bytes: step.bytes, atMs: clock.nowMs() });
          } else if (step.do === "wait") {
            clock.advance(step.ms, step.lateMs);
          } else if (step.do === "add") {
            stages.push({ stage: line.add(maker(step.effect)), effect: step.effect });
          } else if (step.do === "replace") {
            const index = stages.length === 0 ? 0 : step.which % stages.length;
            for (const { stage } of stages.splice(index, 1)) stages.splice(index, 0, { stage: line.replace(stage, maker(step.effect)), effect: step.effect });
          } else if (stages.length > 0) {
            for (const { stage } of stages.splice(step.which % stages.length, 1)) line.remove(stage, step.now);
          }
          expect(went.slice(0, came.length)).toEqual(came);
          expect(line.heldWeight).toBeGreaterThanOrEqual(went.length - came.length);
        }
        for (const { stage, effect } of stages) if (effect.kind === "throttle" && effect.bytesPerSecond === 0) line.remove(stage, false);
        line.take({ end: "fin", atMs: clock.nowMs() });
        clock.advance(1e9);
        expect(came).toEqual([...went, "fin"]);
        expect(line.heldWeight).toBe(0);
        expect(clock.armed).toBe(0);
      }),
      runs(300),
    );
  });
});
