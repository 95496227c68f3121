import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import { Selector } from "../../src/faults/select.ts";
import { answering, counter, exchangeFault, setUpEdge, startEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { drive, isTraced, tasksOf } from "./many-calls.ts";
import type { Task } from "./many-calls.ts";

/** With the calls that are tried again, made beside them or made at once these make some 10,000 exchanges. */
const requests = 5700;
const answer = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nsixteen bytes ok";

const traced = { match: { headers: { traceparent: { present: true } } } };
const untraced = { match: { headers: { traceparent: { present: false } } } };
/** Each draws which bytes it changes, and takes no time. */
const some = { share: "20%" };
const faults: readonly Fault[] = [
  exchangeFault("error", { status: 503 }, { rateShare: 0.3, ...traced }, "traced"),
  exchangeFault("corrupt", some, { rateShare: 0.2, ...traced }, "corrupted"),
  exchangeFault("latency", { delay: "20us", jitter: "10us", distribution: "lognormal" }, { rateShare: 0.02, ...traced }, "slow"),
  exchangeFault("corrupt", some, { attempt: { min: 2, max: 2 }, rateShare: 0.5, ...traced }, "second attempts"),
  exchangeFault("error", { status: 503 }, { rateShare: 0.3, ...untraced }, "untraced"),
  exchangeFault("corrupt", some, { rateShare: 0.05, burstLength: 4, ...untraced }, "in bursts"),
  exchangeFault("corrupt", some, { rateShare: 0.1, per: "connection", ...untraced }, "per connection"),
  exchangeFault("corrupt", some, { rateShare: 0.1, burstLength: 4, per: "connection", ...untraced }, "in bursts per connection"),
];

interface Fates {
  readonly exchanges: number;
  /** Of calls with a trace, by request, path and attempt. */
  readonly ofCalls: ReadonlyMap<string, string>;
  /** Of those without, by their number, and by their connection and their number on it. */
  readonly ofNumbers: ReadonlyMap<string, string>;
  readonly ofConnections: ReadonlyMap<string, string>;
  /** What clients got under each path with a trace, in whatever order it came. */
  readonly answers: ReadonlyMap<string, string>;
}

const undo: Undo = [];
afterAll(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** All requests over so many connections, while others call another proxy of the run: more and more from run to run. */
async function play(connections: number, run: number): Promise<Fates> {
  const nextConn = counter();
  const { edge, upstream } = await setUpEdge(undo, answering((text, socket) => socket.write(answer.repeat(text.split("\r\n\r\n").length - 1))), { nextConn });
  const other = await startEdge(upstream.port, { nextConn });
  undo.push(() => other.server.close());
  other.setFaults(...faults);
  const ofCalls = new Map<string, string>();
  const ofNumbers = new Map<string, string>();
  const ofConnections = new Map<string, string>();
  const seen = new Map<string, number>();
  const count = (key: string): string => {
    const k = (seen.get(key) ?? 0) + 1;
    seen.set(key, k);
    return `${key} ${k}`;
  };
  const selector = new Selector({ seed: "test", epoch: 1, faults, startMs: edge.env.nowMs() });
  const decide = selector.exchange.bind(selector);
  selector.exchange = (facts, nowMs) => {
    const decided = decide(facts, nowMs);
    const fatesOf = (from: number, to: number): string => JSON.stringify(decided.slice(from, to).map(({ decision, effects }) => [decision, effects]));
    if (facts.request !== undefined) ofCalls.set(count(`${facts.request} ${facts.path}`), fatesOf(0, 4));
    else {
      ofNumbers.set(count("all"), fatesOf(4, 6));
      ofConnections.set(count(`connection ${facts.connection}`), fatesOf(6, 8));
    }
    return decided;
  };
  edge.server.setFaults(selector, false);
  const tasks = tasksOf(requests, run);
  const answers = new Map<string, string[]>();
  const visits: Promise<void>[] = [];
  const visitOther = (): void => {
    for (let i = 0; i < run; i += 1) {
      const left = [...tasksOf(3, 0)];
      visits.push(drive(other.port, () => left.pop(), () => undefined));
    }
  };
  visitOther();
  await Promise.all(visits);
  let next = 0;
  const take = (): Task | undefined => {
    if (next % 500 === 0) visitOther();
    return tasks[next++];
  };
  await Promise.all(Array.from({ length: connections }, () => drive(edge.port, take, ({ n, path }, body) => {
    if (isTraced(n)) answers.set(path, [...(answers.get(path) ?? []), body]);
  })));
  await Promise.all(visits);
  return { exchanges: edge.exchanges().length, ofCalls, ofNumbers, ofConnections, answers: new Map([...answers].map(([path, bodies]) => [path, bodies.toSorted().join("\n")])) };
}

/** What is not the same in both, of what is in both or, with `whole`, in either. */
function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>, whole = true): readonly string[] {
  const keys = whole ? new Set([...one.keys(), ...other.keys()]) : [...one.keys()].filter((key) => other.has(key));
  return [...keys].flatMap((key) => (one.get(key) === other.get(key) ? [] : [`${key}: ${one.get(key)} and ${other.get(key)}`])).slice(0, 5);
}

/** Of these keys, how many met one of the decisions. */
function hitShare(fates: ReadonlyMap<string, string>, place: number): number {
  return [...fates.values()].filter((fate) => (JSON.parse(fate) as readonly [string, unknown][])[place]?.[0] === "applied").length / fates.size;
}

describe("the same seed, three times each at 1, 32 and 256 connections, in another order and beside other proxies each time", () => {
  let first: Fates = { exchanges: 0, ofCalls: new Map(), ofNumbers: new Map(), ofConnections: new Map(), answers: new Map() };
  const runs: Fates[] = [];
  beforeAll(async () => {
    for (let run = 0; run < 9; run += 1) runs.push(await play([1, 32, 256][run % 3] ?? 1, run));
    first = runs[0] ?? first;
  }, 180_000);

  it("gives each call of a request, and each attempt at it, the same decisions and the same draws", () => {
    for (const { exchanges, ofCalls } of runs) {
      expect(exchanges).toBeGreaterThan(9500);
      expect(differences(first.ofCalls, ofCalls)).toEqual([]);
    }
    const { ofCalls } = first;
    expect(ofCalls.size).toBeGreaterThan(5500);
    // 30 % of some 6,000, within four deviations.
    expect(Math.abs(hitShare(ofCalls, 0) - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / ofCalls.size));
    expect(new Set([...ofCalls.values()].flatMap((fate) => /"ms":([\d.]+)/.exec(fate)?.[1] ?? [])).size).toBeGreaterThan(80);
  });

  it("changes the same bytes of the same answers", () => {
    for (const { answers } of runs) expect(differences(first.answers, answers)).toEqual([]);
    expect(new Set(first.answers.values()).size).toBeGreaterThan(500);
  });

  it("gives exchanges that belong to no request the same decision for the same number, in bursts too", () => {
    for (const { ofNumbers } of runs) {
      expect(ofNumbers.size).toBeGreaterThan(3500);
      expect(differences(first.ofNumbers, ofNumbers, false)).toEqual([]);
    }
    expect(hitShare(first.ofNumbers, 1)).toBeGreaterThan(0.02);
  });

  it("gives them the same by the number of their connection on the proxy and theirs on it, whatever other proxies are called", () => {
    const known = new Map<string, string>();
    let again = 0;
    for (const { ofConnections } of runs) {
      expect(differences(known, ofConnections, false)).toEqual([]);
      for (const [key, fate] of ofConnections) {
        if (known.has(key)) again += 1;
        known.set(key, fate);
      }
    }
    expect(again).toBeGreaterThan(15_000);
    expect(hitShare(known, 0)).toBeGreaterThan(0.05);
    expect(hitShare(known, 1)).toBeGreaterThan(0.05);
  });
});
