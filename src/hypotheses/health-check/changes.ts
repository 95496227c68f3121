import type { Sample } from "../../model/observation.ts";

type Health = "healthy" | "unhealthy";

/** A change of health as a prober with thresholds sees it, ms from the start of the run: it happened after `loMs`, by `hiMs`. */
interface HealthChange {
  readonly to: Health;
  readonly loMs: number;
  readonly hiMs: number;
}

export interface HealthChanges {
  readonly list: readonly HealthChange[];
  /** The states between the changes. */
  readonly spans: readonly { readonly state: Health; readonly startMs: number; readonly endMs: number }[];
  /** When the last answer came: until then is known. */
  readonly lastMs: number;
}

/**
 * The changes of health over finished samples in due order, from a healthy start: so many failures in a row make it unhealthy,
 * so many successes healthy again (as a kubelet counts). A degraded answer is a failure.
 */
export function findChanges(samples: Iterable<Pick<Sample, "grade" | "endMs">>, thresholds: { readonly failureThreshold: number; readonly successThreshold: number }, startMs: number): HealthChanges {
  const list: HealthChange[] = [];
  let health: Health = "healthy";
  let inRow = 0;
  // Answers may overtake each other: the prober knows no more than the latest so far.
  let lastMs = startMs;
  for (const { grade, endMs } of samples) {
    const loMs = lastMs;
    lastMs = Math.max(lastMs, endMs ?? lastMs);
    const speaksFor: Health = grade === "good" ? "healthy" : "unhealthy";
    inRow = speaksFor === health ? 0 : inRow + 1;
    if (inRow < (health === "healthy" ? thresholds.failureThreshold : thresholds.successThreshold)) continue;
    if (speaksFor === health) continue;
    health = speaksFor;
    inRow = 0;
    list.push({ to: health, loMs, hiMs: lastMs });
  }
  const edges = [{ to: "healthy" as Health, hiMs: startMs }, ...list];
  const spans = edges.map(({ to, hiMs }, i) => ({ state: to, startMs: hiMs, endMs: edges[i + 1]?.hiMs ?? lastMs }));
  return { list, spans, lastMs };
}
