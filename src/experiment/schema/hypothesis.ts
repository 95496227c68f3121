import { z } from "zod";
import { name, names } from "./names.ts";

/** The keys that every hypothesis may have beside its own. */
export const hypothesisCommons = z.strictObject({
  name: name.optional().meta({ description: "default: type-1, type-2, … in order" }),
  type: z.string().meta({ description: "the pattern that is judged" }),
  fault: names.optional().meta({ description: "the faults it speaks of; default: all on its proxy, else all" }),
  library: z.string().min(1).optional().meta({ description: "what carries the pattern out, such as opossum; for advice" }),
  epochs: z.int().min(1).max(1000).optional().meta({ description: "the fewest epochs that it is judged in: the run has as many as the largest of these, or phases.epochs" }),
  confirm: z.boolean().default(false).meta({ description: "repeats the epoch once before a violated verdict is given; epochs that disagree are inconclusive" }),
  shapes: z.array(z.string().min(1)).default([]).meta({ description: "forms of the fault that it has to stand" }),
});
