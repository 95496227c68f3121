import { disturbedMsWithin } from "../../evidence/disturbed-time.ts";
import type { Disturbance } from "../../model/observation.ts";
import { isDecided } from "./served.ts";
import type { Served, ServedRows, Server } from "./served.ts";

/** Fewer requests in a row show nothing that lasts. */
export const fewestLasting = 20;

/** Service by one side lasts when so many requests are served by it; fewer where fewer are claimed. */
export const usualShare = 0.95;

/** From when on requests were served by one side, told by its first answer. */
export interface Taking {
  /** Place of the first request of them. */
  readonly place: number;
  /** When that side took over: not before, and at the latest. Ms from the start of the run. */
  readonly loMs: number;
  readonly hiMs: number;
}

/**
 * The first request from which on this share is served by one side to the end of the rows, and of the next 20 too. Undefined: there is none.
 * When it took over is known but for the gap before the request of its first answer; that is the later end. Time in which the machine
 * was disturbed may be what delayed it: the earlier end allows for that.
 */
export function findTaking(rows: ServedRows, by: Server, { share, sinceMs, disturbances }: { readonly share: number; readonly sinceMs: number; readonly disturbances: readonly Disturbance[] }): Taking | undefined {
  const place = firstLasting(rows, by, share);
  if (place === undefined) return undefined;
  let earliest: { readonly row: Served; readonly gapMs: number } | undefined;
  let lastDueMs = lastDecidedBefore(rows, place)?.dueMs ?? sinceMs;
  for (let i = place; i < rows.length; i += 1) {
    const row = rows.at(i);
    if (row === undefined || !isDecided(row)) continue;
    // No later request can have been answered before.
    if (earliest !== undefined && row.dueMs > earliest.row.endMs) break;
    if (row.by === by && (earliest === undefined || row.endMs < earliest.row.endMs)) earliest = { row, gapMs: Math.max(0, row.dueMs - lastDueMs) };
    lastDueMs = row.dueMs;
  }
  if (earliest === undefined) return undefined;
  const hiMs = earliest.row.endMs;
  const slackMs = earliest.gapMs + disturbedMsWithin(disturbances, sinceMs, hiMs);
  return { place, loMs: Math.max(sinceMs, hiMs - slackMs), hiMs };
}

function lastDecidedBefore(rows: ServedRows, place: number): Served | undefined {
  for (let i = place - 1; i >= 0; i -= 1) {
    const row = rows.at(i);
    if (row !== undefined && isDecided(row)) return row;
  }
  return undefined;
}

function firstLasting(rows: ServedRows, by: Server, share: number): number | undefined {
  let [hits, decided] = [0, 0];
  let found: number | undefined;
  // The next 20 decided ones, over and over.
  const next = new Uint8Array(fewestLasting);
  let nextHits = 0;
  for (let place = rows.length - 1; place >= 0; place -= 1) {
    const row = rows.at(place);
    if (row === undefined || !isDecided(row)) continue;
    const hit = row.by === by ? 1 : 0;
    nextHits += hit - (next[decided % fewestLasting] ?? 0);
    next[decided % fewestLasting] = hit;
    decided += 1;
    hits += hit;
    if (hit === 1 && decided >= fewestLasting && hits >= share * decided && nextHits >= share * fewestLasting) found = place;
  }
  return found;
}
