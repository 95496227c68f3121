import type { Metric } from "../model/experiment.ts";
import type { QuantityKind } from "./quantity.ts";

/** In which units a metric of a probe is claimed and told. */
export const metricKind: Readonly<Record<Metric, QuantityKind>> = { success: "share", available: "share", p50: "duration", p95: "duration", p99: "duration", max: "duration", throughput: "rate" };
