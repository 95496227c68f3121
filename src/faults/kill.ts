import { z } from "zod";
import type { ProcessFaultType } from "../model/fault-type.ts";
import type { EndSignal, ProcessEffect } from "../model/process-effect.ts";
import { duration } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Kill {
  readonly signal: EndSignal;
  readonly restart: Extract<ProcessEffect, { kind: "end" }>["restart"];
}

/** A crash, an out-of-memory kill, a lost machine: connections are cut, further ones are refused, and what the process held in memory is gone. */
export const kill: ProcessFaultType<Kill> = {
  type: "kill",
  layer: "process",
  on: "process",
  summary: "A service of the run is ended by a signal, and started again.",
  params: z.strictObject({
    signal: z.enum(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGSEGV"]).default("SIGKILL").describe("Sent to the service with all its child processes. Default SIGKILL, which leaves it no time to clean up."),
    restart: z
      .union([z.literal("never"), z.strictObject({ after: duration().describe('From its end to its start, like "2s".') }).transform(({ after }) => ({ afterMs: after }))])
      .optional()
      .describe("{ after: 2s } starts it again so long after it has ended; never leaves it down to the end of the run. Default: it is started again when the window of the fault closes.")
      .transform((given) => given ?? "lifted"),
  }),
  example: "signal: SIGKILL\nrestart: { after: 2s }",
  explain: ({ signal, restart }) => {
    const again = restart === "never" ? "and does not start it again" : restart === "lifted" ? "and starts it again at the end" : `and starts it again ${format("duration", restart.afterMs)} later`;
    return `ends the service by ${signal} ${again}`;
  },
  decide: ({ signal, restart }) => ({ kind: "end", signal, insist: false, restart }),
};
