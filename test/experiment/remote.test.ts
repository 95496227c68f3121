import { describe, expect, test } from "vitest";
import { explainPlan, plan } from "../../src/experiment/index.ts";
import { listenersOf } from "../../src/experiment/listeners.ts";
import { servicesFirst, toxicPrefix, toxicsFor } from "../../src/experiment/remote.ts";
import { experimentOf, issueOf, placesOf, read, textWith } from "./minimal.ts";

const remote = "proxies:\n  payments: { remote: http://127.0.0.1:8474, name: payments_proxy }";

function withFault(fault: string, proxies = remote): string {
  return textWith({ proxies, faults: `faults:\n  - { name: slow, proxy: payments, ${fault} }` });
}

describe("a remote proxy", () => {
  test("is asked for its listener, and seen by a proxy of ours before it", () => {
    const experiment = experimentOf(textWith({ proxies: remote }));
    expect(experiment.proxies[0]).toMatchObject({ name: "payments", lane: "http1", upstream: "http://", remote: { api: "http://127.0.0.1:8474", name: "payments_proxy", witness: true } });
    expect(listenersOf(experiment).map(({ caller }) => caller)).toEqual(["default", "checkout"]);
  });

  test("has there the name that it has here, speaks what it says, and is reached where it says", () => {
    const [proxy] = experimentOf(textWith({ proxies: "proxies:\n  payments: { remote: 'http://127.0.0.1:8474/', upstream: 'tcp://' }" })).proxies;
    expect(proxy).toMatchObject({ lane: "tcp", upstream: "tcp://", remote: { api: "http://127.0.0.1:8474", name: "payments" } });
    expect(experimentOf(textWith({ proxies: "proxies:\n  payments: { remote: http://127.0.0.1:8474, upstream: http://127.0.0.1:20001 }" })).proxies[0]?.upstream).toBe("http://127.0.0.1:20001");
  });

  test("has no listener of ours without a witness", () => {
    const experiment = experimentOf(textWith({ proxies: "proxies:\n  payments: { remote: http://127.0.0.1:8474, witness: false }" }));
    expect(listenersOf(experiment)).toEqual([]);
  });

  test.each([
    ["remote: 127.0.0.1:8474", "6:23 bad-value"],
    ["upstream: http://127.0.0.1:1, name: x", "6:51 bad-value"],
    ["upstream: http://127.0.0.1:1, witness: false", "6:54 bad-value"],
    ["remote: http://127.0.0.1:8474, upstream: forward", "6:56 bad-value"],
    ["remote: http://127.0.0.1:8474, through: out", "6:55 bad-value"],
    ["remote: http://127.0.0.1:8474, witness: false, callers: 3", "6:71 bad-value"],
    ["remote: http://127.0.0.1:8474, witness: false, listen: 127.0.0.1:99", "6:70 bad-value"],
    ["listen: 127.0.0.1:0", "6:3 missing-key"],
    ["upstream: 'tcp://'", "6:25 bad-value"],
  ])("says where it is wrong: %s", (given, place) => {
    expect(placesOf(textWith({ proxies: `proxies:\n  payments: { ${given} }` }))).toContain(place);
  });

  test("is one edge", () => {
    const issue = issueOf(textWith({ proxies: `${remote}\n  again: { remote: http://127.0.0.1:8474, name: payments_proxy, callers: 1 }` }));
    expect(issue).toMatchObject({ code: "duplicate-edge", line: 7, message: expect.stringContaining("payments and again are both the proxy payments_proxy") });
  });
});

describe("services behind the control API of a remote proxy", () => {
  const services = (first: string): string => textWith({
    services: `services:\n  store: { command: [node, store.mjs], port: auto }\n  toxiproxy: { command: [toxiproxy-server], port: auto${first} }\n  checkout: { command: [node, checkout.mjs], port: auto, env: { PAYMENTS_URL: "\${proxies.payments.url}" } }`,
    proxies: 'proxies:\n  payments: { remote: "${services.toxiproxy.url}" }',
  });

  test("run before the proxies listen, with those that are written before", () => {
    expect(servicesFirst(experimentOf(services(""))).map(({ name }) => name)).toEqual(["store", "toxiproxy"]);
    expect(servicesFirst(experimentOf(textWith()))).toEqual([]);
  });

  test("cannot be told where proxies listen", () => {
    expect(issueOf(services(', env: { U: "${proxies.payments.url}" }'))).toMatchObject({ code: "starts-too-early", line: 5, column: 3 });
  });
});

