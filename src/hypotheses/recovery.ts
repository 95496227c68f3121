import { z } from "zod";
import type { HypothesisType } from "../model/hypothesis-type.ts";
import { atMost } from "../units/fields.ts";
import { format } from "../units/format.ts";
import type { Claimed } from "./decide.ts";
import { expectedSamples, phaseMs } from "./expected-samples.ts";
import { faultSpan } from "./fault-span.ts";
import { exerciseObstacle } from "./preconditions.ts";
import { judgeRecovery } from "./recovery/lasting.ts";
import { fewestSamples } from "./steady-state.ts";

const schema = z.strictObject({ probe: z.string(), within: atMost("duration") });
type Params = z.output<typeof schema>;

/** From the end of the fault to lasting steady state. */
export const recovery: HypothesisType<Params> = {
  type: "recovery",
  summary: "From the end of the fault to a steady state that lasts",
  about: {
    sees: "The steady state of a probe after the faults were lifted: from when on it held to the end.",
    cannotTellApart: "A breaker still open, a backlog being worked off, a cold cache: it says when the service was well again, not why it took so long.",
    needs: "A phase `after` longer than the bound, and a steady state of that probe.",
  },
  params: schema,
  example: "probe: checkout\nwithin: 8s",
  probes: ({ probe }) => [probe],
  proxies: () => [],
  explain: ({ probe, within }) => `${probe} is back in its steady state, and stays there, in ${within.text} from the end of the fault`,
  advise({ probe, within }, _hypothesis, experiment) {
    const limitMs = within.max ?? 0;
    const afterMs = phaseMs(experiment, "after");
    const samples = expectedSamples(experiment, probe, "after");
    const left = samples === undefined || afterMs === 0 ? undefined : (samples * (afterMs - limitMs)) / afterMs;
    if (left === undefined || left >= fewestSamples) return [];
    const neededMs = limitMs + (samples === 0 || samples === undefined ? 0 : (fewestSamples * afterMs) / samples);
    return [{ code: "after-too-short", message: `the phase after (${format("duration", afterMs)}) leaves fewer than ${fewestSamples} requests of ${probe} to show that a recovery at ${format("duration", limitMs)} lasts`, hint: `make after at least ${Math.ceil(neededMs / 1000)}s long`, path: ["within"] }];
  },
  judge(params, scope) {
    const endMs = faultSpan(scope).endMs ?? Number.POSITIVE_INFINITY;
    const claimed: Claimed = { claim: "within", bound: params.within, kind: "duration", what: "the end of the fault" };
    const { claim, recoveredAfterMs, samples, evidence } = judgeRecovery(claimed, params.probe, endMs, scope, exerciseObstacle(scope, params.probe));
    return { claims: [claim], observed: recoveredAfterMs === undefined ? {} : { recoveredAfterMs }, samples, evidence };
  },
};
