import type { Scope } from "../../model/hypothesis-type.ts";
import { format } from "../../units/format.ts";
import { faultSpan, phaseWindow } from "../fault-span.ts";
import { fewestSamples } from "../steady-state.ts";
import type { Obstacle } from "../preconditions.ts";
import { limitOf } from "./params.ts";
import type { Params } from "./params.ts";
import { measureDemand } from "./demand.ts";
import type { Demand } from "./demand.ts";
import { followCalls } from "./in-flight.ts";
import type { InFlight } from "./in-flight.ts";

/** What a dependency was asked at once, and whether that was more than there is room for. */
export interface Saturation {
  /** By caller; from the phase during on. */
  readonly callers: readonly InFlight[];
  readonly peak: number;
  /** Most at once before the fault. */
  readonly usual: number;
  readonly demand: Demand;
  /** Requests kept from calling because there was no room. */
  readonly heldBack: number;
  /** Until when the fault lasted. */
  readonly endMs: number;
  /** Why it is not shown that there was no room. */
  readonly obstacle?: Obstacle;
}

/** Calls that pile up to so many, and so many times as many as before, show that something is full even without a limit. */
const pile = 5;
const piled = 3;
/** With so many times the limit asked for at once, whatever keeps to it is the limit. */
const plenty = 2;
/** Where exactly as many as the limit were live, this is enough: without it there would have been more before anything could have failed. */
const some = 1.5;

export function measureSaturation({ proxy, probe, maxConcurrent, rejects }: Params, scope: Scope): Saturation {
  const { observations } = scope;
  const [before, during] = [phaseWindow(scope, "before"), phaseWindow(scope, "during")];
  const endMs = faultSpan(scope).endMs ?? observations.endMs;
  const followed = (fromMs: number, toMs: number): readonly InFlight[] => followCalls(own(observations.calls({ proxy, fromMs, toMs }), probe));
  const callers = during === undefined ? [] : followed(during.startMs, endMs);
  const peak = Math.max(0, ...callers.map((one) => one.peak));
  const usual = before === undefined ? 0 : Math.max(0, ...followed(before.startMs, before.endMs).map((one) => one.peak));
  const limit = maxConcurrent === undefined ? undefined : limitOf(maxConcurrent);
  const full = Math.max(1, Math.min(limit ?? peak, peak));
  const demand = measureDemand(scope, { probe, proxy, full, room: Math.max(1, limit ?? peak) * Math.max(1, callers.length), callers, endMs, status: rejects?.status });
  const heldBack = demand.queued + demand.turnedAway + demand.gaveUp;
  const obstacle = findObstacle({ callers, peak, usual, demand, heldBack, endMs }, limit, { proxy, probe });
  return { callers, peak, usual, demand, heldBack, endMs, ...(obstacle !== undefined && { obstacle }) };
}

function* own<T extends { readonly request?: { readonly probe: string } }>(calls: Iterable<T>, probe: string): Iterable<T> {
  for (const call of calls) if (call.request?.probe === probe) yield call;
}

function findObstacle({ callers, peak, usual, demand, heldBack }: Saturation, limit: number | undefined, { proxy, probe }: { readonly proxy: string; readonly probe: string }): Obstacle | undefined {
  const room = (limit ?? peak) * Math.max(1, callers.length);
  const liveMs = Math.max(1, ...callers.map((one) => one.liveMs));
  const nextStep = `Offer ${probe} at ${Math.ceil((plenty * 1000 * Math.max(1, room)) / liveMs)}/s or more (calls on ${proxy} take some ${format("duration", liveMs)}), or make them slower by the fault, so that there are at least ${plenty * Math.max(1, room)} at once.`;
  if (limit === undefined) {
    if (peak >= Math.max(pile, piled * usual)) return undefined;
    return heldBack >= fewestSamples && demand.atOnce > room ? undefined : { reason: `Never more than ${peak} calls on ${proxy} were live at once (${usual} before the fault) and ${heldBack} requests of ${probe} were kept from calling, so it is not shown that there was no room left.`, nextStep };
  }
  if (callers.some((one) => one.peak > limit)) return undefined;
  const isPressed = demand.atOnce >= plenty * room || (peak === limit && demand.atOnce >= some * room) || (demand.atOnce > room && heldBack >= fewestSamples);
  if (!isPressed) return { reason: `The load asked for at most ${demand.atOnce} calls at once on ${proxy}, and ${heldBack} requests of ${probe} were kept from calling: the limit of ${limit} was never reached.`, nextStep };
  if (demand.requests < fewestSamples) return { reason: `Only ${demand.requests} requests of ${probe} came while there was no room, too few to show a limit.`, nextStep };
  // A breaker keeps calls away too, but not because as many are live as may be.
  if (peak < limit && demand.heldElsewise > heldBack) return { reason: `${demand.heldElsewise} of ${demand.heldElsewise + heldBack} requests that were kept from calling ${proxy} were so while fewer than ${peak} calls were live: something other than a limit on them, such as an open breaker, does it.`, nextStep: "Use a fault that is slow and not an error (latency), so that no breaker opens." };
  return undefined;
}
