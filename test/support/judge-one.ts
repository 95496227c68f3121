import type { HypothesisType, Judgement } from "../../src/model/hypothesis-type.ts";
import type { Hypothesis } from "../../src/model/experiment.ts";
import type { ClaimVerdict, VerdictWord } from "../../src/model/verdict.ts";
import { simulate } from "./simulate.ts";
import type { Simulation } from "./simulate.ts";

export interface Said extends Judgement {
  readonly verdict: VerdictWord;
  claim(name: string): ClaimVerdict;
}

/** What one hypothesis says of one simulated run (epoch 1). */
export function judgeOne<P>(type: HypothesisType<P>, params: unknown, simulation: Simulation, hypothesis: Partial<Hypothesis> = {}): Said {
  const { observations, header } = simulate({ ...simulation, hypotheses: [{ type: type.type, ...hypothesis }] });
  const [own] = header.plan.experiment.hypotheses;
  if (own === undefined) throw new Error("the simulated experiment has no hypothesis");
  const judgement = type.judge(type.params.parse(params), { hypothesis: own, observations, epoch: 1, confidence: 0.99 });
  const words = judgement.claims.map(({ verdict }) => verdict);
  return {
    ...judgement,
    verdict: words.includes("violated") ? "violated" : words.includes("inconclusive") ? "inconclusive" : "held",
    claim(name) {
      const found = judgement.claims.find(({ claim }) => claim === name);
      if (found === undefined) throw new Error(`no claim ${name} among ${judgement.claims.map(({ claim }) => claim).join(", ")}`);
      return found;
    },
  };
}

/** How often each verdict is given over so many seeds. */
export function countVerdicts<P>(type: HypothesisType<P>, params: unknown, simulation: Simulation, seeds: number, hypothesis: Partial<Hypothesis> = {}): Record<VerdictWord, number> {
  const counts: Record<VerdictWord, number> = { held: 0, violated: 0, inconclusive: 0 };
  for (let seed = 1; seed <= seeds; seed += 1) counts[judgeOne(type, params, { ...simulation, seed }, hypothesis).verdict] += 1;
  return counts;
}
