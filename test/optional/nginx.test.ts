import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Verdict } from "../../src/model/verdict.ts";
import { freePort } from "../support/toxiproxy.ts";
import { aRun } from "../support/a-run.ts";
import { findProgram, makeFolder, missing, startServer } from "./servers.ts";

const why = missing(["nginx"], "nginx-light");
/** A busy machine leaves a verdict open; it is asked again. */
const tries = 4;

/** Two upstreams behind an edge each, and nginx, whose upstreams the edges are. Port 1 of nginx spreads, port 2 has a backup, port 3 has one upstream alone. */
describe.skipIf(why !== undefined)(`nginx before two upstreams${why === undefined ? "" : `, ${why}`}`, () => {
  const undo: (() => unknown)[] = [];
  const ports = { a: 0, b: 0, spreads: 0, backs: 0, single: 0 };

  beforeAll(async () => {
    for (const name of ["a", "b", "spreads", "backs", "single"] as const) ports[name] = await freePort();
    const folder = makeFolder();
    undo.push(folder.remove);
    const server = (port: number, upstream: string): string => `server { listen 127.0.0.1:${port}; location / { proxy_pass http://${upstream}; } }`;
    writeFileSync(join(folder.path, "nginx.conf"), `
      daemon off; master_process off; pid nginx.pid; error_log error.log;
      events { worker_connections 512; }
      http {
        access_log off;
        ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`).join(" ")}
        upstream spread { server 127.0.0.1:${ports.a}; server 127.0.0.1:${ports.b}; }
        upstream backed { server 127.0.0.1:${ports.a} fail_timeout=1s; server 127.0.0.1:${ports.b} backup; }
        upstream alone { server 127.0.0.1:${ports.a}; }
        ${server(ports.spreads, "spread")}
        ${server(ports.backs, "backed")}
        ${server(ports.single, "alone")}
      }`);
    const nginx = await startServer(findProgram("nginx") ?? "", ["-p", folder.path, "-c", "nginx.conf", "-e", "error.log"], ports.spreads);
    undo.push(nginx.stop);
  });
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
  });

  /** The verdict on one of nginx' ports under a fault on the first upstream. */
  async function judged(port: number, fault: string, hypothesis: string): Promise<Verdict> {
    const text = `version: 1
title: nginx
services:
  first: { command: [node, upstream.mjs], port: auto, ready: { tcp: "127.0.0.1:\${services.first.port}", within: 15s } }
  second: { command: [node, upstream.mjs], port: auto, ready: { tcp: "127.0.0.1:\${services.second.port}", within: 15s } }
proxies:
  a: { upstream: "\${services.first.url}", listen: "127.0.0.1:${ports.a}" }
  b: { upstream: "\${services.second.url}", listen: "127.0.0.1:${ports.b}" }
probes:
  shop: { type: http, url: "http://127.0.0.1:${port}/", timeout: 1s, load: 60/s, expect: { status: 200 } }
phases: { warmup: 500ms, before: 4s, during: 5s, after: 3s }
faults: [{ proxy: a, ${fault} }]
hypotheses: [${hypothesis}]
`;
    for (let left = tries; ; left -= 1) {
      const { report } = await aRun(text);
      const [verdict] = report.hypotheses;
      if (verdict === undefined) throw new Error(report.because);
      if (verdict.verdict !== "inconclusive" || left <= 1) return verdict;
    }
  }

  const rst = "type: reset";
  const unavailable = "type: error, status: 503";
  const spread = "{ type: load-balance, proxies: [a, b], probe: shop, maxSkew: 1.3x, ejectsWithin: 1s }";
  const ejects = "{ type: load-balance, proxies: [a, b], probe: shop, ejectsWithin: 1s }";
  const failsOver = "{ type: failover, from: a, to: b, probe: shop, within: 1s, share: '>= 95%' }";

  it("spreads evenly, and leaves one that resets connections", { timeout: 120_000 }, async () => {
    const verdict = await judged(ports.spreads, rst, spread);
    expect(verdict).toMatchObject({ verdict: "held", correlation: "trace" });
    expect(verdict.observed).toMatchObject({ errorShare: 0 });
  });

  it("never leaves one that answers 503", { timeout: 120_000 }, async () => {
    expect(await judged(ports.spreads, unavailable, ejects)).toMatchObject({ verdict: "violated", reason: expect.stringContaining("never left") });
  });

  it("never leaves its only one", { timeout: 120_000 }, async () => {
    expect(await judged(ports.single, rst, "{ type: load-balance, proxies: [a], probe: shop, ejectsWithin: 1s }")).toMatchObject({ verdict: "violated" });
  });

  it("fails over to its backup when connections are reset, looks at the first once a second, and goes back", { timeout: 120_000 }, async () => {
    const verdict = await judged(ports.backs, rst, "{ type: failover, from: a, to: b, probe: shop, within: 1s, share: '>= 95%', failsBack: { within: 2s } }");
    expect(verdict).toMatchObject({ verdict: "held", correlation: "trace" });
    expect(verdict.observed["leakPerSecond"]).toBeLessThan(1.5);
  });

  it("does not fail over on 503", { timeout: 120_000 }, async () => {
    expect(await judged(ports.backs, unavailable, failsOver)).toMatchObject({ verdict: "violated" });
  });
});
