import type { Judgement } from "../../model/hypothesis-type.ts";
import { mostOf } from "./params.ts";
import type { Params } from "./params.ts";
import type { Watched } from "./watch.ts";

/** So many stretches are drawn. */
const mostSpans = 200;

/** Which node it was, over time, where it can be one only at a time. */
export function reignsOf({ count, perTerm }: Params, { nodes }: Watched): Pick<Judgement, "states"> {
  if (count === undefined || perTerm === true || mostOf(count) !== 1) return {};
  const spans: { readonly state: string; readonly startMs: number; endMs: number }[] = [];
  for (const { probe, yes } of nodes) {
    let last: (typeof spans)[number] | undefined;
    for (let row = 0; row < yes.length && spans.length < mostSpans; row += 1) {
      const [startMs, endMs] = [yes.fromMs.get(row), yes.toMs.get(row)];
      if (last !== undefined && startMs - last.endMs < 1000) last.endMs = endMs;
      else spans.push((last = { state: probe, startMs, endMs }));
    }
  }
  return { states: spans.sort((a, b) => a.startMs - b.startMs) };
}
