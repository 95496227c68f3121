import { longestMs, whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

const microsecondsPerMs = 1000;

/** Bytes come in pieces of average_size ± size_variation, `delay` µs apart. */
export const slicer: ToxicType<{ readonly average_size: number; readonly size_variation: number; readonly delay: number }> = {
  type: "slicer",
  struct: "SlicerToxic",
  fields: {
    average_size: { kind: "integer", unit: "bytes", min: 1, max: Number.MAX_SAFE_INTEGER },
    size_variation: { kind: "integer", unit: "bytes", max: Number.MAX_SAFE_INTEGER },
    delay: { kind: "integer", unit: "µs", max: longestMs * microsecondsPerMs },
  },
  check: (attributes) =>
    attributes.size_variation <= attributes.average_size ? undefined : { attribute: "size_variation", message: `expected at most the average_size of ${attributes.average_size} bytes, got ${attributes.size_variation}` },
  toFault: (attributes) => ({ type: "slicer", params: { size: attributes.average_size, variation: attributes.size_variation, spacing: attributes.delay / microsecondsPerMs } }),
  fromFault({ type, params: { size, variation, spacing } }) {
    const [average, around, delay] = [whole(size), whole(variation), whole(typeof spacing === "number" ? Number((spacing * microsecondsPerMs).toPrecision(12)) : undefined)];
    if (type !== "slicer" || average === undefined || around === undefined || delay === undefined) return undefined;
    return { average_size: average, size_variation: around, delay };
  },
};
