import { describe, expect, test } from "vitest";
import { read, textWith } from "./minimal.ts";

const warnings = (changes: Readonly<Record<string, string>>): readonly string[] =>
  read(textWith(changes)).issues.map(({ severity, code, line, column }) => `${severity} ${line}:${column} ${code}`);
const only = (changes: Readonly<Record<string, string>>): { readonly code: string; readonly message: string; readonly hint: string } => {
  const { issues, documents } = read(textWith(changes));
  expect(issues.map(({ code }) => code)).toHaveLength(1);
  expect(documents[0]?.experiment, "a warning forbids nothing").toBeDefined();
  const { code = "", message = "", hint = "" } = issues[0] ?? {};
  return { code, message, hint };
};

describe("edges", () => {
  test("that nothing uses are a warning, told of their faults where they have some", () => {
    const services = "services:\n  checkout: { command: x, port: auto }";
    expect(warnings({ services })).toEqual(["warning 6:3 unused-proxy"]);
    expect(warnings({ services, faults: "faults:\n  - { type: drop, proxy: payments }" })).toEqual(["warning 12:26 fault-out-of-reach"]);
  });

  test.each([
    ["a fixed port", { services: "services:\n  checkout: { command: x, port: auto }", proxies: 'proxies:\n  payments: { upstream: http://a, listen: "127.0.0.1:80" }' }],
    ["callers that the run does not start", { services: "services:\n  checkout: { command: x, port: auto }", proxies: "proxies:\n  payments: { upstream: http://a, callers: 2 }" }],
    ["who calls through the forward proxy before them", { services: "services:\n  checkout: { command: x, port: auto, egress: out }", proxies: "proxies:\n  out: { upstream: forward }\n  payments: { upstream: http://a, through: out }" }],
    ["a probe", { services: "", probes: 'probes:\n  checkout: { type: http, url: "${proxies.payments.url}/x" }' }],
  ])("are used by %s", (_by, changes) => {
    expect(warnings(changes)).toEqual([]);
  });

  test("that other machines can reach are a warning", () => {
    expect(only({ proxies: 'proxies:\n  payments: { upstream: http://a, listen: "0.0.0.0:0" }' })).toMatchObject({ code: "listens-beyond-loopback", message: expect.stringContaining("0.0.0.0") as string });
  });

  test("on unix sockets do not reset", () => {
    expect(only({ proxies: 'proxies:\n  payments: { upstream: http://a, listen: "unix:/tmp/a.sock" }', services: "", probes: "probes:\n  checkout: { type: http, url: http://a }", faults: "faults:\n  - { proxy: payments, type: reset }" })).toMatchObject({ code: "closed-instead", message: "payments listens on a unix socket, which knows no reset: callers will see connections closed" });
  });

  test("give secrets in the open away", () => {
    const services = (value: string): string => `services:\n  checkout: { command: "x \${proxies.payments.url}", port: auto, env: { STRIPE_TOKEN: "${value}" } }`;
    expect(only({ services: services("sk_live_1") })).toMatchObject({ code: "looks-secret", hint: 'take it from the environment: secrets: { STRIPE_TOKEN: "${env.STRIPE_TOKEN}" }, and here ${secrets.STRIPE_TOKEN}' });
    expect(warnings({ services: services("") })).toEqual([]);
  });
});

describe("callers", () => {
  const services = (more: string, env = ""): string => `services:\n  checkout: { command: x, port: auto, replicas: 3, env: { U: "\${proxies.payments.url}" }${more} }${env}`;
  const probes = (url: string): string => `probes:\n  checkout: { type: http, url: "${url}", load: 25/s }`;

  test("of which only the first replica is called are a warning", () => {
    expect(only({ services: services("") })).toEqual({ code: "idle-replica", message: "${services.checkout.url} is the first of 3 replicas, and nothing calls checkout#2, checkout#3", hint: "call each: ${services.checkout#2.url}, by a probe of its own or through a balancer that is told all" });
    expect(warnings({ services: services("") })).toEqual(["warning 4:49 idle-replica"]);
    // Its own readiness is no call.
    expect(only({ services: services(', ready: { http: "${services.checkout.url}/health" }') }).code).toBe("idle-replica");
  });

  test.each([
    ["all are called", { services: services("", "\n  balancer: { command: \"x ${services.checkout.url} ${services.checkout#2.url}\", env: { C: \"${services.checkout#3.port}\" } }") }],
    ["none is", { services: services(""), probes: probes("http://a") }],
    ["they have no port", { services: services("").replace("port: auto, ", ""), probes: probes("http://a") }],
  ])("are not when %s", (_when, changes) => {
    expect(warnings(changes)).toEqual([]);
  });

  test("whose calls are joined by time without one probe that is serial are a warning", () => {
    const proxies = "proxies:\n  payments: { upstream: http://127.0.0.1:8080, correlate: serial }";
    expect(only({ proxies })).toMatchObject({ code: "serial-not-alone", message: expect.stringContaining("there is none") as string });
    expect(warnings({ proxies })).toEqual(["warning 6:59 serial-not-alone"]);
    expect(warnings({ proxies, probes: 'probes:\n  checkout: { type: http, url: "${services.checkout.url}/checkout", load: { serial: true } }' })).toEqual([]);
  });
});

