// A semaphore as people write it, with the slips that they make; `defect` names one, without it the semaphore is right.
import { setTimeout as sleep } from "node:timers/promises";

const defects = ["frees-twice", "checks-late", "never-frees"];

/** { limit, waitMs: so long after it found no room a request is told so, defect } */
export function byHand({ limit, waitMs = 0, defect }) {
  if (defect !== undefined && !defects.includes(defect)) throw new Error(`no such semaphore: ${defect}`);
  let running = 0;
  return async (task) => {
    if (running >= limit) {
      await sleep(waitMs);
      throw new Error("no room");
    }
    // Between the look and the count others look, too.
    if (defect === "checks-late") await sleep(100);
    running += 1;
    try {
      return await task();
    } catch (error) {
      if (defect === "frees-twice") running -= 1;
      if (defect === "never-frees") running += 1;
      throw error;
    } finally {
      running -= 1;
    }
  };
}
