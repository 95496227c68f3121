import { limitIssues } from "../model/limits.ts";
import type { ConnectionRecord, Event, JournalHeader } from "../model/event.ts";
import type { Disturbance, Interruption, Observations, ServiceObservation, WitnessIssue } from "../model/observation.ts";
import { CallTable } from "./call-table.ts";
import { stallMs, starvedShare, starvedWaitMs } from "./disturbances.ts";
import { InsideTally } from "./inside-tally.ts";
import type { Opening } from "./fault-counts.ts";
import { findOwner } from "./join.ts";
import { observe } from "./observe.ts";
import { PhaseClock } from "./phase-clock.ts";
import { ProcessActions } from "./process-actions.ts";
import { RemoteActions } from "./remote-actions.ts";
import { SampleTable } from "./sample-table.ts";
import { format } from "../units/format.ts";
import { metricKind } from "../units/metric.ts";

/** What has been folded so far. */
export interface Folded {
  readonly header: JournalHeader;
  readonly clock: PhaseClock;
  readonly calls: CallTable;
  /** Connections of HTTP proxies that a fault was asked about. */
  readonly connections: CallTable;
  readonly samples: SampleTable;
  readonly inside: InsideTally;
  readonly faultSets: { readonly epoch: number; readonly atMs: number; readonly faults?: readonly string[] }[];
  readonly services: Map<string, ServiceObservation>;
  readonly processActions: ProcessActions;
  readonly remoteActions: RemoteActions;
  readonly disturbances: Disturbance[];
  readonly strains: Disturbance[];
  readonly openings: Opening[];
  readonly unwitnessed: { readonly proxy: string; readonly startMs: number; readonly endMs: number }[];
  /** By proxy and set of faults. */
  readonly barred: Map<string, Observations["barred"][number]>;
  readonly capped: { readonly probe: string; readonly atMs: number; readonly limit: number }[];
  readonly witnessIssues: Map<string, WitnessIssue>;
  readonly interruptions: Interruption[];
  endMs: number;
  ended?: { readonly cleanedUp: boolean; readonly left: readonly string[] };
}

/** So many different issues of the data plane are kept, beside those of limits, of which there are few and verdicts depend on them. */
const mostIssues = 100;

/** Folds the events of one run, in the order of the journal, into what hypotheses ask about it. */
export class Observer {
  readonly #folded: Folded;
  readonly #probes: ReadonlyMap<string, number>;
  readonly #proxies: ReadonlyMap<string, number>;

