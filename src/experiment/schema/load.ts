import { z } from "zod";
import type { Load, PhaseName } from "../../model/experiment.ts";
import { duration, quantity } from "../../units/fields.ts";

const rate = (): z.ZodType<number, string | number> => quantity("rate");
const defaultRate = 10;

const perPhase = z.strictObject({ warmup: rate().optional(), before: rate().optional(), during: rate().optional(), after: rate().optional() });

const loadMap = z.strictObject({
  rate: z.union([perPhase, rate()]).optional().meta({ description: "requests per second such as 25/s, or a map of phases: { before: 10/s, during: 40/s }" }),
  steps: z.array(quantity("rate", { positive: true })).min(1).optional().meta({ description: "rates of equal parts of the phase during" }),
  burst: z.int().min(1).default(1).meta({ description: "requests at each due time" }),
  arrivals: z.enum(["even", "poisson"]).default("even").meta({ description: "equally far apart, or at random" }),
  serial: z.boolean().default(false).meta({ description: "one at a time: the next after the answer and pause" }),
  pause: duration().optional().meta({ description: "with serial: from an answer to the next request" }),
  inFlight: z.int().min(1).default(1000).meta({ description: "cap on unfinished requests; reaching it is reported" }),
  connections: z.enum(["reuse", "fresh"]).default("reuse").meta({ description: "keep connections alive, or open one per request" }),
}).transform(({ rate, steps, burst, arrivals, serial, pause, inFlight, connections }, context): Load => {
  const refuse = (key: string, message: string): void => context.addIssue({ code: "custom", message, path: [key] });
  if (serial && rate !== undefined) refuse("rate", "expected rate or serial: true, got both: a serial load sends when the last answer has come");
  if (serial && steps !== undefined) refuse("steps", "expected steps or serial: true, got both");
  if (serial && burst > 1) refuse("burst", "expected burst or serial: true, got both");
  if (!serial && pause !== undefined) refuse("pause", "expected serial: true with pause, got an open load");
  return { kind: serial ? "serial" : "open", rates: serial ? evenly(0) : ratesOf(rate), ...(steps === undefined ? {} : { steps }), burst, arrivals, pauseMs: pause ?? 0, inFlight, connections };
});

function evenly(rate: number): Readonly<Record<PhaseName, number>> {
  return { warmup: rate, before: rate, during: rate, after: rate };
}

/** A phase that is not named has the rate of before; before has that of its nearest named phase. */
function ratesOf(rate: number | z.output<typeof perPhase> | undefined): Readonly<Record<PhaseName, number>> {
  if (typeof rate !== "object") return evenly(rate ?? defaultRate);
  const before = rate.before ?? rate.warmup ?? rate.during ?? rate.after ?? defaultRate;
  return { warmup: rate.warmup ?? before, before, during: rate.during ?? before, after: rate.after ?? before };
}

/** `25/s`, or all of it as a map. */
const loadSchema: z.ZodType<Load> = z.union([loadMap, rate().transform((perSecond) => loadMap.parse({ rate: `${perSecond}/s` }))]).meta({ description: "how often it asks: 25/s, or { rate, steps, burst, arrivals, serial, pause, inFlight, connections }" });

export const probeCommons = z.strictObject({
  timeout: quantity("duration", { positive: true }).prefault("5s").meta({ description: "a sample without an answer turns bad then" }),
  load: loadSchema.prefault("10/s"),
});
