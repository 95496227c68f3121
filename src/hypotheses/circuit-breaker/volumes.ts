import { format } from "../../units/format.ts";
import { breakerDefaults } from "../libraries.ts";

/** Says that so many calls at such a rate are fewer than the library's breaker needs by default; undefined when they are not. */
export function tooFewFor(library: string | undefined, seen: { readonly calls: number; readonly perSecond: number }): string | undefined {
  const volume = breakerDefaults(library)?.volume;
  if (volume === undefined) return undefined;
  const inWindow = volume.windowMs === undefined ? seen.calls : Math.min(seen.calls, (seen.perSecond * volume.windowMs) / 1000);
  if (inWindow >= volume.calls) return undefined;
  const per = volume.windowMs === undefined ? "" : ` in ${format("duration", volume.windowMs)}`;
  return `${library} opens by default after at least ${volume.calls} calls${per}, and gets about ${Math.floor(inWindow)}`;
}

/** The load, per second, that a library's breaker needs by default in a phase of so many ms; undefined where nothing is known of it. */
export function loadFor(library: string | undefined, lengthMs: number): number | undefined {
  const volume = breakerDefaults(library)?.volume;
  if (volume === undefined || lengthMs <= 0) return undefined;
  return Math.ceil((volume.calls * 1000) / Math.min(lengthMs, volume.windowMs ?? lengthMs));
}

/**
 * How long after the onset a library's breaker opens by default when every call fails: successes from before it dilute its share until they leave its window,
 * or are outnumbered. `healthyMs`: for how long calls succeeded before. Undefined where it goes by another rule.
 */
export function usualOpeningMs(library: string | undefined, healthyMs: number, perSecond: number): number | undefined {
  const known = breakerDefaults(library);
  if (known?.failing === undefined || perSecond <= 0) return undefined;
  const { share, windowMs = known.volume.windowMs ?? Number.POSITIVE_INFINITY } = known.failing;
  return Math.max((known.volume.calls * 1000) / perSecond - healthyMs, Math.min(share * windowMs, (share * healthyMs) / (1 - share)));
}
