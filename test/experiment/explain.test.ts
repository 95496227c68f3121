import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { explainPlan, explainType, plan } from "../../src/experiment/index.ts";
import { faultTypes } from "../../src/faults/index.ts";
import { hypothesisTypes } from "../../src/hypotheses/index.ts";
import { probeTypes } from "../../src/probes/index.ts";
import { experimentOf, textWith } from "./minimal.ts";

const explained = (text: string, width?: number): string => explainPlan(plan(experimentOf(text), { file: "a.yaml", document: 0, seed: "s" }), width);

describe("a plan in words", () => {
  const faults = [
    "faults:",
    "  - { name: slow, proxy: payments, type: latency, delay: 3s, from: 2s, for: 5s, rate: 20%, match: { method: POST, path: /charges } }",
    "  - { name: broken, proxy: payments, type: error, match: { host: '*.test' }, attempt: 1..2, every: 3, flap: { on: 1s, off: 1s } }",
    "  - { name: relapse, proxy: payments, type: drop, afterSilence: 1500ms, first: 1 }",
    "  - { name: bursts, proxy: payments, type: latency, wave: { period: 2s, to: 500ms }, jitter: 20ms, rate: 5%, burstLength: 4 }",
  ].join("\n");
  const text = textWith({ faults, hypotheses: "hypotheses:\n  - { type: recovery, probe: checkout, within: 5s, fault: slow }", guards: 'guards:\n  - { probe: checkout, available: ">= 20%" }', maxDuration: "maxDuration: 2m" });

  test("says what starts, what is watched, asked, injected, must hold, stops early and is claimed", () => {
    const prose = explained(text, 200);
    for (const sentence of [
      "Lasts 27s, once the services are ready. Seed s, digest ",
      "checkout: node checkout.mjs, on a free port",
      "payments: HTTP to http://127.0.0.1:8080, listening on 127.0.0.1:(any port), called by checkout",
      "checkout: GET ${services.checkout.url}/checkout; good: status 200-299; 25/s, given 5s",
      "slow on payments: holds calls back for 3s, on POST /charges, from 2s to 7s of during, 20% of calls",
      "broken on payments: answers 503 in upstream's place, on calls to *.test, on for 1s, off for 1s, every 3rd of them, only attempts 1 to 2 at each call of a request",
      "relapse on payments: closes the connection without an answer, only the first call after a silence of 1.5s, the first 1 of them",
      "bursts on payments: holds calls back for 0ms to 500ms in sine waves of 2s ± 20ms, 5% of calls, in bursts of 4 in a row on average",
      "before, and again after from 5s on: checkout success >= 99%",
      "unless checkout has available >= 20%, over 5s",
      "after 2m in any case",
      "recovery-1 (while slow): checkout is back in its steady state",
    ]) expect(prose).toContain(sentence);
  });

  test("says who calls out through a forward proxy, and where it goes", () => {
    const proxies = "proxies:\n  out: { upstream: forward, hosts: [api.test, '*.internal'] }\n  any: { upstream: forward }\n  pay: { upstream: http://pay.test, through: out }";
    const services = "services:\n  checkout: { command: node a.mjs, port: auto, egress: { proxy: out, except: [localhost] } }\n  other: { command: node b.mjs, egress: any }";
    const prose = explained(textWith({ services, proxies }), 200);
    for (const sentence of [
      "within 10s; calls out through out, except to localhost",
      "other: node b.mjs; calls out through any",
      "out: HTTP to what its callers name (api.test, *.internal), listening on 127.0.0.1:(any port), called by checkout",
      "any: HTTP to what its callers name (any host), listening on 127.0.0.1:(any port), called by other",
      "pay: HTTP to http://pay.test, through out",
    ]) expect(prose).toContain(sentence);
  });

  test("says on which sides there is TLS, and whom it does not ask for a good certificate", () => {
    const proxies = "proxies:\n  payments: { upstream: 'https://payments.test', upstreamTls: { insecure: true }, tls: generated }\n  other: { upstream: 'tls://other.test:5432', listen: unix:/tmp/other.sock }";
    const prose = explained(textWith({ proxies, probes: 'probes:\n  checkout: { type: http, url: "${proxies.payments.url}" }' }), 200);
    expect(prose).toContain("payments: HTTP to https://payments.test whatever its certificate, listening on 127.0.0.1:(any port) with TLS, called by checkout");
    expect(prose).toContain("other: TCP to tls://other.test:5432, listening on /tmp/other.sock");
  });

  test("draws phases and windows to scale, within the width", () => {
    const drawing = explained(text, 62).split("\n").filter((line) => /^(phases|slow|broken) /.test(line));
    const [phases = "", slow = "", broken = ""] = drawing;
    expect(phases.length).toBeLessThanOrEqual(62);
    const during = phases.indexOf("├during");
    const after = phases.indexOf("├after");
    expect(slow.indexOf("▒") - during).toBeCloseTo((after - during) * 0.2, -0.5);
    expect(broken.slice(during, after).split(/ +/).filter((part) => part !== "")).toHaveLength(5);
    expect(slow.lastIndexOf("▒") + 1 - during).toBeCloseTo((after - during) * 0.7, -0.5);
  });

  test("keeps to its width wherever there are blanks to break at", () => {
    for (const line of explained(text, 60).split("\n")) expect(line.length > 60 ? line.trim().split(/\s+/).length : 1, line).toBe(1);
  });

  test("says which seed was chosen, and how loads differ between phases", () => {
    const experiment = experimentOf(textWith({ probes: "probes:\n  checkout: { type: http, url: http://a, load: { rate: { before: 5/s, during: 9/s }, burst: 2 } }", services: 'services:\n  checkout: { command: "a ${proxies.payments.url}", replicas: 2, ready: { log: up } }' }));
    const prose = explainPlan(plan(experiment, { file: "a.yaml", document: 0, chooseSeed: () => "x1" }), 200);
    expect(prose).toContain("Seed x1 (chosen)");
    expect(prose).toContain("5/s before, 9/s during, 5/s after, 2 at once");
    expect(prose).toContain('2 replicas; ready when "up" stands in its output, within 10s');
  });

  test("tells no seed, and no digest, of a plan whose run will choose its seed", () => {
    const open = (phases: string): string => explainPlan(plan(experimentOf(textWith({ phases })), { file: "a.yaml", document: 0 }), 400, { seedAtRun: true });
    expect(open("phases: {}")).toContain("\nLasts 27s, once the services are ready. Each run chooses a seed and reports it; seed: or --seed fixes it.\n");
    expect(open("phases: { epochs: 2 }")).toMatch(/\nLasts about [\d.]+s, 2 epochs, once the services are ready\. Each run .* fixes it\. The pauses between epochs are drawn with it; those drawn here are an example\.\n/);
  });

  test("is there for every experiment of the project", () => {
    const text = readFileSync(new URL("../../experiments/tcp-database-latency.yaml", import.meta.url), "utf8");
    expect(explained(text)).toContain("slow-database on database: delays bytes by 2s");
  });
});

