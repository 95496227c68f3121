import { samplesForQuantile } from "../math/quantile.ts";
import type { Experiment } from "../model/experiment.ts";
import type { Advice, HypothesisType } from "../model/hypothesis-type.ts";
import { format } from "../units/format.ts";
import { adviseOnSamples, expectedSamples, phaseMs } from "./expected-samples.ts";
import { judgeCount } from "./invariant/count.ts";
import { fewestOf, schema, wordsOf } from "./invariant/params.ts";
import type { Params } from "./invariant/params.ts";
import { reignsOf } from "./invariant/reigns.ts";
import { judgeStaleness } from "./invariant/staleness.ts";
import { watchNodes } from "./invariant/watch.ts";
import { fewestSamples } from "./steady-state.ts";

/** A node that is asked less often may change and change back between two answers. */
const askedPerSecond = 4;

/** What must be so of several nodes together, whatever happens to one of them. */
export const invariant: HypothesisType<Params> = {
  type: "invariant",
  summary: "What several nodes say together stays true: exactly one leader, enough replicas, no stale reads",
  about: {
    sees: "The answers of one probe per node: how many say the same at a time, how soon enough do again after the onset, and how old the values are that replicas give.",
    cannotTellApart: "A leader that was replaced and elected again between two answers from one that never stopped, unless answers carry a term; a state shorter than the time between two answers.",
    needs: "A probe per node that is answered in any state, with capture: { path: /role, term: /term }, at least 4 times a second; a fault that hits a node that is counted; for lag a number that only grows, written all the time.",
  },
  params: schema,
  example: 'probes: [role-1, role-2, role-3]\nwhere: { value: leader }\ncount: "== 1"\nwithin: 3s',
  probes: ({ probes, staleness }) => [...new Set([...probes, ...(staleness === undefined ? [] : [staleness.primary])])],
  proxies: () => [],
  explain(params) {
    const { probes, count, perTerm, within, staleness } = params;
    const words = wordsOf(params).replace(/^were/, "are").replace(/^said/, "say").replace(/^answered/, "answer").replace(" answered", " answer");
    const excused = within === undefined ? "" : `; too few are excused for ${format("duration", within.max ?? 0)} after the start and the end of the fault`;
    const counted = count === undefined ? [] : [`at any time ${count.text} of ${probes.join(", ")} ${words}${perTerm === true ? " in one term" : ""}${excused}`];
    const lags = staleness === undefined ? [] : [`${probes.join(", ")} lag behind ${staleness.primary} by ${[staleness.p95 && `${staleness.p95.text} (p95)`, staleness.max && `${staleness.max.text} at the most`].filter(Boolean).join(" and ")}`];
    const sentence = [...counted, ...lags].join(", and ");
    return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
  },
  advise(params, _hypothesis, experiment) {
    const { probes, count, within, staleness, where } = params;
    const seldom = probes.filter((probe) => count !== undefined && isAskedSeldom(experiment, probe));
    const needed = samplesForQuantile(0.95, experiment.confidence);
    const captures = [...(where?.value === undefined && staleness === undefined ? [] : probes), ...(staleness === undefined ? [] : [staleness.primary])].filter((probe) => experiment.probes.some(({ name, params }) => name === probe && !Object.hasOwn(params, "capture")));
    return [
      ...(seldom.length === 0 ? [] : [{ code: "asked-too-seldom", message: `${seldom.join(", ")} ${seldom.length === 1 ? "is" : "are"} asked less than ${askedPerSecond} times a second: what a node was like between two answers would not be known`, hint: `give each probe a load of ${askedPerSecond}/s or more, 20/s to see short overlaps`, path: ["probes"] }]),
      ...probes.flatMap((probe) => adviseOnSamples(experiment, probe, "during", fewestSamples, "what is said of a node", ["probes"])).slice(0, 1),
      ...(captures.length === 0 ? [] : [{ code: "no-capture", message: `${[...new Set(captures)].join(", ")} capture${captures.length === 1 ? "s" : ""} no value that could be compared`, hint: "give them capture: { path: /role }, with the place of the value in the JSON answer", path: ["probes"] }]),
      ...(staleness?.p95 === undefined ? [] : probes.flatMap((probe) => adviseOnSamples(experiment, probe, "during", needed, '"staleness.p95"', ["staleness"])).slice(0, 1)),
      ...(within?.max === undefined || phaseMs(experiment, "during") > within.max ? [] : [tooShort(experiment, within.max)]),
      ...(within !== undefined && count !== undefined && staleness === undefined && fewestOf(count) === 0 ? [{ code: "no-effect", message: "within has no effect on a count that too few cannot violate", hint: 'leave it out, or claim "== 1"', path: ["within"] }] : []),
    ];
  },
  judge(params, scope) {
    const watched = watchNodes(params, scope);
    const counted = judgeCount(params, watched, scope);
    const lag = judgeStaleness(params, scope);
    const claims = [...counted.claims, ...lag.claims];
    const gapMs = Math.max(0, ...watched.nodes.map(({ longestGapMs }) => longestGapMs));
    const isHeld = claims.some(({ claim, verdict }) => claim === "count" && verdict === "held");
    const isViolated = claims.some(({ claim, verdict }) => claim === "count" && verdict === "violated");
    return {
      claims,
      observed: { ...counted.observed, ...lag.observed },
      samples: watched.nodes.reduce((sum, { judged }) => sum + judged, 0),
      equivalentTo: [...(isHeld ? [`what lasted no longer than ${format("duration", Math.round(gapMs))}, the longest time between two answers of a node`] : []), ...(isViolated && params.perTerm !== true ? ["a state handed over and back between two answers of a node"] : [])],
      evidence: isHeld ? lag.evidence : [...counted.evidence, ...lag.evidence],
      ...reignsOf(params, watched),
    };
  },
};

function isAskedSeldom(experiment: Experiment, probe: string): boolean {
  const samples = expectedSamples(experiment, probe, "during");
  return samples !== undefined && samples * 1000 < askedPerSecond * phaseMs(experiment, "during");
}

function tooShort(experiment: Experiment, limitMs: number): Advice {
  return { code: "phase-too-short", message: `during lasts ${format("duration", phaseMs(experiment, "during"))}, too short to see what may take ${format("duration", limitMs)}`, hint: `make during longer than ${Math.ceil(limitMs / 1000)}s`, path: ["within"] };
}
