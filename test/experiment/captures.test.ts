import { describe, expect, test } from "vitest";
import { parse } from "../../src/experiment/index.ts";

const read = (probe: string, path = "/charges"): ReturnType<typeof parse> => parse(`version: 1
title: What is kept
proxies: { payments: { upstream: "http://127.0.0.1:1", listen: 127.0.0.1:7001 } }
probes:
  checkout: { type: http, url: "http://127.0.0.1:7001/", load: 20/s }
  ledger: ${probe}
phases: { before: 5s, during: 5s, after: 5s }
faults: [{ proxy: payments, type: error, status: 503, reachUpstream: true }]
hypotheses: [{ type: idempotency, proxy: payments, probe: checkout, effects: { probe: ledger, path: ${path} } }]
`, { file: "a.yaml", vars: {}, env: {} });

const http = '{ type: http, url: "http://127.0.0.1:1/stats", load: 5/s }';

describe("a place of an answer that a hypothesis compares", () => {
  test("is kept by its probe, without a word of the author", () => {
    const probes = read(http).documents[0]?.experiment?.probes ?? [];
    expect(probes.map(({ name, params }) => [name, params["capture"]])).toEqual([["checkout", undefined], ["ledger", { path: "/charges" }]]);
  });

  test("may be named by the probe too", () => {
    const { documents, issues } = read('{ type: http, url: "http://127.0.0.1:1/stats", load: 5/s, capture: { path: /charges } }');
    expect(issues.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(documents[0]?.experiment?.probes[1]?.params["capture"]).toEqual({ path: "/charges" });
  });

  test.each([
    ["another is kept already", '{ type: http, url: "http://127.0.0.1:1/stats", load: 5/s, capture: { path: /refunds } }', "idempotency-1 compares what stands at /charges in the answers of ledger, of which /refunds is kept already"],
    ["its probe is of a type that keeps nothing", "{ type: tcp, address: 127.0.0.1:1, load: 5/s }", "idempotency-1 compares what stands at /charges in the answers of ledger, a probe of type tcp"],
  ])("is refused where %s", (_why, probe, message) => {
    expect(read(probe).issues.filter(({ severity }) => severity === "error").map((issue) => issue.message)).toEqual([message]);
  });
});
