import { randomBytes } from "node:crypto";
import { Agent, RetryAgent, request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { encodeRequestKey } from "../../src/math/request-key.ts";
import type { Selection } from "../../src/model/selection.ts";
import { answering, exchangeFault, ok, setUpEdge, tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const requests = 64;
const span = (): string => randomBytes(8).toString("hex");
/** As the load of a run writes it for the n-th request of its first probe. */
const ours = (n: number): string => `00-${tracePrefix}${encodeRequestKey("test", 0, n)}-${span()}-01`;
/** A trace that the caller began itself. */
const theirs = (n: number): string => `00-${"f".repeat(24)}${n.toString(16).padStart(8, "0")}-${span()}-01`;

/** Asks for `/1` to `/64` by a client that tries up to 4 times, so many at once; which calls reached upstream, and how often each was made. */
async function play(inFlight: number, fault: readonly [string, Parameters<typeof exchangeFault>[1]], selection: Partial<Selection>, headers: (n: number) => Record<string, string>) {
  const passed: string[] = [];
  const { edge } = await setUpEdge(undo, answering((text, socket) => {
    for (const [, path = ""] of text.matchAll(/GET \/(\d+) HTTP/g)) {
      passed.push(path);
      socket.write(ok);
    }
  }));
  edge.setFaults(exchangeFault(fault[0], fault[1], selection));
  const agent = new Agent({ connections: inFlight, pipelining: 1 });
  undo.push(() => agent.destroy());
  const dispatcher = new RetryAgent(agent, { maxRetries: 3, minTimeout: 1, maxTimeout: 20, retryAfter: false });
  let next = 0;
  const statuses: number[] = [];
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (let n = ++next; n <= requests; n = ++next) {
      const { statusCode, body } = await request(`http://127.0.0.1:${edge.port}/${n}`, { dispatcher, headers: headers(n) });
      await body.dump();
      statuses.push(statusCode);
    }
  }));
  const calls = new Map<string, number>();
  for (const { path } of edge.exchanges()) calls.set(path, (calls.get(path) ?? 0) + 1);
  return { statuses, calls: [...calls.values()], passed };
}

const faults = [["error", { status: 503 }], ["drop", {}], ["reset", {}]] as const;
const selections: readonly (readonly [string, Partial<Selection>, (n: number) => Record<string, string>])[] = [
  ["attempt: 1..2, of requests of the run", { attempt: { min: 1, max: 2 } }, (n) => ({ traceparent: ours(n) })],
  ["first: 2 per trace, of requests of the run", { first: 2, per: "trace" }, (n) => ({ traceparent: ours(n) })],
  ["first: 2 per trace, of callers with a trace of their own", { first: 2, per: "trace" }, (n) => ({ traceparent: theirs(n) })],
  ["first: 2 per header x-order, of callers without a trace", { first: 2, per: { header: "x-order" } }, (n) => ({ "x-order": `order-${n}` })],
];

describe("the first two calls of each request fail, and the third passes", () => {
  const cases = selections.flatMap(([name, selection, headers], i) => [1, 8, 64].map((inFlight, j) => ({ name, selection, headers, inFlight, fault: faults[(i + j) % 3] ?? faults[0] })));

  it.each(cases)("by $name, $inFlight at once, failing by $fault.0", async ({ selection, headers, inFlight, fault }) => {
    const { statuses, calls, passed } = await play(inFlight, fault, selection, headers);
    expect(statuses).toEqual(Array.from({ length: requests }, () => 200));
    expect(calls).toEqual(Array.from({ length: requests }, () => 3));
    expect(new Set(passed).size).toBe(requests);
    expect(passed).toHaveLength(requests);
  });
});