describe("probes", () => {
  test("of which nothing is claimed are a warning", () => {
    expect(only({ probes: "probes:\n  checkout: { type: http, url: http://a }\n  idle: { type: http, url: http://a }" }).message).toBe("nothing is claimed of the probe idle: it is load, and no more");
  });

  test("that give up before the delay that they should see are a warning", () => {
    const slow = (timeout: string): Readonly<Record<string, string>> => ({
      probes: `probes:\n  checkout: { type: http, url: http://a, load: 50/s, timeout: ${timeout} }`,
      faults: "faults:\n  - { type: latency, proxy: payments, delay: 3s }",
      hypotheses: "hypotheses:\n  - { type: claim, probe: checkout, phase: during, p95: \"<= 1s\" }",
    });
    expect(only(slow("3s"))).toMatchObject({ code: "timeout-hides-delay", hint: "timeout: 5s" });
    expect(warnings(slow("4s"))).toEqual([]);
    const wavy = (timeout: string): Readonly<Record<string, string>> => ({ ...slow(timeout), faults: "faults:\n  - { type: latency, proxy: payments, wave: { period: 2s, to: 3s } }" });
    expect(only(wavy("3s")).code).toBe("timeout-hides-delay");
    expect(warnings(wavy("4s"))).toEqual([]);
  });

  test("that give up before a caller that hangs is said to are a warning", () => {
    const held = (timeout: string): Readonly<Record<string, string>> => ({
      probes: `probes:\n  checkout: { type: http, url: http://a, load: 50/s, timeout: ${timeout} }`,
      faults: "faults:\n  - { type: hang, proxy: payments }",
      hypotheses: 'hypotheses:\n  - { type: claim, probe: checkout, phase: during, p95: "<= 1s" }\n  - { type: timeout, proxy: payments, givesUp: "<= 2s" }',
    });
    expect(only(held("2s")).code).toBe("timeout-hides-delay");
    expect(warnings(held("3s"))).toEqual([]);
  });
});