  constructor(header: JournalHeader) {
    const { experiment, schedule } = header.plan;
    this.#probes = new Map(experiment.probes.map(({ name }, i) => [name, i + 1]));
    this.#proxies = new Map(experiment.proxies.map(({ name }, i) => [name, i]));
    this.#folded = {
      header, clock: new PhaseClock(schedule), calls: new CallTable(), connections: new CallTable(), samples: new SampleTable(), inside: new InsideTally(),
      faultSets: [], services: new Map(), processActions: new ProcessActions(), remoteActions: new RemoteActions(), disturbances: [], strains: [], openings: [], unwitnessed: [], barred: new Map(), capped: [], witnessIssues: new Map(), interruptions: [], endMs: 0,
    };
  }

  add(event: Event): void {
    const folded = this.#folded;
    folded.endMs = Math.max(folded.endMs, event.atMs);
    switch (event.kind) {
      case "sample": {
        const probe = this.#probes.get(event.probe);
        if (probe !== undefined) folded.samples.add(event, probe);
        break;
      }
      case "exchange": {
        const proxy = this.#proxies.get(event.proxy);
        // A copy that a fault sent is no call of anybody's.
        if (proxy === undefined || event.sentBy !== undefined) break;
        // A tunnel whose calls are seen is no call, but what leads to them: what was done to it, was done to their connection.
        (event.carries === undefined ? folded.calls : folded.connections).addExchange(event, proxy, findOwner(event, folded.header));
        folded.inside.add(event.faults);
        break;
      }
      case "connection":
        this.#connection(event);
        break;
      case "listener-faulted":
        folded.openings.push(event);
        break;
      case "unwitnessed":
        for (const { name, through } of folded.header.plan.experiment.proxies) {
          if (name === event.proxy || through === event.proxy) folded.unwitnessed.push({ proxy: name, startMs: event.startMs, endMs: event.endMs });
        }
        break;
      case "phase-started":
        folded.clock.started(event.phase, event.epoch, event.atMs);
        break;
      case "phase-ended":
        folded.clock.ended(event.phase, event.epoch, event.atMs);
        break;
      case "faults-set":
        folded.faultSets.push({ epoch: event.epoch, atMs: event.atMs, faults: event.faults });
        break;
      case "faults-lifted":
        folded.faultSets.push({ epoch: event.epoch, atMs: event.atMs });
        break;
      case "service-started":
        // One that a fault starts again may have ended by itself before.
        if (!folded.services.has(`${event.service}#${event.replica}`)) folded.services.set(`${event.service}#${event.replica}`, { service: event.service, replica: event.replica });
        break;
      case "service-faulted":
        folded.processActions.faulted(event);
        break;
      case "service-restored":
        folded.processActions.restored(event);
        break;
      case "remote-faulted":
        folded.remoteActions.faulted(event);
        this.#changing(event);
        break;
      case "remote-restored":
        folded.remoteActions.restored(event);
        this.#changing(event);
        break;
      case "service-exited":
        folded.processActions.exited(event);
        if (event.expected) break;
        folded.services.set(`${event.service}#${event.replica}`, {
          service: event.service, replica: event.replica, diedMs: event.atMs,
          ...(event.code !== undefined && { code: event.code }), ...(event.signal !== undefined && { signal: event.signal }),
          ...(event.output !== undefined && { lastLines: event.output.split("\n").filter((line) => line !== "") }),
        });
        break;
      case "stall":
        if (event.lateMs >= stallMs) folded.disturbances.push({ startMs: event.atMs - event.lateMs, endMs: event.atMs, what: `the ${event.thread} thread was late by ${Math.round(event.lateMs)}ms` });
        break;
      case "starved":
        folded.strains.push({ startMs: event.atMs - 1000, endMs: event.atMs, what: `${event.who} waited for a processor ${Math.round(event.share * 100)}% of the time` });
        if (event.share >= starvedShare || event.meanWaitMs >= starvedWaitMs) folded.disturbances.push(...folded.strains.slice(-1));
        break;
      case "in-flight-cap":
        folded.capped.push({ probe: event.probe, atMs: event.atMs, limit: event.limit });
        break;
      case "guard-tripped":
        folded.interruptions.push({ kind: event.kind, atMs: event.atMs, message: `the guard on ${event.probe} tripped: ${event.metric} was ${format(metricKind[event.metric], event.observed)} over ${event.n} samples, expected ${event.expected}` });
        break;
      case "max-duration":
        folded.interruptions.push({ kind: event.kind, atMs: event.atMs, message: "maxDuration was reached" });
        break;
      case "baseline":
        if (!event.met) folded.interruptions.push({ kind: event.kind, atMs: event.atMs, message: "the steady state did not hold before the fault, so nothing was injected" });
        break;
      case "interrupted":
        folded.interruptions.push({ kind: event.kind, atMs: event.atMs, message: `interrupted by ${event.signal}`, signal: event.signal });
        break;
      case "failed":
        folded.interruptions.push({ kind: event.kind, atMs: event.atMs, message: event.message, ...(event.hint !== undefined && { hint: event.hint }) });
        break;
      case "ended":
        folded.ended = { cleanedUp: event.cleanedUp, left: event.left };
        break;
      case "witness-issue":
        this.#witnessIssue(event);
        break;
      case "service-ready":
      case "listening":
        break;
    }
  }

  /** What the journal says, as far as it went. */
  finish(): Observations {
    return observe(this.#folded);
  }

  /** When it was that toxics came or went is known as closely as their server answered. */
  #changing({ proxy, askedMs, atMs }: Extract<Event, { kind: "remote-faulted" | "remote-restored" }>): void {
    if (atMs - askedMs >= stallMs) this.#folded.disturbances.push({ startMs: askedMs, endMs: atMs, what: `the server of the remote proxy ${proxy} took ${Math.round(atMs - askedMs)}ms to change its toxics` });
  }

  /** An issue may come with each of a million exchanges. */
  #witnessIssue({ proxy, code, message }: Extract<Event, { kind: "witness-issue" }>): void {
    const { witnessIssues } = this.#folded;
    const key = JSON.stringify([proxy, code, message]);
    const known = witnessIssues.get(key);
    if (known !== undefined || witnessIssues.size < mostIssues || limitIssues.has(code)) witnessIssues.set(key, { proxy, code, message, count: (known?.count ?? 0) + 1 });
  }

  #connection(record: ConnectionRecord): void {
    const proxy = this.#proxies.get(record.proxy);
    if (proxy === undefined) return;
    const lane = this.#folded.header.plan.experiment.proxies[proxy]?.lane;
    if (lane === "tcp") this.#folded.calls.addConnection(record, proxy);
    else if ((record.faults?.length ?? 0) > 0) {
      this.#folded.connections.addConnection(record, proxy);
      if (record.exchanges === 0 && record.faults?.some(({ decision, actedMs }) => decision === "applied" && actedMs !== undefined) === true) this.#barred(record);
    }
  }

  #barred({ proxy, openMs, closeMs }: ConnectionRecord): void {
    const { barred, faultSets } = this.#folded;
    const key = `${faultSets.length} ${proxy}`;
    const { startMs, endMs, connections } = barred.get(key) ?? { startMs: openMs, endMs: closeMs, connections: 0 };
    barred.set(key, { proxy, startMs: Math.min(startMs, openMs), endMs: Math.max(endMs, closeMs), connections: connections + 1 });
  }
}
