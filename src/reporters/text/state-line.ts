import type { Style } from "./paint.ts";

/** How an inferred state is drawn: calm ones thin, trouble thick, a trial as a mark, what else is in between dashed. */
export function lineOf(state: string): { readonly line: string; readonly style: readonly Style[] } {
  if (state === "closed" || state === "healthy") return { line: "─", style: ["green"] };
  if (state === "open" || state === "unhealthy") return { line: "━", style: ["red"] };
  return { line: state === "half-open" ? "◇" : "╍", style: ["yellow"] };
}

/** Calm states first, trouble last, others between. */
export function byCalm(a: string, b: string): number {
  const rank = (state: string): number => ["─", "◇", "╍", "━"].indexOf(lineOf(state).line);
  return rank(a) - rank(b);
}
