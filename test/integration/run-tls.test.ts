import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../src/model/event.ts";
import type { ProbeAnswer } from "../../src/model/probe-type.ts";
import type { ServerTls } from "../../src/model/tls.ts";
import { preflight } from "../../src/run/index.ts";
import { httpCaller } from "../../src/run/probes/http.ts";
import { readTrust } from "../../src/run/probes/trust.ts";
import { aRun, only, planOf, shop } from "../support/a-run.ts";
import type { Outcome } from "../support/a-run.ts";
import { makeCertificates } from "./tls-edge.ts";

const folder = mkdtempSync(join(tmpdir(), "chaos-tls-"));
let tls: ServerTls;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  const made = await makeCertificates();
  ({ tls } = made);
  for (const [name, text] of [["ca.pem", made.ca], ["own.pem", tls.identity.cert], ["own.key", tls.identity.key]] as const) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A server of HTTPS on this machine that answers 200 to all. */
async function serveHttps(identity = tls.identity): Promise<number> {
  const server = createServer({ cert: identity.cert, key: identity.key }, (_, response) => response.end("ok"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  undo.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Runs until each of the probes has had a good answer. */
async function runUntilGood(text: string, ...probes: readonly string[]): Promise<Outcome> {
  const missing = new Set(probes);
  const controller = new AbortController();
  const onEvent = (event: Event): void => {
    if (event.kind === "sample" && event.grade === "good" && missing.delete(event.probe) && missing.size === 0) controller.abort("SIGTERM");
  };
  const outcome = await aRun(text, { signal: controller.signal, onEvent });
  expect([...missing]).toEqual([]);
  return outcome;
}

const phases = "{ warmup: 0s, before: 15s, during: 500ms, after: 500ms }";
const calls = (port: number, tlsOfUpstream = ""): string => `version: 1
title: A provider over TLS
proxies:
  payments: { upstream: "https://localhost:${port}"${tlsOfUpstream}, callers: 1 }
probes:
  charge: { type: http, url: "\${proxies.payments.url}/charges", load: 20/s, timeout: 5s }
steadyState: [{ probe: charge, success: ">= 90%" }]
phases: ${phases}
`;

describe("a run with TLS", () => {
  test("gives callers an https URL and the authority to trust, and keeps keys to itself", async () => {
    const text = shop({ phases, faults: "[]" })
      .replace('upstream: "${services.stock.url}"', 'upstream: "${services.stock.url}", tls: { names: [stock.test] }')
      .replace('UPSTREAM_URL: "${proxies.stock.url}"', 'UPSTREAM_URL: "${proxies.stock.url}", NODE_EXTRA_CA_CERTS: "${proxies.stock.ca}", TIMEOUT_MS: "5000"').replace("timeout: 1s, load: 50/s", "timeout: 5s, load: 10/s")
      .replace("steadyState:", '  direct: { type: http, url: "${proxies.stock.url}/", ca: "${proxies.stock.ca}", load: 10/s, timeout: 5s }\nsteadyState:\n  - { probe: direct, success: ">= 90%" }');
    const { report, events, journalPath, left } = await runUntilGood(text, "shop", "direct");
    expect(only(events, "exchange").filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(only(events, "witness-issue")).toEqual([]);
    expect(readFileSync(journalPath, "utf8")).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE/);
    expect(JSON.stringify(report)).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE/);
    expect(left).toEqual([]);
  });

  test("speaks TLS with an upstream whose authority is named, and by its name", async () => {
    const { events } = await runUntilGood(calls(await serveHttps(), `, upstreamTls: { ca: "${join(folder, "ca.pem")}" }`), "charge");
    expect(only(events, "exchange")[0]).toMatchObject({ status: 200, passedOn: true });
  });

  test("injects nothing where upstream's certificate is not trusted, and says why", async () => {
    const { report, events } = await aRun(calls(await serveHttps()).replace("before: 15s", "before: 1s"));
    expect([report.outcome, report.exitCode]).toEqual(["baseline-not-met", 4]);
    expect(report.issues.map(({ code, message }) => `${code}: ${message}`)).toContainEqual(expect.stringMatching(/^upstream-certificate: payments: upstream's certificate is not trusted: .*upstreamTls\.ca/));
    expect(only(events, "faults-set")).toEqual([]);
  });

  test("waits for a service that answers over TLS, and calls it", async () => {
    const text = `version: 1
title: A service over TLS
services:
  payments:
    command: [node, -e, "require('https').createServer({ cert: require('fs').readFileSync(process.env.CERT), key: require('fs').readFileSync(process.env.KEY) }, (_, answer) => answer.end('ok')).listen(process.env.PORT, '127.0.0.1')"]
    port: auto
    env: { CERT: "${join(folder, "own.pem")}", KEY: "${join(folder, "own.key")}" }
    ready: { http: "https://\${services.payments.host}:\${services.payments.port}/", within: 15s }
proxies:
  payments: { upstream: "https://\${services.payments.host}:\${services.payments.port}", upstreamTls: { ca: "${join(folder, "ca.pem")}", servername: payments.test } }
probes:
  charge: { type: http, url: "\${proxies.payments.url}/charges", load: 20/s, timeout: 5s }
steadyState: [{ probe: charge, success: ">= 90%" }]
phases: ${phases}
`;
    const { events } = await runUntilGood(text, "charge");
    expect(only(events, "service-ready")).toHaveLength(1);
  });

  test("shows callers a certificate of the author's own", async () => {
    const text = calls(await serveHttps(), `, upstreamTls: { insecure: true }, tls: { cert: "${join(folder, "own.pem")}", key: "${join(folder, "own.key")}" }`).replace("timeout: 5s", `timeout: 5s, ca: "${join(folder, "ca.pem")}"`);
    expect((await runUntilGood(text, "charge")).report.outcome).toBe("interrupted");
  });

  test("listens and calls on unix sockets, relative to the experiment's folder", async () => {
    const path = join(folder, "edge.sock");
    const text = calls(await serveHttps()).replace('upstream: "https://localhost', `upstream: "unix:${path}", callers: 1 }\n  outer: { upstream: "https://localhost`)
      .replace(", callers: 1 }\nprobes", `, upstreamTls: { insecure: true }, listen: "unix:${path}" }\nprobes`)
      .replace("${proxies.payments.url}/charges", "http://${proxies.payments.host}:${proxies.payments.port}/");
    const { events } = await runUntilGood(text, "charge");
    expect(only(events, "listening")).toMatchObject([{ proxy: "payments", port: expect.any(Number) as number }, { proxy: "outer", path }]);
    expect(only(events, "connection").filter(({ proxy }) => proxy === "payments").map(({ upstreamReached }) => upstreamReached)).toContain(true);
    expect(existsSync(path)).toBe(false);
  });
});

describe("before anything starts", () => {
  test.each([
    ["upstreamTls: { ca: none.pem }", /^proxy payments: expected a PEM file for upstreamTls\.ca, but none\.pem cannot be read/],
    ["tls: { cert: none.pem, key: none.key }", /^proxy payments: expected a PEM file for tls\.cert and key/],
  ])("the files of %s are asked for", async (given, message) => {
    const plan = planOf(calls(1, `, ${given}`));
    expect(() => preflight(plan)).toThrow(message);
    await expect(aRun(calls(1, `, ${given}`))).rejects.toThrow(message);
  });

  test("a host over TLS that is not this machine has to be allowed", () => {
    const plan = planOf(calls(1).replace("localhost", "payments.test"));
    expect(() => preflight(plan)).toThrow(/the upstream of proxy payments reaches payments\.test/);
    expect(preflight(plan, { allowHosts: ["payments.test"] }).hosts).toEqual(["127.0.0.1", "payments.test"]);
  });

  test("a unix socket is this machine", () => {
    expect(preflight(planOf(calls(1).replace(/"https:.*"/, "unix:/run/payments.sock").replace("${proxies.payments.url}", "http://${proxies.payments.host}:${proxies.payments.port}"))).hosts).toEqual(["127.0.0.1"]);
  });
});

describe("an HTTP probe over TLS", () => {
  const ask = async (trust: Parameters<typeof readTrust>[0], port: number): Promise<ProbeAnswer> => {
    const caller = httpCaller("reuse", readTrust(trust, folder));
    undo.push(() => caller.close());
    return new Promise((resolve) => void caller.call({ kind: "http", method: "GET", url: `https://127.0.0.1:${port}/`, headers: {}, trace: false, keepBytes: 10 }, {}, resolve));
  };

  test("trusts whom it is told to trust, or anybody when that is meant, and nobody else", async () => {
    const port = await serveHttps();
    expect(await ask({ ca: "ca.pem" }, port)).toMatchObject({ status: 200, body: "ok" });
    expect(await ask({ insecure: true }, port)).toMatchObject({ status: 200 });
    expect(await ask({}, port)).toMatchObject({ failure: "tls" });
  });

  test.each(["expired", "wrong-host", "self-signed"] as const)("does not get past a certificate that is %s", async (flaw) => {
    const port = await serveHttps(tls.flawed[flaw]);
    expect(await ask({ ca: "ca.pem" }, port)).toMatchObject({ failure: "tls" });
    expect(await ask({ insecure: true }, port)).toMatchObject({ status: 200 });
  });

  test("says which file of authorities it cannot use", () => {
    expect(() => readTrust({ ca: "none.pem" }, folder)).toThrow(/expected a PEM file of authorities for a probe's ca, but none\.pem cannot be used: ENOENT/);
  });
});
