import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DelayStage } from "../../src/proxy/tcp/delay-stage.ts";
import { Line } from "../../src/proxy/tcp/line.ts";
import type { Stage } from "../../src/proxy/tcp/stage.ts";
import { HeldClock } from "../proxy/held-clock.ts";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), bytes: fc.uint8Array({ maxLength: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(120), lateMs: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("add" as const), draws: fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), which: fc.nat(), now: fc.boolean() }) },
);

describe("the bytes of a tcp direction", () => {
  it("come out as they went in, whatever the chunks, and whatever stages come and go meanwhile", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const clock = new HeldClock();
        const stages: Stage[] = [];
        const went: number[] = [];
        const came: (number | "fin")[] = [];
        let longestMs = 0;
        const line = new Line((chunk) => came.push(...("bytes" in chunk ? chunk.bytes : ["fin" as const])));
        for (const step of steps) {
          if (step.do === "send") {
            went.push(...step.bytes);
            line.take({ bytes: step.bytes, atMs: clock.nowMs() });
          } else if (step.do === "wait") {
            clock.advance(step.ms, step.lateMs);
          } else if (step.do === "add") {
            let draw = 0;
            longestMs += Math.max(...step.draws);
            stages.push(line.add((give) => new DelayStage(clock, () => step.draws[draw++ % step.draws.length] ?? 0, give)));
          } else if (stages.length > 0) {
            for (const stage of stages.splice(step.which % stages.length, 1)) line.remove(stage, step.now);
          }
          expect(went.slice(0, came.length)).toEqual(came);
        }
        line.take({ end: "fin", atMs: clock.nowMs() });
        clock.advance(longestMs);
        expect(came).toEqual([...went, "fin"]);
        expect(line.heldWeight).toBe(0);
        expect(clock.armed).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
