import type { Observations } from "../model/observation.ts";
import type { FaultRecord } from "../model/event.ts";
import { quantile } from "../math/quantile.ts";
import { CallIndex } from "./call-index.ts";
import type { CallTable } from "./call-table.ts";
import { Column } from "./column.ts";
import { disturbedTime } from "./disturbed-time.ts";
import { disturbedAt } from "./disturbances.ts";
import { FaultCounts } from "./fault-counts.ts";
import { isFelt } from "./felt.ts";
import { findHalfClosers } from "./half-closers.ts";
import { joinSerially } from "./join.ts";
import type { Folded } from "./observer.ts";
import { processFaultsOn } from "./process-actions.ts";
import { isUnder, remoteFaultsOn } from "./remote-faults.ts";
import type { SeenCall } from "./remote-faults.ts";
import { SampleIndex } from "./sample-index.ts";

/** Makes the tables queryable: joins what is left to join, counts what the faults did, and sorts. */
export function observe(folded: Folded): Observations {
  const { header, clock, calls, connections, samples, processActions, remoteActions, endMs } = folded;
  const { probes, proxies, faults } = header.plan.experiment;
  const phases = clock.windows(endMs);
  const bySerial = joinSerially(calls, samples, header);
  const beforeEndMs = phases.find(({ name }) => name === "before")?.endMs ?? Number.NEGATIVE_INFINITY;
  calls.halfClosers = findHalfClosers(calls, beforeEndMs);
  const baselineP99Ms = proxies.map((_, proxy) => baselineQuantile(calls, proxy, beforeEndMs));
  const processFaults = proxies.map(({ name }) => processFaultsOn(name, processActions.list, faults));
  const isDisturbed = disturbedAt(folded.disturbances);
  const [disturbedMs, strainedMs] = [disturbedTime(folded.disturbances), disturbedTime([...folded.disturbances, ...folded.strains])];
  const remoteFaults = proxies.map(({ name, lane }, proxy) => {
    // On bytes there are no calls whose usual length could be the measure.
    const openings = lane === "tcp" ? [] : remoteActions.list.filter((opening) => opening.proxy === name);
    return openings.length === 0 ? undefined : remoteFaultsOn({
      openings, faults, beforeEndMs, disturbedMs, strainedMs, baselineP99Ms: baselineP99Ms[proxy] ?? 0, calls: () => callsOn(calls, proxy),
    });
  });
  const callIndex = new CallIndex({ calls, connections, baselineP99Ms, bySerial, inferred: proxies.map((_, proxy) => bothOf(processFaults[proxy], remoteFaults[proxy])), probes: probes.map(({ name }) => name), proxies: proxies.map(({ name }) => name) });
  const counts = new FaultCounts(faults);
  for (const { epoch, atMs, faults: names } of folded.faultSets) {
    if (names === undefined) counts.lifted(epoch, atMs);
    else counts.set(epoch, atMs, names);
  }
  for (const total of folded.inside.totals) counts.inside(total);
  for (const table of [calls, connections]) countFaults(table, counts, (row, record) => isFelt(record, table.fields(row), baselineP99Ms[table.proxy.get(row)] ?? 0));
  for (const action of processActions.list) counts.acted(action);
  for (const opening of remoteActions.list) counts.put(opening);
  for (const proxy of new Set(remoteActions.list.map((opening) => proxies.findIndex(({ name }) => name === opening.proxy)))) {
    for (const call of callsOn(calls, proxy)) {
      for (const record of remoteFaults[proxy]?.(call) ?? []) {
        const sinceMs = Math.max(call.startMs, remoteActions.list.find((opening) => opening.fault === record.fault && isUnder(call, opening))?.askedMs ?? 0);
        counts.count(record, sinceMs, sinceMs, isFelt(record, call, baselineP99Ms[proxy] ?? 0));
      }
    }
  }
  for (const opening of folded.openings) counts.opened(opening);
  for (const { proxy, startMs, endMs: until } of folded.unwitnessed) counts.refused(proxy, startMs, until);
  const sampleIndex = new SampleIndex({ samples, phaseOf: clock.finder(), isDisturbed, probes: probes.map(({ name }) => name) });
  return {
    header,
    phases,
    faults: counts.list(),
    services: [...folded.services.values()],
    disturbances: folded.disturbances,
    strains: folded.strains,
    unwitnessed: folded.unwitnessed,
    barred: [...folded.barred.values()],
    capped: folded.capped,
    witnessIssues: [...folded.witnessIssues.values()],
    interruptions: folded.interruptions,
    endMs,
    finished: folded.ended !== undefined,
    cleanedUp: folded.ended?.cleanedUp ?? false,
    left: folded.ended?.left ?? [],
    samples: (query) => sampleIndex.samples(query),
    calls: (query) => callIndex.calls(query),
    callsOf: (request, proxy) => callIndex.callsOf(request, proxy),
    rung: (probe, proxy) => callIndex.rung(probe, proxy),
  };
}

type Inferred = (call: SeenCall) => readonly FaultRecord[];

function bothOf(one: Inferred = () => [], other?: Inferred): Inferred {
  return other === undefined ? one : (call) => [...one(call), ...other(call)];
}

function* callsOn(calls: CallTable, proxy: number): Iterable<SeenCall & { readonly method: string }> {
  for (let row = 0; row < calls.length; row += 1) if (calls.proxy.get(row) === proxy) yield calls.fields(row);
}

/** 99 % of the calls before the fault took at most this long; 0 when there were none. */
function baselineQuantile(calls: CallTable, proxy: number, beforeEndMs: number): number {
  const [ended, open] = [new Column("f64"), new Column("f64")];
  for (let row = 0; row < calls.length; row += 1) {
    const [startMs, lastedMs] = [calls.startMs.get(row), calls.lastedMs(row)];
    if (calls.proxy.get(row) === proxy && startMs < beforeEndMs) (startMs + lastedMs <= beforeEndMs ? ended : open).push(lastedMs);
  }
  // A stream that goes on under the fault says nothing of how long calls take.
  const durations = ended.length === 0 ? open : ended;
  return durations.length === 0 ? 0 : quantile(durations.sorted(), 0.99);
}

function countFaults(table: CallTable, counts: FaultCounts, feels: (row: number, record: FaultRecord) => boolean): void {
  for (let row = 0; row < table.length; row += 1) {
    if (table.decisions(row).length === 0) continue;
    for (const record of table.faults(row)) {
      counts.count(record, table.startMs.get(row), record.askedMs ?? Math.max(table.askedMs(row), record.actedMs ?? 0), record.decision === "applied" && feels(row, record));
    }
  }
}
