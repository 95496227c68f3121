import { describe, expect, test } from "vitest";
import { experimentOf, read, textWith } from "./minimal.ts";

function withFault(fault: string, edge = "workers: 2"): string {
  return textWith({ proxies: `proxies:\n  payments: { upstream: http://127.0.0.1:8080, ${edge} }`, faults: `faults:\n  - { name: slow, proxy: payments, ${fault} }` });
}

const problemsOf = (text: string): readonly string[] => read(text).issues.filter(({ code }) => code === "not-shared").map(({ line, column, message }) => `${line ?? ""}:${column ?? ""} ${message}`);

describe("workers", () => {
  test("are kept where there are several", () => {
    expect(experimentOf(withFault("type: latency, delay: 3s, rate: 50%")).proxies[0]).toMatchObject({ workers: 2 });
    expect(experimentOf(withFault("type: latency, delay: 3s", "workers: 1")).proxies[0]).not.toHaveProperty("workers");
    expect(read(withFault("type: latency, delay: 3s", "workers: 17")).issues[0]).toMatchObject({ message: "workers: expected at most 16, got 17" });
  });

  test.each([
    ["type: error, first: 3", "counts calls (first)"],
    ["type: error, after: 3, every: 2", "counts calls (after, every)"],
    ["type: error, attempt: 1", "counts calls (attempt)"],
    ["type: error, afterSilence: 1s", "counts calls (afterSilence)"],
    ["type: error, rate: 10%, burstLength: 4", "counts calls (burstLength)"],
    ["type: rate-limit, limit: 10/s", "acts on all calls together"],
    ["type: stale", "acts on all calls together"],
    ["type: bandwidth, layer: connection, throughput: 100KB/s, scope: proxy", "acts on all calls together"],
    ["type: connection-limit, connections: 3", "acts on all calls together"],
    ["type: down", "acts on all calls together"],
  ])("refuse { %s }, and say why", (fault, why) => {
    expect(problemsOf(withFault(fault))).toEqual([`6:57 workers: 2 shares the connections of payments out to threads that know nothing of each other, and the fault slow ${why}`]);
    expect(problemsOf(withFault(fault, "workers: 1"))).toEqual([]);
  });

  test.each([
    ["type: error, first: 3", "leave workers out, or have the fault hit a rate of calls"],
    ["type: rate-limit, limit: 10/s", "leave workers out"],
    ["type: rate-limit, limit: 10/s, first: 3", "leave workers out"],
  ])("advise what helps where { %s } is refused", (fault, hint) => {
    expect(read(withFault(fault)).issues.filter(({ code }) => code === "not-shared").map((issue) => issue.hint)).toEqual([hint]);
  });

  test.each(["type: error, rate: 10%", "type: bandwidth, throughput: 100KB/s", "type: reset", "type: packet-loss, loss: 1%", "type: error, for: 1s"])("allow { %s }", (fault) => {
    expect(problemsOf(withFault(fault))).toEqual([]);
  });

  test("refuse what has one listener, one limit, or edges of its own", () => {
    const problemOf = (edge: string): string => problemsOf(textWith({ services: "", probes: "probes:\n  checkout: { type: http, url: http://127.0.0.1:9, load: 25/s }", proxies: `proxies:\n  payments: { workers: 2, ${edge} }` })).join();
    expect(problemOf("upstream: http://127.0.0.1:8080, listen: unix:/tmp/x")).toContain("a unix socket has one listener");
    expect(problemOf("upstream: http://127.0.0.1:8080, limits: { connections: 5 }")).toContain("limits.connections is one limit");
    expect(problemOf("upstream: forward")).toContain("a forward proxy keeps its edges in one");
  });
});
