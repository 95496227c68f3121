import type { Judgement } from "../model/hypothesis-type.ts";
import type { ClaimVerdict, VerdictWord } from "../model/verdict.ts";

/** What one epoch says. */
export interface EpochJudgement {
  readonly epoch: number;
  readonly judgement: Judgement;
}

/** The claims of several epochs as one list: a claim is held or violated when every epoch says so, else inconclusive. */
export function combineEpochs(epochs: readonly EpochJudgement[]): readonly ClaimVerdict[] {
  const [first, ...rest] = epochs;
  if (first === undefined) return [];
  if (rest.length === 0) return first.judgement.claims;
  const names = [...new Set(epochs.flatMap(({ judgement }) => judgement.claims.map(({ claim }) => claim)))];
  return names.flatMap((name) => {
    const said = epochs.flatMap(({ epoch, judgement }) => judgement.claims.filter(({ claim }) => claim === name).map((claim) => ({ epoch, claim })));
    const silent = epochs.find(({ epoch }) => !said.some((one) => one.epoch === epoch));
    return silent === undefined ? [combineClaim(said)] : unsaidIn(silent, said);
  });
}

/** A claim that an epoch does not make is not decided by the others; why it does not, its own claims say. */
function unsaidIn({ epoch, judgement }: EpochJudgement, [first]: readonly { readonly epoch: number; readonly claim: ClaimVerdict }[]): readonly ClaimVerdict[] {
  if (first === undefined) return [];
  const [instead] = judgement.claims.filter(({ verdict }) => verdict === "inconclusive");
  const why = instead === undefined ? "it was not judged." : instead.reason;
  return [{ ...first.claim, verdict: "inconclusive", reason: `It was ${first.claim.verdict} in epoch ${first.epoch}, and in epoch ${epoch}: ${why}`, ...(instead?.nextStep !== undefined && { nextStep: instead.nextStep }) }];
}

function combineClaim(said: readonly { readonly epoch: number; readonly claim: ClaimVerdict }[]): ClaimVerdict {
  const words = new Set(said.map(({ claim }) => claim.verdict));
  const open = said.find(({ claim }) => claim.verdict === "inconclusive");
  const chosen = open ?? said.find(({ claim }) => claim.verdict === "violated") ?? said[0];
  if (chosen === undefined) throw new Error("a claim was combined that no epoch made");
  const n = said.reduce((sum, { claim }) => sum + claim.n, 0);
  if (words.size === 1) return { ...chosen.claim, n };
  if (words.has("held") && words.has("violated")) {
    const each = said.map(({ epoch, claim }) => `${claim.verdict} in epoch ${epoch} (${claim.observed})`).join(", ");
    return { ...chosen.claim, n, verdict: "inconclusive", reason: `The epochs disagree: ${each}.`, nextStep: "Run more epochs, or find what differs between them: the order, warm caches, a neighbour on the machine." };
  }
  return { ...chosen.claim, n, verdict: "inconclusive", reason: `In epoch ${chosen.epoch}: ${chosen.claim.reason}` };
}

/** A hypothesis is all its claims together. */
export function conjoin(words: readonly VerdictWord[]): VerdictWord {
  if (words.includes("violated")) return "violated";
  return words.length === 0 || words.includes("inconclusive") ? "inconclusive" : "held";
}
