import type { CallTable } from "./call-table.ts";

/**
 * Callers that close their sending half behind a request and read on, known by most of their calls before the fault, which were
 * answered whole behind a FIN (RFC 9112 §9.6 lets a client do so). Returned are their keys in the table.
 */
export function findHalfClosers(calls: CallTable, beforeEndMs: number): ReadonlySet<number> {
  const seen = new Map<number, { all: number; answered: number }>();
  for (let row = 0; row < calls.length; row += 1) {
    if (calls.startMs.get(row) >= beforeEndMs) continue;
    const key = calls.callerKey(row);
    const counts = seen.get(key) ?? { all: 0, answered: 0 };
    counts.all += 1;
    if (calls.afterFin(row) === "complete") counts.answered += 1;
    seen.set(key, counts);
  }
  return new Set([...seen].filter(([, { all, answered }]) => answered > all / 2).map(([key]) => key));
}