describe("gates", () => {
  const gate = (keys: string, changes: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({ steadyState: `steadyState:\n  - { probe: checkout, ${keys} }`, ...changes });

  test("with too few samples to be met are a warning that says what would do", () => {
    const changes = { probes: "probes:\n  checkout: { type: http, url: http://a, load: 2/s }", phases: "phases: { before: 5s, during: 20s, after: 20s }" };
    expect(only(gate('success: ">= 99%"', changes))).toEqual({ code: "too-few-samples", message: "a gate needs 20 samples, and about 10 of checkout are judged in before: it will not be met", hint: "load: 4/s, or make phases.before longer" });
  });

  test("that settle no sooner than the phase ends, or too late for 20 samples, are a warning with the lengths that would do", () => {
    expect(only(gate('success: ">= 99%", settle: 10s'))).toEqual({ code: "never-settles", message: "after lasts 10s, and checkout is judged in it from 10s on: never", hint: "phases: { after: 10.9s }, or settle: 9.1s" });
    expect(only(gate('success: ">= 99%", settle: 9900ms'))).toEqual({ code: "too-few-samples", message: "after lasts 10s, and checkout is judged in it from 9.9s on: about 2 samples, and a gate needs 20: it will not be met", hint: "phases: { after: 10.8s }, or settle: 9.1s" });
    expect(warnings(gate('success: ">= 99%", settle: 10s'))).toEqual(["warning 10:51 never-settles"]);
    expect(warnings(gate('success: ">= 99%", settle: 9.1s'))).toEqual([]);
    expect(warnings(gate('success: ">= 99%", settle: 10s', { phases: "phases: { after: 10.9s }" }))).toEqual([]);
  });

  test("that settle by default when the recovery is claimed to be over are a warning at the gate", () => {
    const changes = { hypotheses: "hypotheses:\n  - { type: recovery, probe: checkout, within: 9.9s }" };
    const gates = { ...gate('success: ">= 99%"', changes), faults: "faults:\n  - { type: drop, proxy: payments }" };
    expect(warnings(gates)).toContain("warning 10:5 too-few-samples");
    expect(read(textWith(gates)).issues.map(({ message }) => message)).toContain("after lasts 10s, and checkout is judged in it from 9.9s on, the largest recovery that is claimed: about 2 samples, and a gate needs 20: it will not be met");
  });

  test("that settle at the end of a phase whose samples cannot be counted in advance are a warning", () => {
    const changes = { probes: "probes:\n  checkout: { type: http, url: http://a, load: { serial: true } }" };
    expect(only(gate('success: ">= 99%", settle: 10s', changes))).toMatchObject({ code: "never-settles", hint: "make phases.after longer than 10s" });
  });

  test("are told the lengths that would do, whatever the load is", () => {
    for (const load of ["25/s", "3/s", "1/s", "7/s", "{ rate: 4/s, burst: 5 }"]) {
      for (const settle of ["11s", "9.5s"]) {
        const probes = { probes: `probes:\n  checkout: { type: http, url: http://a, load: ${load} }`, phases: "phases: { before: 30s }" };
        const { hint } = only(gate(`success: ">= 99%", settle: ${settle}`, probes));
        const [, after = "", shorter] = /after: (\S+) \}(?:, or settle: (\S+))?/.exec(hint) ?? [];
        const longer = { ...probes, phases: `phases: { before: 30s, after: ${after} }` };
        expect(warnings(gate(`success: ">= 99%", settle: ${settle}`, longer)), hint).toEqual([]);
        expect(warnings(gate(`success: ">= 99%", settle: ${shorter ?? settle}`, shorter === undefined ? longer : probes)), hint).toEqual([]);
      }
    }
  });

  test("that no answer can fail are a warning", () => {
    expect(only(gate('success: ">= 99%", p95: "<= 5s"'))).toMatchObject({ code: "bound-beyond-timeout" });
    expect(warnings(gate('success: ">= 99%", p95: "<= 4.9s"'))).toEqual([]);
  });

  test("that guard what is over sooner are a warning", () => {
    expect(only({ guards: 'guards:\n  - { probe: checkout, available: ">= 20%", over: 11s }' }).code).toBe("guard-too-slow");
    expect(only({ phases: "phases: { during: 500ms }", guards: 'guards:\n  - { probe: checkout, available: ">= 20%", over: 400ms }' }).message).toMatch(/a guard is asked after 20 samples, and about 12/);
  });
});

describe("phases", () => {
  test("that leave no time to recover are a warning", () => {
    const changes = { phases: "phases: { after: 0s }", hypotheses: "hypotheses:\n  - { type: recovery, probe: checkout, within: 5s }" };
    expect(only(changes)).toMatchObject({ code: "no-recovery-phase", hint: "make phases.after longer than 5s" });
  });

  test("that outlast maxDuration are a warning", () => {
    expect(only({ maxDuration: "maxDuration: 27s" })).toMatchObject({ code: "ends-early", hint: "maxDuration: 1m" });
    expect(warnings({ maxDuration: "maxDuration: 28s" })).toEqual([]);
  });
});

test("what a hypothesis cannot decide stands at its own keys", () => {
  expect(warnings({ hypotheses: 'hypotheses:\n  - { type: claim, probe: checkout, phase: during, success: ">= 99%" }' })).toEqual(["warning 12:61 too-few-samples"]);
});

describe("attempts", () => {
  const counted = (correlate: string): Readonly<Record<string, string>> => ({
    proxies: `proxies:\n  payments: { upstream: http://127.0.0.1:8080${correlate} }`,
    probes: "probes:\n  checkout: { type: http, url: http://a, load: 50/s }",
    faults: "faults:\n  - { type: drop, proxy: payments, attempt: 1..2 }",
  });

  test("on an edge where requests are not known by their trace are a warning", () => {
    expect(only(counted(", correlate: { header: X-Order }"))).toMatchObject({ code: "attempt-without-trace", hint: "count by the header instead: per: header x-order, with first: 2" });
    expect(only(counted(', correlate: { path: "/orders/{}" }')).message).toContain("requests are known by the path /orders/{}");
    expect(warnings(counted(""))).toEqual([]);
  });
});
