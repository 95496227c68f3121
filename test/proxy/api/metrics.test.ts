import { afterEach, describe, expect, it } from "vitest";
import { ApiError } from "../../../src/proxy/api/api-error.ts";
import { Metrics } from "../../../src/proxy/api/metrics.ts";
import { WitnessLog } from "../../../src/proxy/api/witness-log.ts";
import { aControl } from "./a-control.ts";
import { aConnection, anExchange } from "./records.ts";

const started: Metrics[] = [];
afterEach(() => started.splice(0).forEach((metrics) => metrics.close()));

function start(control = aControl()) {
  const log = new WitnessLog({ nowMs: () => 0, after: () => ({ cancel: () => undefined }) }, 0);
  const metrics = new Metrics(control, log);
  started.push(metrics);
  return { log, metrics, line: (name: string): readonly string[] => metrics.text().split("\n").filter((line) => line.startsWith(name)) };
}

const labels = 'listener="127.0.0.1:4000",proxy="payments",upstream="127.0.0.1:9"';

describe("the figures of proxies", () => {
  it("count bytes by direction, as Toxiproxy does, when a connection has ended", () => {
    const { log, line } = start();
    log.add([aConnection({ requestBytes: 10, responseBytes: 20 }), aConnection({ requestBytes: 1, responseBytes: 0, upstreamReached: false, closedBy: "upstream", how: "rst" })]);
    expect(line("toxiproxy_proxy_received_bytes_total")).toEqual([`toxiproxy_proxy_received_bytes_total{direction="upstream",${labels}} 11`, `toxiproxy_proxy_received_bytes_total{direction="downstream",${labels}} 20`]);
    expect(line("toxiproxy_proxy_sent_bytes_total")).toEqual([`toxiproxy_proxy_sent_bytes_total{direction="upstream",${labels}} 10`, `toxiproxy_proxy_sent_bytes_total{direction="downstream",${labels}} 20`]);
    expect(line("chaos_proxy_connections_total")).toEqual(['chaos_proxy_connections_total{proxy="payments",closed_by="client",how="fin"} 1', 'chaos_proxy_connections_total{proxy="payments",closed_by="upstream",how="rst"} 1']);
  });

  it("tell what was lost between the two sides", () => {
    const { log, line } = start();
    log.add([aConnection({ requestBytes: 10, responseBytes: 20, upstreamBytes: { got: 7, gave: 50 } })]);
    expect([...line("toxiproxy_proxy_received_bytes_total"), ...line("toxiproxy_proxy_sent_bytes_total")].map((text) => text.split(" ").at(-1))).toEqual(["10", "50", "7", "20"]);
  });

  it("count what each toxic could hit, hit, and was felt of, by its type", () => {
    const { log, line } = start();
    log.add([
      anExchange({ faults: [{ fault: "slow", decision: "applied", n: 1, effect: "delay", actedMs: 1_001 }, { fault: "gone", decision: "rate" }] }),
      anExchange({ faults: [{ fault: "slow", decision: "applied", n: 2 }, { fault: "gone", decision: "match" }] }),
      aConnection({ faults: [{ fault: "slow", decision: "applied", n: 3, effect: "delay-bytes", actedMs: 1 }] }),
      { kind: "listener-faulted", atMs: 1, proxy: "payments", fault: "off", n: 1, decision: "applied" },
      aConnection({ faults: [{ fault: "off", decision: "applied", n: 1, effect: "refuse", actedMs: 1 }] }),
    ]);
    const of = (what: string, toxic: string, type: string, count: number): string => `chaos_toxic_${what}_total{proxy="payments",toxic="${toxic}",type="${type}"} ${count}`;
    expect(line("chaos_toxic_eligible")).toEqual([of("eligible", "slow", "latency", 3), of("eligible", "gone", "", 1), of("eligible", "off", "", 1)]);
    expect(line("chaos_toxic_applied")).toEqual([of("applied", "slow", "latency", 3), of("applied", "gone", "", 0), of("applied", "off", "", 1)]);
    expect(line("chaos_toxic_felt")).toEqual([of("felt", "slow", "latency", 2), of("felt", "gone", "", 0), of("felt", "off", "", 1)]);
    expect(line("chaos_proxy_exchanges_total")).toEqual(['chaos_proxy_exchanges_total{proxy="payments",end="complete"} 2']);
  });

  it("know a proxy and its toxics by their labels when they are gone", () => {
    let isThere = true;
    const { log, line } = start(aControl({
      proxy: (name) => {
        if (!isThere) throw new ApiError(404, "proxy not found");
        return { name, listen: "127.0.0.1:4000", upstream: "127.0.0.1:9", enabled: true, toxics: [{ name: "slow", type: "latency" }] };
      },
    }));
    log.tell({ kind: "proxy", change: "created", proxy: "payments" });
    isThere = false;
    log.tell({ kind: "proxy", change: "removed", proxy: "payments" });
    log.add([aConnection({ requestBytes: 5, faults: [{ fault: "slow", decision: "applied" }] })]);
    expect(line("toxiproxy_proxy_received_bytes_total")[0]).toBe(`toxiproxy_proxy_received_bytes_total{direction="upstream",${labels}} 5`);
    expect(line("chaos_toxic_applied")).toEqual(['chaos_toxic_applied_total{proxy="payments",toxic="slow",type="latency"} 1']);
  });

  it("tell how many proxies there are, and how many connections are open", () => {
    const { metrics, line } = start();
    expect(line("chaos_proxies{")).toEqual(['chaos_proxies{enabled="true"} 1', 'chaos_proxies{enabled="false"} 0']);
    expect(metrics.text(new Map([["payments", 12]]))).toContain('chaos_proxy_open_connections{proxy="payments"} 12\n');
  });

  it("count requests to the API", () => {
    const { metrics, line } = start();
    metrics.answered("GET", "/proxies/:proxy", 200);
    metrics.answered("GET", "/proxies/:proxy", 200);
    expect(line("chaos_api_requests_total")).toEqual(['chaos_api_requests_total{method="GET",route="/proxies/:proxy",status="200"} 2']);
  });
});

describe("the figures of the process", () => {
  it("are there by the names of Prometheus' own clients", async () => {
    const { line } = start();
    // Nothing is told of the loop before its second tick.
    await expect.poll(() => line("nodejs_eventloop_lag_max_seconds ")).toHaveLength(1);
    for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "nodejs_heap_size_used_bytes"]) {
      const [text] = line(`${name} `);
      expect(Number(text?.split(" ")[1]), name).toBeGreaterThan(0);
    }
    expect(Number(line("nodejs_eventloop_lag_max_seconds ")[0]?.split(" ")[1])).toBeLessThan(20);
  });

  it.skipIf(process.platform !== "linux")("tell the open file descriptors on Linux", () => {
    const { line } = start();
    expect(Number(line("process_open_fds ")[0]?.split(" ")[1])).toBeGreaterThan(3);
    expect(Number(line("process_max_fds ")[0]?.split(" ")[1])).toBeGreaterThan(3);
  });
});
