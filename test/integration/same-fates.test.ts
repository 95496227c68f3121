import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import { Selector } from "../../src/faults/select.ts";
import { encodeRequestKey } from "../../src/math/request-key.ts";
import { answering, exchangeFault, ok, setUpEdge, tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

/** With the calls that are tried again these make some 10,000 exchanges. */
const requests = 7200;
const attempts = 3;
const busy = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n";

const traced = { match: { headers: { traceparent: { present: true } } } };
const untraced = { match: { headers: { traceparent: { present: false } } } };
const faults: readonly Fault[] = [
  exchangeFault("error", { status: 503 }, { rateShare: 0.3, ...traced }, "traced"),
  exchangeFault("error", { status: 503 }, { rateShare: 0.3, ...untraced }, "untraced"),
  // One distribution for few calls, so that the test does not wait; its draws are made through the same lane.
  exchangeFault("latency", { delay: "200us", jitter: "100us", distribution: "lognormal" }, { match: { path: { regex: "[02]4$" } } }, "slow"),
];

/** Half of the requests carry a trace of the run, half none. */
const headOf = (n: number): string => `GET /${n} HTTP/1.1\r\nHost: x\r\n${n % 2 === 0 ? `traceparent: 00-${tracePrefix}${encodeRequestKey("test", 0, n)}-00f067aa0ba902b7-01\r\n` : ""}\r\n`;

/** Sends requests one after the other on one connection, each again while it is answered 503, three times at most. */
function drive(port: number, take: () => number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let n: number | undefined;
    let attempt = 0;
    let length = 0;
    let isBusy = false;
    const send = (): void => {
      if (!isBusy || attempt === attempts) {
        n = take();
        attempt = 0;
      }
      if (n === undefined) return void socket.end();
      attempt += 1;
      length = 0;
      socket.write(headOf(n));
    };
    socket.on("connect", send).on("error", reject).on("close", () => { resolve(); });
    socket.on("data", (bytes) => {
      if (length === 0) isBusy = bytes[9] === 0x35;
      length += bytes.length;
      if (length === (isBusy ? busy : ok).length) send();
    });
  });
}

interface Fates {
  /** By request and attempt. */
  readonly ofRequests: ReadonlyMap<string, string>;
  /** In the order of arrival, of exchanges without a trace: whether they were hit. */
  readonly inOrder: readonly string[];
  readonly exchanges: number;
}

const undo: Undo = [];
afterAll(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function play(connections: number): Promise<Fates> {
  const { edge } = await setUpEdge(undo, answering((text, socket) => socket.write(ok.repeat(text.split("\r\n\r\n").length - 1))));
  const selector = new Selector({ seed: "test", epoch: 1, faults, startMs: edge.env.nowMs() });
  const ofRequests = new Map<string, string>();
  const inOrder: string[] = [];
  const seen = new Map<string, number>();
  const decide = selector.exchange.bind(selector);
  selector.exchange = (facts, nowMs) => {
    const decided = decide(facts, nowMs);
    const [byTrace, byNumber, slow] = decided;
    if (facts.request === undefined) inOrder.push(`${byNumber?.decision} ${byNumber?.n}`);
    else {
      const attempt = (seen.get(facts.request) ?? 0) + 1;
      seen.set(facts.request, attempt);
      ofRequests.set(`${facts.request} ${attempt}`, `${byTrace?.decision} ${JSON.stringify(slow?.effects)}`);
    }
    return decided;
  };
  edge.server.setFaults(selector, false);
  let next = 0;
  const take = (): number | undefined => (next === requests ? undefined : ++next);
  await Promise.all(Array.from({ length: connections }, () => drive(edge.port, take)));
  return { ofRequests, inOrder, exchanges: edge.exchanges().length };
}

describe("the same seed, at 1, 32 and 256 connections", () => {
  let runs: readonly Fates[] = [];
  beforeAll(async () => {
    const all: Fates[] = [];
    for (const connections of [1, 32, 256]) all.push(await play(connections));
    runs = all;
  }, 60_000);

  it("gives each request and attempt the same decision, and the same delay", () => {
    const [first] = runs;
    for (const { ofRequests, exchanges } of runs) {
      expect(exchanges).toBeGreaterThan(9500);
      expect(ofRequests).toEqual(first?.ofRequests);
    }
    const fates = [...(first?.ofRequests.values() ?? [])];
    expect(fates.length).toBeGreaterThan(4700);
    // 30 % of 5,000, within four deviations.
    expect(Math.abs(fates.filter((fate) => fate.startsWith("applied")).length / fates.length - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / fates.length));
  });

  it("draws delays from the distribution, one for each request and attempt", () => {
    const slow = new Set([...(runs[0]?.ofRequests ?? [])].flatMap(([, fate]) => /"ms":([\d.]+)/.exec(fate)?.[1] ?? []));
    expect(slow.size).toBeGreaterThan(140);
  });

  it("gives exchanges that belong to no request the same decision for the same number", () => {
    const least = Math.min(...runs.map(({ inOrder }) => inOrder.length));
    expect(least).toBeGreaterThan(4700);
    const [first = []] = runs.map(({ inOrder }) => inOrder.slice(0, least));
    for (const { inOrder } of runs) expect(inOrder.slice(0, least)).toEqual(first);
    expect(first.map((word) => Number(word.split(" ")[1]))).toEqual(first.map((_, i) => i + 1));
  });
});