describe("a fault on a remote proxy", () => {
  const toxics = (fault: string): unknown => {
    const experiment = experimentOf(withFault(fault));
    const [first] = experiment.faults;
    return first === undefined ? undefined : toxicsFor(first, toxicPrefix(experiment))?.map(({ name, ...rest }) => ({ name: name.replace(/^chaos-[0-9a-f]{8}-/, ""), ...rest }));
  };

  test.each([
    ["type: latency, delay: 3s, jitter: 100ms", [{ name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: 3000, jitter: 100 } }]],
    ["type: latency, delay: 1s, direction: both", [{ name: "slow-request", type: "latency", stream: "upstream", toxicity: 1, attributes: { latency: 1000, jitter: 0 } }, { name: "slow-response", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: 1000, jitter: 0 } }]],
    ["type: bandwidth, throughput: 8KB/s, rate: 20%", [{ name: "slow", type: "bandwidth", stream: "downstream", toxicity: 0.2, attributes: { rate: 8 } }]],
    ["type: blackhole, direction: response, closeAfter: 2s, from: 1s, for: 2s", [{ name: "slow", type: "timeout", stream: "downstream", toxicity: 1, attributes: { timeout: 2000 } }]],
    ["type: reset, layer: connection, flap: { on: 1s, off: 1s }", [{ name: "slow", type: "reset_peer", stream: "downstream", toxicity: 1, attributes: { timeout: 0 } }]],
    ["type: slicer, size: 64B, spacing: 1ms", [{ name: "slow", type: "slicer", stream: "downstream", toxicity: 1, attributes: { average_size: 64, size_variation: 0, delay: 1000 } }]],
    ["type: limit-data, bytes: 10B", [{ name: "slow", type: "limit_data", stream: "downstream", toxicity: 1, attributes: { bytes: 10 } }]],
    ["type: slow-close, delay: 1s", [{ name: "slow", type: "slow_close", stream: "downstream", toxicity: 1, attributes: { delay: 1000 } }]],
  ])("%s is a toxic", (fault, expected) => {
    expect(toxics(fault)).toEqual(expected);
  });

  test.each([
    ["type: error", "12:42 beyond-remote"],
    ["type: latency, layer: exchange, delay: 1s", "12:58 beyond-remote"],
    ["type: latency, delay: 1s, distribution: normal, jitter: 1ms", "12:42 beyond-remote"],
    ["type: latency, delay: 1.5us", "12:42 beyond-remote"],
    ["type: bandwidth, throughput: 8KB/s, scope: proxy", "12:42 beyond-remote"],
    ["type: packet-loss, loss: 5%", "12:42 beyond-remote"],
    ["type: down", "12:42 beyond-remote"],
    ["type: limit-data, bytes: 1KB, end: reset", "12:42 beyond-remote"],
    ["type: latency, delay: 1s, first: 3", "12:62 beyond-remote"],
    ["type: latency, delay: 1s, every: 2", "12:62 beyond-remote"],
    ["type: latency, delay: 1s, ramp: { over: 1s }", "12:62 beyond-remote"],
    ["type: latency, delay: 1s, per: caller", "12:62 beyond-remote"],
    ["type: latency, delay: 1s, direction: both, rate: 10%", "12:73 beyond-remote"],
  ])("%s is beyond it", (fault, place) => {
    expect(placesOf(withFault(fault))).toEqual([place]);
    expect(read(withFault(fault)).issues[0]?.hint).toMatch(/a remote proxy can: latency|of a selection it can do rate, from, for and flap|write direction/);
  });

  test("is named by the experiment, whatever its seed and its faults", () => {
    expect(toxicPrefix({ title: "Checkout survives" })).toBe(toxicPrefix(experimentOf(withFault("type: slow-close, delay: 1s"))));
    expect(toxicPrefix({ title: "Another" })).not.toBe(toxicPrefix({ title: "Checkout survives" }));
  });

  test("is told in the plan, with what becomes of it when the run is killed", () => {
    const prose = explainPlan(plan(experimentOf(withFault("type: latency, delay: 3s")), { file: "a.yaml", document: 0, seed: "s" }), 1000);
    const prefix = toxicPrefix({ title: "Checkout survives" });
    expect(prose).toContain("payments: HTTP to the remote proxy payments_proxy of http://127.0.0.1:8474 (asked where it listens when the run starts), listening on 127.0.0.1:(any port), called by checkout");
    expect(prose).toContain(`; there by the toxic ${prefix}slow (latency, downstream)`);
    expect(prose).toContain("Toxiproxy, which has no leases, keeps it until the next run of this experiment starts");
  });
});

describe("without a witness", () => {
  const proxies = "proxies:\n  payments: { remote: http://127.0.0.1:8474, witness: false }";
  const withHypothesis = (hypothesis: string): string => `${withFault("type: latency, delay: 3s", proxies)}hypotheses:\n  - ${hypothesis}\n`;

  test("what is judged by calls cannot be asked", () => {
    expect(issueOf(withHypothesis('{ type: retry, proxy: payments, probe: checkout, attempts: "<= 3" }'))).toMatchObject({ code: "unwitnessed-proxy", line: 14, column: 27, hint: expect.stringContaining("leave witness out") });
  });

  test("what callers see can be", () => {
    expect(experimentOf(withHypothesis('{ type: claim, probe: checkout, available: ">= 95%" }')).hypotheses).toHaveLength(1);
  });

  test("the plan says that nobody sees calls", () => {
    expect(explainPlan(plan(experimentOf(withFault("type: latency, delay: 3s", proxies)), { file: "a.yaml", document: 0, seed: "s" }), 1000)).toContain("payments: callers speak to the remote proxy payments of http://127.0.0.1:8474 by themselves (asked where it listens when the run starts); nobody sees their calls");
  });
});
