import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aRun, half, only, planOf, shop } from "../support/a-run.ts";
import type { Outcome } from "../support/a-run.ts";
import { run } from "../../src/run/index.ts";

const brief = "{ warmup: 0s, before: 2s, during: 1s, after: 200ms }";

/** A further service, started after the others. */
function unruly(mode: string, ready = 'http: "${services.unruly.url}/health", within: 15s'): string {
  return `  unruly: { command: [node, unruly.mjs], port: auto, env: { MODE: ${mode} }, ready: { ${ready} } }`;
}

function expectUndone({ events, left, report }: Outcome): void {
  expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
  expect(left).toEqual([]);
  expect(report.durationMs).toBeGreaterThan(0);
}

describe("a run whose services fail", () => {
  test("ends with 6 and the last lines of a service that never gets ready", async () => {
    const outcome = await aRun(shop({ services: unruly("deaf", 'http: "${services.unruly.url}/", within: 4s') }));
    expect(outcome.report).toMatchObject({ outcome: "failed", exitCode: 6 });
    const [failed] = only(outcome.events, "failed");
    expect(failed).toMatchObject({ code: "service-not-ready" });
    expect(failed?.message).toMatch(/unruly was not ready within 4s.*\n {2}unruly: deaf\n {2}unruly: cannot reach the moon$/s);
    expect(only(outcome.events, "phase-started")).toEqual([]);
    expectUndone(outcome);
  });

  test("ends with 6 and the last lines of a service that ends before it is ready", async () => {
    const outcome = await aRun(shop({ services: unruly("dies", "log: never said, within: 15s") }));
    expect(outcome.report.exitCode).toBe(6);
    const [failed] = only(outcome.events, "failed");
    expect(failed).toMatchObject({ code: "service-exited" });
    expect(failed?.message).toMatch(/ended before it was ready \(exit code 3\).*unruly: dies/s);
    expectUndone(outcome);
  });

  test("ends with 6 when a command is not there", async () => {
    const outcome = await aRun(shop({ services: "  absent: { command: [no-such-program], ready: { log: x, within: 5s } }" }));
    expect(outcome.report.exitCode).toBe(6);
    expect(only(outcome.events, "failed")[0]).toMatchObject({ code: "service-not-started", message: expect.stringContaining("ENOENT") as string });
    expectUndone(outcome);
  });

  test("ends with 6 when a service ends before anything was injected", async () => {
    const probe = '  crash: { type: http, url: "${services.unruly.url}/crash", load: 2/s }';
    const outcome = await aRun(shop({ services: unruly("frail"), phases: "{ warmup: 1s, before: 20s, during: 1s, after: 1s }" }).replace("steadyState:", `${probe}\nsteadyState:`));
    expect(outcome.report.exitCode).toBe(6);
    expect(only(outcome.events, "failed")[0]).toMatchObject({ code: "service-exited", message: expect.stringContaining("before anything was injected") as string });
    expect(only(outcome.events, "faults-set")).toEqual([]);
    expectUndone(outcome);
  });

  test("goes on to its end and ends with 1 when a service crashes under the fault", async () => {
    const probe = '  crash: { type: http, url: "${services.unruly.url}/crash", load: { rate: { warmup: 0/s, before: 0/s, during: 5/s, after: 0/s } } }';
    const outcome = await aRun(shop({ services: unruly("frail"), phases: brief }).replace("steadyState:", `${probe}\nsteadyState:`));
    expect(only(outcome.events, "service-exited").find(({ service }) => service === "unruly")).toMatchObject({ expected: false, code: 7 });
    expect(only(outcome.events, "phase-ended").map(({ phase }) => phase)).toEqual(["before", "during", "after"]);
    expect(outcome.report.exitCode).toBe(1);
    expectUndone(outcome);
  });

  test("tells the last lines of a service that crashed under the fault, in the journal and in the report, without secrets", async () => {
    const probe = '  crash: { type: http, url: "${services.unruly.url}/crash", load: { rate: { warmup: 0/s, before: 0/s, during: 5/s, after: 0/s } } }';
    const text = shop({ services: unruly("frail").replace("MODE: frail", 'MODE: frail, SECRET: "${secrets.token}"'), phases: brief }).replace("steadyState:", `${probe}\nsteadyState:`).replace("services:", 'secrets: { token: "${env.CHAOS_TEST_TOKEN}" }\nservices:');
    const outcome = await aRun(text, { environment: { CHAOS_TEST_TOKEN: "s3cr3t-token" } });
    const { events, report, journalPath } = outcome;
    const lines = ["unruly: frail [redacted]", "unruly: cannot bear it [redacted]\u001B[31m", "unruly: good-bye"];
    // What came by its two outputs has no order between them.
    expect(only(events, "service-exited").find(({ service }) => service === "unruly")?.output?.split("\n").toSorted()).toEqual(lines.toSorted());
    expect(report.services.find(({ name }) => name === "unruly")?.lastLines?.toSorted()).toEqual(lines.toSorted());
    expect(report.services.find(({ name }) => name === "shop")).not.toHaveProperty("lastLines");
    expect(await readFile(journalPath, "utf8")).not.toContain("s3cr3t");
    expectUndone(outcome);
  });
});

