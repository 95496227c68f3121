import { expect, test } from "vitest";
import { aRun, only } from "../support/a-run.ts";

const text = `version: 1
title: A shop that calls out
services:
  stock: { command: [node, upstream.mjs], port: auto }
  prices: { command: [node, upstream.mjs], port: auto }
  shop:
    command: [node, egress-caller.mjs]
    port: auto
    replicas: 2
    egress: egress
    env: { STOCK_URL: "\${services.stock.url}", PRICES_URL: "\${services.prices.url}" }
    ready: { http: "\${services.shop.url}/health", within: 15s }
proxies:
  egress: { upstream: forward }
  prices: { upstream: "\${services.prices.url}", through: egress }
probes:
  first: { type: http, url: "\${services.shop.url}/", timeout: 1s, load: 40/s, expect: { status: 200 } }
  second: { type: http, url: "\${services.shop#2.url}/", timeout: 1s, load: 10/s, expect: { status: 200 } }
  away: { type: http, url: "\${services.shop.url}/away", timeout: 1s, load: 5/s, expect: { status: 503 } }
hypotheses: [{ type: claim, probe: first, phase: during, success: "<= 20%" }]
phases: { warmup: 400ms, before: 500ms, during: 2s, after: 1s }
faults: [{ name: broken, proxy: prices, type: error, status: 500, match: { method: GET } }]
`;

test("services with an egress call by the URLs of others, and each call is witnessed: who, whom, and for which request", async () => {
  const { report, events, left } = await aRun(text, { environment: { ...process.env, NO_PROXY: "127.0.0.1,localhost", no_proxy: "127.0.0.1,localhost" } });
  const ports = new Map(only(events, "service-started").map(({ service, port }) => [service, port]));
  const calls = only(events, "exchange").filter(({ method }) => method !== "CONNECT");
  expect([...new Set(calls.map(({ caller }) => caller))].sort()).toEqual(["shop", "shop#2"]);
  expect([...new Set(calls.map(({ authority, path }) => `${authority} ${path}`))].sort()).toEqual([`127.0.0.1:${ports.get("prices")} /prices`, `127.0.0.1:${ports.get("stock")} /stock`].sort());
  expect(calls.every(({ trace }) => trace !== undefined)).toBe(true);
  expect(calls.every(({ proxy, path }) => proxy === (path === "/prices" ? "prices" : "egress"))).toBe(true);
  const during = calls.filter(({ faults }) => faults?.some(({ decision }) => decision === "applied"));
  expect(during.length).toBeGreaterThan(10);
  expect(during.every(({ path, status }) => path === "/prices" && status === 500)).toBe(true);
  expect(report.faults[0]?.applied).toBe(during.length);
  expect(left).toEqual([]);
});

test("a host elsewhere is refused in sight of the witness", async () => {
  const { events } = await aRun(text.replace("load: 5/s", "load: 20/s"));
  const refused = only(events, "exchange").filter(({ authority }) => authority === "api.example.test:80");
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ end, status, passedOn }) => end === "rejected" && status === 403 && !passedOn)).toBe(true);
  expect(only(events, "witness-issue")[0]).toMatchObject({ proxy: "egress", code: "not-forwarded", message: expect.stringContaining("--allow-host api.example.test") as string });
});
