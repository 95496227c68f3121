import type { Env } from "../model/env.ts";
import { createEnvFrom } from "../proxy/index.ts";

/** The real clock and timers; `nowMs` counts from this call, or from the moment of `process.hrtime.bigint()` that is given. */
export function createSystemEnv(startNs = process.hrtime.bigint()): Env {
  return createEnvFrom(startNs);
}