describe("secrets", () => {
  test("reach services and probes, and stand in no line of the journal", async () => {
    const text = shop({ services: unruly("dies", "log: never said, within: 15s").replace("MODE: dies", 'MODE: dies, SECRET: "${secrets.token}"') }).replace("services:", 'secrets: { token: "${env.CHAOS_TEST_TOKEN}" }\nservices:');
    const { events, journalPath } = await aRun(text, { environment: { CHAOS_TEST_TOKEN: "s3cr3t-token" } });
    expect(only(events, "failed")[0]?.message).toContain("unruly: dies [redacted]");
    expect(await readFile(journalPath, "utf8")).not.toContain("s3cr3t");
  });
});

describe("a run whose ports are taken", () => {
  const holder = createServer();
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => void holder.listen(0, "127.0.0.1", resolve));
    port = (holder.address() as AddressInfo).port;
  });
  afterAll(() => holder.close());

  test("ends with 6 when a proxy cannot listen", async () => {
    const outcome = await aRun(shop().replace('upstream: "${services.stock.url}"', `upstream: "\${services.stock.url}", listen: "127.0.0.1:${port}"`));
    expect(outcome.report.exitCode).toBe(6);
    expect(only(outcome.events, "failed")[0]).toMatchObject({ code: "port-taken", message: expect.stringContaining(String(port)) as string });
    expect(only(outcome.events, "service-started")).toEqual([]);
    expectUndone(outcome);
  });

  test("ends with 6 when the port of a service is not free", async () => {
    const outcome = await aRun(shop().replace("port: auto, ready: { tcp", `port: ${port}, ready: { tcp`));
    expect(outcome.report.exitCode).toBe(6);
    expect(only(outcome.events, "failed")[0]).toMatchObject({ code: "port-taken", message: expect.stringContaining("stock") as string });
    expectUndone(outcome);
  });
});

describe("a run without a steady state before", () => {
  test("ends with 4 and injects nothing when upstream is down", async () => {
    const outcome = await aRun(shop({ phases: brief, claim: half }).replace('upstream: "${services.stock.url}"', 'upstream: "http://127.0.0.1:1"').replace('"${proxies.stock.url}" }', '"${proxies.stock.url}", TIMEOUT_MS: "20000" }').replace("timeout: 1s", "timeout: 10s"));
    expect(only(outcome.events, "baseline")).toMatchObject([{ met: false }]);
    expect(outcome.report.exitCode).toBe(4);
    expect(only(outcome.events, "faults-set")).toEqual([]);
    // What is under way when the services are ended is left by them.
    const endedMs = only(outcome.events, "phase-ended").at(-1)?.atMs ?? 0;
    const calls = only(outcome.events, "exchange").filter(({ endMs }) => endMs < endedMs);
    expect(new Set(calls.map(({ end }) => end))).toEqual(new Set(["upstream-unreachable"]));
    expectUndone(outcome);
  });
});

describe("a run that may not start", () => {
  test.each([
    ["a probe on another machine", shop().replace("${services.shop.url}/\"", "http://192.0.2.1/\""), "probe shop reaches 192.0.2.1"],
    ["an upstream on another machine", shop().replace('upstream: "${services.stock.url}"', 'upstream: "http://example.test:80"'), "the upstream of proxy stock reaches example.test"],
    ["a ready check on another machine", shop({ services: unruly("frail", 'tcp: "10.1.2.3:80"') }), "the ready check of service unruly reaches 10.1.2.3"],
  ])("throws for %s and starts nothing", async (_claim, text, message) => {
    await expect(aRun(text)).rejects.toMatchObject({ code: "target-not-allowed", message: expect.stringContaining(message) as string, hint: expect.stringContaining("--allow-host") as string });
  });

  test.each(["/no/such/folder/run.ndjson", "/dev/full", "/proc/version"])("throws when the journal cannot be written to %s", async (journalPath) => {
    await expect(run(planOf(shop()), { journalPath })).rejects.toMatchObject({ code: "journal-unwritable" });
  });

  test("throws when a secret is not set", async () => {
    const { experiment, ...rest } = planOf(shop());
    const plan = { ...rest, experiment: { ...experiment, secrets: { apiKey: { template: "${env.CHAOS_TEST_UNSET}" } } } };
    await expect(run(plan, { environment: {}, journalPath: "/dev/null" })).rejects.toMatchObject({ code: "secret-missing", message: expect.stringContaining("CHAOS_TEST_UNSET") as string });
  });
});
