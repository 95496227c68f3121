import { completenessGate } from "../../evidence/gates.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import { tally } from "../figures.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";

/** Why nothing can be said about how a service bears a load: the load was not sent as planned, or not all of it was seen. */
export function loadObstacle(scope: Scope, probe: string): Obstacle | undefined {
  const { observations, epoch } = scope;
  return phaseObstacle(scope, "during") ?? completenessGate(scope) ?? serialObstacle(scope, probe) ?? cappedObstacle(scope, probe) ?? exerciseObstacle(scope, probe)
    ?? apparatusObstacle(tally(observations.samples({ probe, phase: "during", epoch }), 1));
}

/** A load that waits for answers never exceeds what the service takes. */
function serialObstacle({ observations }: Scope, probe: string): Obstacle | undefined {
  const load = observations.header.plan.experiment.probes.find(({ name }) => name === probe)?.load;
  return load?.kind === "serial" ? { reason: `${probe} sends one request at a time (serial), which never is too much.`, nextStep: "Give it a rate instead: load: { rate: { before: …, during: … } }." } : undefined;
}

/** From the cap on, the load that was planned was not sent. */
export function cappedObstacle({ observations }: Scope, probe: string): Obstacle | undefined {
  const capped = observations.capped.find((one) => one.probe === probe);
  return capped === undefined ? undefined : {
    reason: `${probe} reached its cap of ${capped.limit} requests in flight, so that the load was no longer sent as planned.`,
    nextStep: "Raise load.inFlight, shorten the probe's timeout, or lower the load.",
  };
}
