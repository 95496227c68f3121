/**
 * Probes: what is asked, and how good an answer is. Pure; the run carries calls out.
 * May import model, units, math.
 * To add one: write `<type>.ts` that exports a ProbeType, add it to the list below, and carry out its kind of call in the run.
 * Parameters keep their shape when validated, so that those with `${…}` replaced can be used as they are.
 */
import type { ProbeType } from "../model/probe-type.ts";
import { command } from "./command.ts";
import { http } from "./http.ts";
import { tcp } from "./tcp.ts";

export const probeTypes: readonly ProbeType[] = [http, tcp, command];

export function findProbeType(type: string): ProbeType | undefined {
  return probeTypes.find((probe) => probe.type === type);
}
