// Breakers as people write them, with the slips that they make; `defect` names one, without it the breaker is right.
import { setTimeout as sleep } from "node:timers/promises";

const defects = ["never-closes", "floodgate", "slow-refusals", "opens-late", "keeps-half-open", "leaks", "closes-on-refusal", "never-tries", "early-trials", "forgets", "closes-by-time"];

/** { failures in a row that open it, restMs, defect, refuseAfterMs, leakShare } */
export function byHand(name, { failures = 5, restMs = 500, defect, refuseAfterMs = 300, leakShare = 0.4, trials = 1 }, call) {
  if (name !== "hand" || (defect !== undefined && !defects.includes(defect))) throw new Error(`no such breaker: ${name} ${defect ?? ""}`);
  let [state, inARow, openedMs, trying, late] = ["closed", 0, 0, 0, 0];
  const open = () => {
    [state, openedMs, trying] = ["open", performance.now(), 0];
  };
  const refuse = async () => {
    if (defect === "slow-refusals") await sleep(refuseAfterMs);
    if (defect === "closes-on-refusal") inARow = 0;
    throw new Error("breaker open");
  };
  return async (what) => {
    if (state === "open") {
      if (defect === "leaks" && Math.random() < leakShare) return call(what);
      if (defect === "never-tries" || performance.now() - openedMs < (defect === "early-trials" ? restMs / 5 : restMs)) return refuse();
      if (defect === "closes-by-time") [state, inARow] = ["closed", 0];
      else [state, trying] = ["half-open", 0];
    }
    if (state === "half-open" && trying >= trials && defect !== "floodgate") return refuse();
    const isTrial = state === "half-open";
    if (isTrial) trying += 1;
    try {
      const answer = await call(what);
      inARow = defect === "forgets" ? inARow : 0;
      if (isTrial && defect !== "keeps-half-open") [state, inARow] = defect === "never-closes" ? ["open", 0] : ["closed", 0];
      if (isTrial && defect === "never-closes") openedMs = performance.now();
      return answer;
    } catch (error) {
      inARow += 1;
      if (isTrial && defect !== "keeps-half-open") open();
      else if (state === "closed" && inARow >= failures) {
        late += 1;
        if (defect !== "opens-late" || late > 80) open();
      }
      throw error;
    }
  };
}
