import { z } from "zod";
import { duration, quantity, share } from "../../units/fields.ts";
import { guardSchema, steadyStateSchema } from "./gates.ts";

const text = (description: string): z.ZodString => z.string().min(1).meta({ description });

const phasesSchema = z.strictObject({
  warmup: duration().prefault("2s").meta({ description: "sent and not counted" }),
  before: duration().prefault("5s").meta({ description: "the baseline" }),
  during: quantity("duration", { positive: true }).prefault("10s").meta({ description: "the faults are in force" }),
  after: duration().prefault("10s").meta({ description: "recovery" }),
  epochs: z.int().min(1).max(1000).default(1).meta({ description: "how often during and after are run" }),
}).transform(({ warmup, before, during, after, epochs }) => ({ warmupMs: warmup, beforeMs: before, duringMs: during, afterMs: after, epochs }));

/** The sections whose parts do not depend on the registries; each is checked by itself, so that all issues show at once. */
export const sections = {
  version: z.literal(1).meta({ description: "version of this format: 1" }),
  title: text("what is claimed, in one line"),
  description: text("the same in full").optional(),
  tags: z.array(z.string().min(1)).prefault([]).meta({ description: "for --only" }),
  seed: z.union([z.string().min(1), z.number()]).transform(String).optional().meta({ description: "any text or number; the same seed gives the same run" }),
  confidence: share().prefault("99%").meta({ description: "of held verdicts; default 99%" }),
  phases: phasesSchema.prefault({}).meta({ description: "how long warmup, before, during and after are" }),
  steadyState: z.array(steadyStateSchema).prefault([]).meta({ description: "must hold before, and again after" }),
  guards: z.array(guardSchema).prefault([]).meta({ description: "stop conditions: tripping one ends injection at once" }),
  maxDuration: quantity("duration", { positive: true }).optional().meta({ description: "ends injection when the run has lasted so long" }),
} as const;
