import { explainStatus } from "../../probes/status-test.ts";
import type { Accepted, Rejects } from "./params.ts";

/** `rejects` and `accepted` as parts of a sentence. */
export function explainBearing({ rejects, accepted }: { readonly rejects?: Rejects | undefined; readonly accepted?: Accepted | undefined }): readonly string[] {
  const away = rejects === undefined ? [] : [`turns away what is too much with ${explainStatus(rejects.status)}${rejects.answersWithin === undefined ? "" : ` in ${rejects.answersWithin.text} (p95)`}`];
  const parts = accepted === undefined ? [] : [
    accepted.success && `${accepted.success.text} of them well`, accepted.p95 && `in ${accepted.p95.text} (p95)`, accepted.p99 && `in ${accepted.p99.text} (p99)`, accepted.throughput && `at ${accepted.throughput.text}`,
  ].filter((part) => part !== undefined);
  return [...away, ...(parts.length === 0 ? [] : [`serves the others meanwhile, ${parts.join(", ")}`])];
}
