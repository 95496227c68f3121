import { format } from "../../units/format.ts";

interface Volume {
  readonly calls: number;
  /** Absent: all calls since the start count. */
  readonly windowMs?: number;
}

/**
 * How many calls a library's breaker must have seen before its rate of failures counts, by its defaults: opossum 10.0 (volumeThreshold 0), cockatiel 4.0 (SamplingBreaker, 5/θ per second at θ 50 %),
 * Resilience4j (minimumNumberOfCalls), Polly 8 (MinimumThroughput), Hystrix (requestVolumeThreshold), pybreaker 1.4 (fail_max), gobreaker 2.4 (ReadyToTrip: more than 5), hystrix-go, failsafe-go.
 */
const volumes: Readonly<Record<string, Volume>> = {
  opossum: { calls: 1, windowMs: 10_000 },
  cockatiel: { calls: 10, windowMs: 1000 },
  resilience4j: { calls: 100 },
  polly: { calls: 100, windowMs: 30_000 },
  hystrix: { calls: 20, windowMs: 10_000 },
  "hystrix-go": { calls: 20, windowMs: 10_000 },
  pybreaker: { calls: 5 },
  gobreaker: { calls: 6 },
  "failsafe-go": { calls: 1 },
};

function libraryVolume(library: string | undefined): Volume | undefined {
  const key = library?.toLowerCase();
  return key !== undefined && Object.hasOwn(volumes, key) ? volumes[key] : undefined;
}

/** Says that so many calls at such a rate are fewer than the library's breaker needs by default; undefined when they are not. */
export function tooFewFor(library: string | undefined, seen: { readonly calls: number; readonly perSecond: number }): string | undefined {
  const volume = libraryVolume(library);
  if (volume === undefined) return undefined;
  const inWindow = volume.windowMs === undefined ? seen.calls : Math.min(seen.calls, (seen.perSecond * volume.windowMs) / 1000);
  if (inWindow >= volume.calls) return undefined;
  const per = volume.windowMs === undefined ? "" : ` in ${format("duration", volume.windowMs)}`;
  return `${library} opens by default after at least ${volume.calls} calls${per}, and gets about ${Math.floor(inWindow)}`;
}
