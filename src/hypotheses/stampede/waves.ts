import { Column } from "../../evidence/column.ts";
import { quantile } from "../../math/quantile.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Probe } from "../../model/experiment.ts";

/** So many requests at once make a wave whose spread can be told. */
const fewest = 20;

/**
 * How far the second calls of requests that were due at once lie apart, against their first calls: about 1 without jitter, more with it.
 * The median over bursts under the fault; undefined where there are none.
 */
export function waveDispersion({ observations, epoch }: Pick<Scope, "observations" | "epoch">, probes: readonly Probe[], proxy: string): number | undefined {
  const ratios = new Column("f64");
  for (const { name, load } of probes) {
    if (load.burst < fewest || observations.rung(name, proxy) === "statistical") continue;
    let dueMs = Number.NaN;
    let [first, second] = [new Column("f64"), new Column("f64")];
    const close = (): void => {
      if (second.length >= fewest / 2) ratios.push(spread(second) / Math.max(1, spread(first)));
      [first, second] = [new Column("f64"), new Column("f64")];
    };
    for (const sample of observations.samples({ probe: name, phase: "during", epoch })) {
      if (sample.dueMs !== dueMs) close();
      dueMs = sample.dueMs;
      const [one, two] = observations.callsOf(sample, proxy);
      if (one === undefined || two === undefined || sample.disturbed) continue;
      first.push(one.startMs);
      second.push(two.startMs);
    }
    close();
  }
  return ratios.length === 0 ? undefined : quantile(ratios.sorted(), 0.5);
}

/** The time in which the middle four of five lie, ms. */
function spread(atMs: Column): number {
  const sorted = atMs.sorted();
  return quantile(sorted, 0.9) - quantile(sorted, 0.1);
}