describe("a type in words", () => {
  const all = [...faultTypes.map(({ type }) => `fault/${type}`), ...probeTypes.map(({ type }) => `probe/${type}`), ...hypothesisTypes.map(({ type }) => `hypothesis/${type}`)];

  test.each([...new Set(all)])("%s has a summary, an example and what it says", (name) => {
    const prose = explainType(name);
    expect(prose.startsWith(name)).toBe(true);
    expect(prose).toContain("\nExample\n");
    expect(prose).toContain("\nIt says\n");
  });

  test("lists every parameter with form, default and meaning, from the schema", () => {
    const prose = explainType("probe/http");
    expect(prose).toContain("  url: text, required\n      what is asked");
    expect(prose).toContain("  trace: true | false, default true\n");
    expect(prose).toContain("      status: whole number | text | [whole number | text], default 200-299\n");
    expect(explainType("fault/rate-limit")).toContain('  limit: "25/s" or "300/min", required\n');
    expect(explainType("fault/latency")).toContain("  wave: { shape, period, from, to }\n");
  });

  test("may be asked for by its bare name; a name on two layers shows both", () => {
    expect(explainType("http")).toBe(explainType("probe/http"));
    expect(explainType("reset")).toMatch(/fault\/reset \(layer exchange\)[\s\S]*fault\/reset \(layer connection\)/);
  });

  test("that is unknown reminds of a near one", () => {
    expect(() => explainType("resat")).toThrow(expect.objectContaining({ code: "unknown-type", hint: 'did you mean "reset"?' }) as Error);
    expect(() => explainType("fault/htttp")).toThrow(/there is no type "fault\/htttp"/);
  });
});
